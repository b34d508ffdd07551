{# What the search functions begin with. They are table macros: a parameter replaces every unqualified name that is the
   same, so that columns are qualified throughout. A parameter is named once, in the first CTE: DuckDB keeps the plan of
   a prepared statement only where each of its parameters stands in one place. Other calls it plans anew each time, and
   that takes longer than to compute them: what a system does stands in columns of searchable_systems, not in branches
   here. #}

{# A CTE: the one system that is asked for, or the best, and beside it what is asked; an error that says what to do where
   it cannot be searched. Its name is checked against names written into the function, which costs next to nothing.
   `asked`: the parameters as columns; `columns`: more, computed from both. #}
{% macro chosen_system(systems, asked=[], columns=[], query='query') -%}
    {%- set searched = systems | rejectattr('refusal') | map(attribute='system_id') | list -%}
    {%- set best = systems | selectattr('is_best') | map(attribute='system_id') | list -%}
    chosen as materialized (
        select
            {% for column in columns -%}
            {{ column }},
            {% endfor -%}
            asked.*,
            systems.*
        from (
            select
                coalesce(cast({{ query }} as varchar), '') as text,
                {% for column in asked -%}
                {{ column }},
                {% endfor -%}
                cast(system as varchar) as asked_system
        ) as asked
        inner join search.searchable_systems as systems
            on
                systems.system_id = case
                    {%- if searched %}
                    when asked.asked_system is null then {{ quoted(best[0]) }}
                    when asked.asked_system in ({{ quoted_list(searched) }}) then asked.asked_system
                    {%- endif %}
                    {%- for row in systems if row.refusal %}
                    when asked.asked_system = {{ quoted(row.system_id) }}
                        then error({{ quoted(
                            'system ' ~ row.system_id ~ ' cannot be searched from SQL, because ' ~ row.refusal
                            ~ ': choose one of ' ~ searched | join(', ')
                        ) }})
                    {%- endfor %}
                    else error(
                        coalesce(
                            'there is no system ''' || asked.asked_system || '''', 'there is no system to search'
                        )
                        || {{ quoted(': choose one of ' ~ searched | join(', ') if searched else '') }}
                    )
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

{# A text as its scheme normalises it: runs of ASCII in lowercase, and between them the form of each grapheme cluster or
   else of its characters. #}
{% macro normalised_text(text, scheme, forms) -%}
    {%- set characters -%}
    list_transform({{ split_text('piece', '') }}, lambda part: {{ forms }}['character ' || part])
    {%- endset -%}
    {%- set clusters -%}
    list_transform(
        list_transform({{ graphemes('run') }}, lambda piece: {{ lookup_cluster('piece', scheme) }}),
        lambda piece: coalesce({{ forms }}['cluster ' || piece], {{ joined(characters) }}, '')
    )
    {%- endset -%}
    {%- set runs -%}
    list_transform(
        {{ ascii_and_other_runs(text) }},
        lambda run: case when {{ is_ascii('run') }} then lower(run) else {{ joined(clusters) }} end
    )
    {%- endset -%}
    coalesce({{ joined(runs) }}, '')
{%- endmacro %}

{# A list of texts as one text, null for an empty list. DuckDB's array_to_string is a macro that repeats the list. #}
{% macro joined(texts) -%}
    list_aggregate({{ texts }}, 'string_agg', '')
{%- endmacro %}

{# A subquery of one row: the forms of what is not ASCII in a text, null for none. `texts` is one row. Most forms are
   passed over by their first character: to look for each of them in the text takes longer. #}
{% macro needed_forms(texts) -%}
    (
        select map_from_entries(list((forms.kind || ' ' || forms.sequence, forms.form))) as forms
        from search_index.character_forms as forms
        inner join (
            select
                looked_up.scheme,
                looked_up.text,
                unnest(list_distinct({{ split_text('looked_up.text', '') }})) as first_character
            from (
                select
                    texts.scheme,
                    {{ lookup_cluster('texts.text', 'texts.scheme') }} as text
                from {{ texts }} as texts
                where not {{ is_ascii('texts.text') }}
            ) as looked_up
        ) as texts
            on
                forms.scheme = texts.scheme
                and left(forms.sequence, 1) = texts.first_character
                and contains(texts.text, forms.sequence)
    )
{%- endmacro %}

{# The same for one short text of a scheme that is known beforehand: to look for every form is faster than the first step
   of a hash join, which a text of ASCII alone would take as well. #}
{% macro needed_forms_of_short_text(texts, scheme) -%}
    (
        select map_from_entries(list((forms.kind || ' ' || forms.sequence, forms.form))) as forms
        from search_index.character_forms as forms
        inner join (
            select {{ lookup_cluster('texts.text', scheme) }} as text
            from {{ texts }} as texts
            where not {{ is_ascii('texts.text') }}
        ) as texts on contains(texts.text, forms.sequence)
        where forms.scheme = {{ scheme }}
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

{# CTEs: the chosen system and the query's terms. A stop word is in no index and needs no list. #}
{% macro query_terms(systems, asked=[], columns=[]) -%}
    {{ chosen_system(systems, asked, columns) }},

    query_cleaned as (
        select
            {{ cleaned_as('chosen', normalised_text('chosen.text', 'chosen.scheme', 'forms.forms')) }} as cleaned_text,
            chosen.*
        from chosen
        cross join {{ needed_forms('chosen') }} as forms
    ),

    query_counted as (
        select
            query_cleaned.index_id,
            list_histogram({{ terms_of('query_cleaned', 'query_cleaned.cleaned_text') }}) as frequencies
        from query_cleaned
    ),

    query_terms as (
        select
            counted.term,
            {{ term_key('counted.index_id', 'counted.term') }} as term_key,
            counted.query_term_frequency
        from (
            select
                query_counted.index_id,
                unnest(map_keys(query_counted.frequencies)) as term,
                unnest(map_values(query_counted.frequencies)) as query_term_frequency
            from query_counted
        ) as counted
    )
{%- endmacro %}

{# CTE: numbers and ids of the documents that are asked for, once each; an error for one that there is not. #}
{% macro asked_documents() -%}
    asked_documents as (
        select distinct
            coalesce(documents.document_number, {{ no_document('asked.doc_id') }}) as document_number,
            asked.doc_id
        from (select unnest(chosen.asked_ids) as doc_id from chosen) as asked
        left join search.searchable_documents as documents on asked.doc_id = documents.doc_id
    )
{%- endmacro %}

{# What is said of an id that no document has. #}
{% macro no_document(doc_id) -%}
    error(
        'there is no document ' || coalesce('''' || {{ doc_id }} || '''', 'null')
        || ': search.searchable_documents lists those that there are'
    )
{%- endmacro %}

{# CTEs: the row of the document that is asked for; an error where there is none. #}
{% macro asked_document() -%}
    asked_documents as (
        select any_value(documents) as document
        from search.searchable_documents as documents
        inner join chosen on documents.doc_id = chosen.asked_id
    ),

    asked_document as (
        select
            unnest(coalesce(asked_documents.document, {{ no_document('chosen.asked_id') }}))
        from asked_documents
        cross join chosen
    )
{%- endmacro %}

{# The number of an index's term: a number of its own, so that no query has to look it up. #}
{% macro term_key(index_id, term) -%}
    {{ text_fingerprint(index_id ~ " || ' ' || " ~ term) }}
{%- endmacro %}

{# How an occurrence is packed into one whole number, which is stored and read as one list instead of three: the field's
   number in 8 bits, the term frequency in the next 27, the field's length in the next 28. #}
{% macro packed_occurrence(field_number, term_frequency, field_length) -%}
    {{ field_number }} + {{ term_frequency }} * cast(256 as bigint) + {{ field_length }} * cast(34359738368 as bigint)
{%- endmacro %}

{# The field's number in a packed occurrence. #}
{% macro field_number_of(occurrence) -%}
    ({{ occurrence }} & 255)
{%- endmacro %}

{# The term frequency in a packed occurrence. #}
{% macro term_frequency_of(occurrence) -%}
    (({{ occurrence }} >> 8) & 134217727)
{%- endmacro %}

{# The field's length in a packed occurrence. #}
{% macro field_length_of(occurrence) -%}
    ({{ occurrence }} >> 35)
{%- endmacro %}

{# CTEs: where the query's terms stand in the fields that the system searches, and how much each place counts: the
   occurrences, weighted as the system weighs the field and, where its formula does so, beside the field's length; null
   in a field that it does not weigh. `columns`: more columns of the chosen system. #}
{% macro occurrences(columns=[]) -%}
    {%- set field_number = field_number_of('packed_occurrences.occurrence') -%}
    {%- set occurrence_count = term_frequency_of('packed_occurrences.occurrence') -%}
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

    occurrences as (
        select
            {% for column in ['term', 'term_key', 'document_number', 'query_term_frequency', 'document_frequency',
                'collection_frequency'] -%}
            packed_occurrences.{{ column }},
            {% endfor -%}
            {% for column in columns -%}
            {{ column }},
            {% endfor -%}
            {{ field_number }} as field_number,
            {{ occurrence_count }} as occurrence_count,
            chosen.weights[{{ field_number }}] * {{ occurrence_count }}
            / {{ field_length_factor(
                'chosen.field_bs[' ~ field_number ~ ']',
                field_length_of('packed_occurrences.occurrence'),
                'chosen.field_mean_lengths[' ~ field_number ~ ']',
            ) }} as term_frequency
        from packed_occurrences
        cross join chosen
    )
{%- endmacro %}

{# The statistics that a formula reads, where `term_documents` is a row for each term and document. #}
{% macro search_statistics(document_length='documents.lengths[chosen.length_number]') -%}
    {{ return({
        'term_frequency': 'term_documents.term_frequency',
        'normalised_term_frequency': 'term_documents.term_frequency',
        'document_frequency': 'term_documents.document_frequency',
        'collection_frequency': 'term_documents.collection_frequency',
        'document_count': 'chosen.document_count',
        'document_length': document_length,
        'mean_document_length': 'chosen.mean_document_length',
        'k1': 'chosen.k1',
        'b': 'chosen.b',
        'delta': 'chosen.delta',
        'smoothing': 'chosen.smoothing',
    }) }}
{%- endmacro %}
