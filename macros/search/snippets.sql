{# What a snippet marks as one word of a text as it was written, and else what lies between: what the cleaning would
   part is parted, and emoji and Han characters, whose forms are words of their own, stand alone. #}
{% macro shown_words_pattern(cleaning) -%}
    {%- set emoji = '\\p{So}\\x{1F3FB}-\\x{1F3FF}\\x{200D}\\x{FE0F}' -%}
    {%- set between = {'alphanumeric': none, 'original': '\\s\\p{Z}/-', 'separated': '\\s\\p{Z}/@#_-'}[cleaning] -%}
    \p{Han}|[\p{Hiragana}\p{Katakana}]+|[{{ emoji }}]+|
    {%- if between -%}
        [^{{ emoji }}{{ between }}]+|[{{ between }}]+
    {%- else -%}
        [\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}{{ emoji }}]+
    {%- endif -%}
    |(?s:.)
{%- endmacro %}

{# The words of a text as a snippet shows them, as a list. A pattern that is written into the function is compiled once,
   one that is read from a table for each text anew, which takes longer than all else. #}
{% macro shown_words_of(systems, system_id, text) -%}
    case
        when false then cast([] as varchar[])
        {%- for cleaning, rows in systems | rejectattr('refusal') | groupby('cleaning') %}
        when {{ system_id }} in ({{ quoted_list(rows | map(attribute='system_id')) }})
            then regexp_extract_all({{ text }}, '{{ shown_words_pattern(cleaning) }}')
        {%- endfor %}
    end
{%- endmacro %}

{# snippets(query, doc_id, ...): for each field of a document that the query matches the stretch of its text with most
   of the query in it, as it was written, the matches marked. A word is marked when half of its terms are the query's;
   in a field without such a word those that come next to it. A field that shares only n-grams across blanks has none. #}
{% macro snippets_function(systems) -%}
    create or replace macro snippets(query, doc_id, system := null, mark_open := '[', mark_close := ']') as table
    {{ snippets_query(systems, '[cast(doc_id as varchar)]', ['field', 'snippet']) }}
{%- endmacro %}

{# snippets_of(query, doc_ids, ...): the same for several documents at once, in less time than one after the other. #}
{% macro snippets_of_function(systems) -%}
    create or replace macro snippets_of(query, doc_ids, system := null, mark_open := '[', mark_close := ']') as table
    {{ snippets_query(systems, 'cast(doc_ids as varchar[])', ['doc_id', 'field', 'snippet']) }}
{%- endmacro %}

{# The query of both: `ids` is an expression, `columns` what is shown. #}
{% macro snippets_query(systems, ids, columns) -%}
    {%- set shown = 40 -%}
    {%- set before = 6 -%}
    with

    {{ query_terms(systems, asked=[
        ids ~ " as asked_ids",
        "coalesce(cast(mark_open as varchar), '') as mark_open",
        "coalesce(cast(mark_close as varchar), '') as mark_close",
    ]) }},

    {{ asked_documents() }},

    field_texts as (
        select
            documents.doc_id,
            texts.field,
            {{ shown_words_of(systems, 'chosen.system_id', 'texts.raw_text') }} as words
        from search_index.document_fields as texts
        inner join asked_documents as documents on texts.document_number = documents.document_number
        inner join chosen on texts.scheme = chosen.scheme
        where list_contains(chosen.field_names, texts.field)
    ),

    numbered_words as (
        select
            field_texts.doc_id,
            field_texts.field,
            unnest(field_texts.words) as word,
            unnest({{ integers_to('len(field_texts.words)') }}) as place,
            len(field_texts.words) as word_count
        from field_texts
    ),

    field_words as (
        select
            numbered_words.*,
            case when chosen.is_split then numbered_words.word else ' ' || numbered_words.word || ' ' end as text,
            chosen.edge
        from numbered_words
        cross join chosen
    ),

    query_list as (select list(query_terms.term) as terms from query_terms),

    {# Of letters and digits alone nothing is cleaned away: without one of the query's terms in it, it has no such term. #}
    candidates as (
        select distinct field_words.text
        from field_words
        cross join query_list
        where
            not regexp_full_match(field_words.text, ' ?[A-Za-z0-9]+ ?')
            or len(list_filter(
                query_list.terms,
                lambda term: contains(field_words.edge || lower(field_words.text) || field_words.edge, term)
            )) > 0
    ),

    words_to_look_up as (
        select
            string_agg(candidates.text, ' ') as text,
            any_value(chosen.scheme) as scheme
        from candidates
        cross join chosen
        where not {{ is_ascii('candidates.text') }}
    ),

    words_cleaned as (
        select
            words.text,
            {{ cleaned_as('chosen', normalised_text('words.text', 'chosen.scheme', 'forms.forms')) }} as cleaned_text,
            chosen.* exclude (text)
        from candidates as words
        cross join chosen
        cross join {{ needed_forms('words_to_look_up') }} as forms
    ),

    words_tokens as (
        select
            words_cleaned.text,
            {{ terms_of('words_cleaned', 'words_cleaned.cleaned_text') }} as terms
        from words_cleaned
    ),

    field_matches as (
        select
            field_words.*,
            len(list_filter(words_tokens.terms, lambda term: list_contains(query_list.terms, term)))
            / nullif(len(words_tokens.terms), 0) as share
        from field_words
        cross join query_list
        left join words_tokens on field_words.text = words_tokens.text
    ),

    marked_words as (
        select
            field_matches.doc_id,
            field_matches.field,
            field_matches.word,
            field_matches.place,
            field_matches.word_count,
            coalesce(
                field_matches.share > 0
                and field_matches.share >= least(0.5, max(field_matches.share) over fields),
                false
            ) as is_match
        from field_matches
        window fields as (partition by field_matches.doc_id, field_matches.field)
    ),

    matches as (
        select
            marked_words.doc_id,
            marked_words.field,
            marked_words.place,
            marked_words.word_count,
            lower(marked_words.word) as word
        from marked_words
        where marked_words.is_match
    ),

    {# One for each match: a stretch that begins with another word is no better than the one from its first match on. #}
    stretches as (
        select
            firsts.doc_id,
            firsts.field,
            firsts.place,
            firsts.word_count,
            count(distinct others.word) as word_matches,
            count(*) as matches
        from matches as firsts
        inner join matches as others
            on
                firsts.doc_id = others.doc_id
                and firsts.field = others.field
                and others.place between firsts.place
                and firsts.place + {{ shown - before - 1 }}
        group by firsts.doc_id, firsts.field, firsts.place, firsts.word_count
    ),

    best_stretches as (
        select
            stretches.doc_id,
            stretches.field,
            stretches.word_matches,
            greatest(least(stretches.place - {{ before }}, stretches.word_count - {{ shown - 1 }}), 1) as first_place
        from stretches
        qualify
            row_number() over (
                partition by stretches.doc_id, stretches.field
                order by stretches.word_matches desc, stretches.matches desc, stretches.place asc
            ) = 1
    ),

    shown_words as (
        select
            best_stretches.doc_id,
            best_stretches.field,
            best_stretches.word_matches,
            best_stretches.first_place,
            marked_words.word,
            marked_words.place,
            marked_words.word_count,
            marked_words.is_match and not lag(marked_words.is_match, 1, false) over places as opens,
            marked_words.is_match and not lead(marked_words.is_match, 1, false) over places as closes
        from best_stretches
        inner join marked_words
            on
                best_stretches.doc_id = marked_words.doc_id
                and best_stretches.field = marked_words.field
                and marked_words.place between best_stretches.first_place
                and best_stretches.first_place + {{ shown - 1 }}
        window places as (partition by best_stretches.doc_id, best_stretches.field order by marked_words.place)
    ),

    matching_fields as (
        select
            shown_words.doc_id,
            shown_words.field,
            max(shown_words.word_matches) as word_matches,
            case when any_value(shown_words.first_place) > 1 then '…' else '' end
            || string_agg(
                case when shown_words.opens then chosen.mark_open else '' end
                || shown_words.word
                || case when shown_words.closes then chosen.mark_close else '' end,
                ''
                order by shown_words.place
            )
            || case when max(shown_words.place) < any_value(shown_words.word_count) then '…' else '' end as snippet
        from shown_words
        cross join chosen
        group by shown_words.doc_id, shown_words.field
    )

    select
        {% for column in columns -%}
        matching_fields.{{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from matching_fields
    order by matching_fields.doc_id, matching_fields.word_matches desc, matching_fields.field
{%- endmacro %}
