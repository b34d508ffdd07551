{# What the search functions begin with. They are table macros: a parameter replaces every unqualified name that is the
   same, so that columns are qualified throughout. A parameter is named once, in the first CTE: DuckDB keeps the plan of
   a prepared statement only where each of its parameters stands in one place. Other calls it plans anew each time, and
   that takes longer than to compute them: what a system does stands in columns of searchable_systems, not in branches
   here. #}

{# A CTE: the one system that is asked for, or the best, and beside it what is asked; an error that says what to do where
   it cannot be searched. `asked`: the parameters as columns; `columns`: more, computed from the system's row. #}
{% macro chosen_system(systems, asked, columns=[]) -%}
    {%- set searched = systems | rejectattr('refusal') | map(attribute='system_id') | list -%}
    {%- set best = systems | selectattr('is_best') | map(attribute='system_id') | list -%}
    asked as (
        select
            coalesce(cast(query as varchar), '') as query_text,
            {% for column in asked -%}
            {{ column }},
            {% endfor -%}
            cast(system as varchar) as asked_system
    ),

    chosen as materialized (
        select
            {% for column in columns -%}
            {{ column }},
            {% endfor -%}
            asked.*,
            systems.*
        from asked
        left join search.searchable_systems as systems
            on systems.system_id = coalesce(asked.asked_system, {{ quoted(best[0]) if best else 'null' }})
        where
            case
                when systems.system_id is null
                    then error(
                        coalesce(
                            'there is no system ''' || asked.asked_system || '''', 'there is no system to search'
                        )
                        || {{ quoted(': choose one of ' ~ searched | join(', ') if searched else '') }}
                    )
                when systems.refusal is not null
                    then error(
                        'system ' || systems.system_id || ' cannot be searched from SQL, because ' || systems.refusal
                        || {{ quoted(': choose one of ' ~ searched | join(', ') if searched else '') }}
                    )
                else true
            end
    )
{%- endmacro %}

{# A text as SQL writes it. #}
{% macro quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{# Texts as the list behind `in`, without its brackets. #}
{% macro quoted_list(texts) -%}
    {% for text in texts %}{{ quoted(text) }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The grapheme clusters of a text, as a list. By the hundred first: to find one takes as long as all before it. #}
{% macro graphemes(text) -%}
    flatten(list_transform(
        list_transform(
            range(1, {{ grapheme_count(text) }} + 1, 100), lambda place: substring_grapheme({{ text }}, place, 100)
        ),
        lambda part: list_transform(
            {{ integers_to(grapheme_count('part')) }}, lambda place: {{ grapheme_at('part', 'place') }}
        )
    ))
{%- endmacro %}

{# A text in pieces, as a list: runs of ASCII, and between them each grapheme cluster as its scheme looks it up. #}
{% macro text_pieces(text, scheme) -%}
    case
        when {{ is_ascii(text) }} then [{{ text }}]
        else flatten(list_transform(
            {{ ascii_and_other_runs(text) }},
            lambda run: case
                when {{ is_ascii('run') }} then [run]
                else list_transform({{ graphemes('run') }}, lambda piece: {{ lookup_cluster('piece', scheme) }})
            end
        ))
    end
{%- endmacro %}

{# The normalised text of such pieces. #}
{% macro normalised_pieces(pieces, forms) -%}
    array_to_string(
        list_transform(
            {{ pieces }},
            lambda piece: case
                when {{ is_ascii('piece') }} then lower(piece)
                else coalesce(
                    {{ forms }}['cluster ' || piece],
                    array_to_string(
                        list_transform(
                            {{ split_text('piece', '') }},
                            lambda part: coalesce({{ forms }}['character ' || part], '')
                        ),
                        ''
                    )
                )
            end
        ),
        ''
    )
{%- endmacro %}

{# A normalised text as its tokenizer cleans it. #}
{% macro cleaned_as(tokenizer, text) -%}
    regexp_replace(
        regexp_replace({{ text }}, {{ tokenizer }}.parting_pattern, ' ', 'g'),
        {{ tokenizer }}.vanishing_pattern,
        '',
        'g'
    )
{%- endmacro %}

{# The terms of a cleaned text, as a list that keeps repetitions: of each part that is long enough every stretch of the
   tokenizer's size, its edges marked. A word is a stretch that no word fills. #}
{% macro terms_of(tokenizer, text) -%}
    {%- set marked_part = '(' ~ tokenizer ~ '.edge || part || ' ~ tokenizer ~ '.edge)' -%}
    {%- set size = tokenizer ~ '.term_size' -%}
    flatten(list_transform(
        list_filter(
            case when {{ tokenizer }}.is_split then {{ split_text(text, ' ') }} else [{{ text }}] end,
            lambda part: length(part) >= {{ tokenizer }}.least_length
        ),
        lambda part: list_transform(
            {{ integers_to(ngram_count(marked_part, size, whole_if_short=true)) }},
            lambda place: {{ ngram_at(marked_part, 'place', size) }}
        )
    ))
{%- endmacro %}

{# CTEs: the texts of a relation, each with its terms by the chosen system. `rows` selects the columns of the chosen
   system and the column text. #}
{% macro texts_and_terms(name, rows) -%}
    {{ name }}_pieces as (
        select
            {{ text_pieces('texts.text', 'texts.scheme') }} as pieces,
            texts.*
        from ({{ rows }}) as texts
    ),

    {{ name }}_forms as (
        select map_from_entries(list((forms.kind || ' ' || forms.sequence, forms.form))) as forms
        from search_index.character_forms as forms
        inner join (
            select distinct
                texts.scheme,
                unnest(list_concat(texts.pieces, {{ split_text("array_to_string(texts.pieces, '')", '') }})) as sequence
            from {{ name }}_pieces as texts
            where not {{ is_ascii('texts.text') }}
        ) as needed
            on
                forms.scheme = needed.scheme
                and forms.sequence = needed.sequence
    ),

    {{ name }}_cleaned as (
        select
            {{ cleaned_as('texts', normalised_pieces('texts.pieces', 'forms.forms')) }} as cleaned_text,
            texts.*
        from {{ name }}_pieces as texts
        cross join {{ name }}_forms as forms
    ),

    {{ name }}_tokens as (
        select
            texts.text,
            texts.index_id,
            {{ terms_of('texts', 'texts.cleaned_text') }} as terms
        from {{ name }}_cleaned as texts
    )
{%- endmacro %}

{# CTEs: the chosen system and the query's terms. A stop word is in no index and needs no list. #}
{% macro query_terms(systems, asked=[], columns=[]) -%}
    {{ chosen_system(systems, asked, columns) }},

    {{ texts_and_terms('query', 'select chosen.*, chosen.query_text as text from chosen') }},

    query_terms as (
        select
            tokens.term,
            {{ term_key('tokens.index_id', 'tokens.term') }} as term_key,
            count(*) as query_term_frequency
        from (select unnest(query_tokens.terms) as term, query_tokens.index_id from query_tokens) as tokens
        group by tokens.index_id, tokens.term
    )
{%- endmacro %}

{# CTEs: the row of the document that is asked for; an error where there is none. #}
{% macro asked_document() -%}
    asked_documents as (
        select any_value(documents) as document
        from search.searchable_documents as documents
        inner join asked on documents.doc_id = asked.asked_id
    ),

    asked_document as (
        select
            unnest(
                coalesce(
                    asked_documents.document,
                    error(
                        'there is no document ' || coalesce('''' || asked.asked_id || '''', 'null')
                        || ': search.searchable_documents lists those that there are'
                    )
                )
            )
        from asked_documents
        cross join asked
    )
{%- endmacro %}

{# The number of an index's term: a number of its own, so that no query has to look it up. #}
{% macro term_key(index_id, term) -%}
    {{ text_number(index_id ~ " || ' ' || " ~ term) }}
{%- endmacro %}

{# How an occurrence is packed into one whole number, which is stored and read as one list instead of three: the field's
   number in 8 bits, the term frequency in the next 27, the field's length in the next 28. #}
{% macro packed_occurrence(field_number, term_frequency, field_length) -%}
    {{ field_number }} + {{ term_frequency }} * cast(256 as bigint) + {{ field_length }} * cast(34359738368 as bigint)
{%- endmacro %}

{% macro field_number_of(occurrence) -%}
    ({{ occurrence }} & 255)
{%- endmacro %}

{% macro term_frequency_of(occurrence) -%}
    (({{ occurrence }} >> 8) & 134217727)
{%- endmacro %}

{% macro field_length_of(occurrence) -%}
    ({{ occurrence }} >> 35)
{%- endmacro %}

{# CTEs: where the query's terms stand in the fields that the system searches, and how much each place counts: the
   occurrences, weighted as the system weighs the field and, where its formula does so, beside the field's length. #}
{% macro occurrences() -%}
    packed_occurrences as (
        select
            query_terms.term,
            query_terms.query_term_frequency,
            query_terms.term_key,
            postings.document_frequency,
            postings.collection_frequency,
            unnest(postings.document_numbers) as document_number,
            unnest(postings.occurrences) as occurrence
        from query_terms
        inner join search.searchable_postings as postings on query_terms.term_key = postings.term_key
    ),

    numbered_occurrences as (
        select
            packed_occurrences.*,
            {{ field_number_of('packed_occurrences.occurrence') }} as field_number,
            {{ term_frequency_of('packed_occurrences.occurrence') }} as occurrence_count
        from packed_occurrences
    ),

    occurrences as (
        select
            numbered_occurrences.*,
            chosen.weights[numbered_occurrences.field_number] * numbered_occurrences.occurrence_count
            / case
                when chosen.shares_are_normalised
                    then {{ field_length_factor(
                        'chosen.field_bs[numbered_occurrences.field_number]',
                        field_length_of('numbered_occurrences.occurrence'),
                        'chosen.field_mean_lengths[numbered_occurrences.field_number]',
                    ) }}
                else 1
            end as term_frequency
        from numbered_occurrences
        cross join chosen
        where chosen.weights[numbered_occurrences.field_number] is not null
    )
{%- endmacro %}

{# The statistics that a formula reads, where `term_documents` is a row for each term and document. #}
{% macro search_statistics() -%}
    {{ return({
        'term_frequency': 'term_documents.term_frequency',
        'normalised_term_frequency': 'term_documents.term_frequency',
        'document_frequency': 'term_documents.document_frequency',
        'collection_frequency': 'term_documents.collection_frequency',
        'document_count': 'chosen.document_count',
        'document_length': 'documents.lengths[chosen.length_number]',
        'mean_document_length': 'chosen.mean_document_length',
        'k1': 'chosen.k1',
        'b': 'chosen.b',
        'delta': 'chosen.delta',
        'smoothing': 'chosen.smoothing',
    }) }}
{%- endmacro %}
