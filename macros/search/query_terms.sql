{# What the search functions begin with. They are table macros: a parameter replaces every unqualified name that is the
   same, so that columns are qualified throughout. DuckDB plans a call anew each time, and that takes longer than to
   compute it: what a system does stands in columns of searchable_systems, not in branches here. #}

{# A CTE: the one system that is asked for, or the best; an error that says what to do where there is none.
   `columns`: more columns computed from its row. #}
{% macro chosen_system(columns=[]) -%}
    chosen as materialized (
        select
            {% for column in columns -%}
            {{ column }},
            {% endfor -%}
            systems.*
        from search.searchable_systems as systems
        where
            systems.system_id = coalesce(
                (
                    select
                        case
                            when asked.refusal is null then asked.system_id
                            else error(
                                'system ''' || asked.system_id || ''' cannot be searched from SQL, because ' || asked.refusal
                                || ': choose a system of search.searchable_systems whose refusal is null'
                            )
                        end
                    from search.searchable_systems as asked
                    where case when system is null then asked.is_best else asked.system_id = cast(system as varchar) end
                ),
                error(
                    coalesce('there is no system ''' || cast(system as varchar) || '''', 'no system can be searched from SQL')
                    || ': search.searchable_systems lists those that there are'
                )
            )
    )
{%- endmacro %}

{# The grapheme clusters of a text, as a list. By the hundred first: to find one takes as long as all before it. #}
{% macro graphemes(text) -%}
    flatten(list_transform(
        list_transform(
            range(1, {{ grapheme_count(text) }} + 1, 100), lambda place: substring_grapheme({{ text }}, place, 100)
        ),
        lambda part: list_transform({{ integers_to(grapheme_count('part')) }}, lambda place: {{ grapheme_at('part', 'place') }})
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

{# A CTE: the forms that the scheme has for the pieces of a relation's rows, as one map from kind and sequence.
   `condition` is false where it is known beforehand that there are none. #}
{% macro forms_of_pieces(relation, condition) -%}
    select map_from_entries(list((forms.kind || ' ' || forms.sequence, forms.form))) as forms
    from search_index.character_forms as forms
    inner join (
        select distinct
            texts.scheme,
            unnest(list_concat(texts.pieces, {{ split_text("array_to_string(texts.pieces, '')", '') }})) as sequence
        from {{ relation }} as texts
        where {{ condition }}
    ) as needed
        on
            forms.scheme = needed.scheme
            and forms.sequence = needed.sequence
    where {{ condition }}
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
        regexp_replace({{ text }}, {{ tokenizer }}.parting_pattern, ' ', 'g'), {{ tokenizer }}.vanishing_pattern, '', 'g'
    )
{%- endmacro %}

{# The terms of a cleaned text, as a list that keeps repetitions: of each part that is long enough every stretch of the
   tokenizer's size, its edges marked. A word is a stretch that no word fills. #}
{% macro terms_of(tokenizer, text) -%}
    flatten(list_transform(
        list_filter(
            case when {{ tokenizer }}.is_split then {{ split_text(text, ' ') }} else [{{ text }}] end,
            lambda part: length(part) >= {{ tokenizer }}.least_length
        ),
        lambda part: list_transform(
            {{ integers_to(ngram_count(
                '(' ~ tokenizer ~ '.edge || part || ' ~ tokenizer ~ '.edge)', tokenizer ~ '.term_size', whole_if_short=true
            )) }},
            lambda place: {{ ngram_at('(' ~ tokenizer ~ '.edge || part || ' ~ tokenizer ~ '.edge)', 'place', tokenizer ~ '.term_size') }}
        )
    ))
{%- endmacro %}

{# The query as text; no query is an empty one. #}
{% macro query_text() -%}
    coalesce(cast(query as varchar), '')
{%- endmacro %}

{# CTEs: the chosen system and the query's terms. A stop word is in no index and needs no list. #}
{% macro query_terms(columns=[]) -%}
    {{ chosen_system(columns) }},

    query_pieces as (
        select
            {{ text_pieces(query_text(), 'chosen.scheme') }} as pieces,
            chosen.*
        from chosen
    ),

    query_forms as ({{ forms_of_pieces('query_pieces', 'not ' ~ is_ascii(query_text())) }}),

    query_cleaned as (
        select
            {{ cleaned_as('query_pieces', normalised_pieces('query_pieces.pieces', 'query_forms.forms')) }} as text,
            query_pieces.*
        from query_pieces
        cross join query_forms
    ),

    query_tokens as (
        select
            unnest({{ terms_of('query_cleaned', 'query_cleaned.text') }}) as term,
            query_cleaned.index_id
        from query_cleaned
    ),

    query_terms as (
        select
            query_tokens.term,
            {{ term_key('query_tokens.index_id', 'query_tokens.term') }} as term_key,
            count(*) as query_term_frequency
        from query_tokens
        group by query_tokens.index_id, query_tokens.term
    )
{%- endmacro %}

{# The number of an index's term: a number of its own, so that no query has to look it up. #}
{% macro term_key(index_id, term) -%}
    {{ text_number(index_id ~ " || ' ' || " ~ term) }}
{%- endmacro %}

{# A CTE: where the query's terms stand in the fields that the system searches, counted as it weighs the fields, and once
   more with each field's own length taken into account. `documents` narrows the search to the documents of a relation. #}
{% macro occurrences(documents=none, columns=[]) -%}
    occurrences as (
        select
            query_terms.term,
            query_terms.query_term_frequency,
            postings.term_key,
            postings.document_number,
            postings.field_number,
            postings.document_frequency,
            postings.collection_frequency,
            postings.term_frequency as occurrence_count,
            {% for column in columns -%}
            {{ column }},
            {% endfor -%}
            chosen.weights[postings.field_number] * postings.term_frequency as term_frequency,
            chosen.weights[postings.field_number] * postings.term_frequency
            / {{ field_length_factor(
                'chosen.field_bs[postings.field_number]',
                'postings.field_length',
                'chosen.field_mean_lengths[postings.field_number]',
            ) }} as normalised_term_frequency
        from query_terms
        inner join search.searchable_postings as postings on query_terms.term_key = postings.term_key
        {%- if documents %}
        inner join {{ documents }} as documents on postings.document_number = documents.document_number
        {%- endif %}
        cross join chosen
        where chosen.weights[postings.field_number] is not null
    )
{%- endmacro %}

{# The statistics that a formula reads, where `term_documents` is a row for each term and document. #}
{% macro search_statistics() -%}
    {{ return({
        'term_frequency': 'term_documents.term_frequency',
        'normalised_term_frequency': 'term_documents.normalised_term_frequency',
        'document_frequency': 'term_documents.document_frequency',
        'collection_frequency': 'term_documents.collection_frequency',
        'document_count': 'chosen.document_count',
        'document_length': 'documents.lengths[chosen.length_number]',
        'mean_document_length': 'chosen.mean_document_length',
        'k1': 'chosen.k1',
        'b': 'chosen.b',
        'delta': 'chosen.delta',
    }) }}
{%- endmacro %}
