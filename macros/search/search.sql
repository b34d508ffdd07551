{# search(query, ...): the best documents for a query, by one system, as retrieval.runs has them for the queries of the
   test collection. `fields` counts only what these fields add to the score, and finds only what they hold; `posted_to`
   includes that whole day where no time is given. #}
{% macro search_function(systems) -%}
    {%- set field_numbers -%}
    list_transform(
        {{ all_matches('lower(cast(fields as varchar))', '[a-z0-9_]+') }},
        lambda name: case
            when systems.weights[list_position(systems.field_names, name)] is not null
                then list_position(systems.field_names, name)
            else error(
                'system ''' || systems.system_id || ''' searches no field ''' || name || ''': it searches '
                || array_to_string(
                    list_filter(systems.field_names, lambda field, place: systems.weights[place] is not null), ', '
                )
            )
        end
    ) as chosen_fields
    {%- endset -%}
    create or replace macro search(
        query, system := null, k := 10, fields := null, posted_from := null, posted_to := null, creator := null
    ) as table
    with

    {{ query_terms(systems, columns=[field_numbers]) }},

    {{ occurrences(columns=[
        "chosen.chosen_fields is null or list_contains(chosen.chosen_fields, postings.field_number) as is_chosen",
        "chosen.shares_are_normalised"
    ]) }},

    term_documents as (
        select
            occurrences.document_number,
            any_value(occurrences.query_term_frequency) as query_term_frequency,
            any_value(occurrences.document_frequency) as document_frequency,
            any_value(occurrences.collection_frequency) as collection_frequency,
            sum(occurrences.term_frequency) as term_frequency,
            sum(occurrences.normalised_term_frequency) as normalised_term_frequency,
            case
                when bool_and(occurrences.is_chosen) then 1
                when any_value(occurrences.shares_are_normalised)
                    then sum(occurrences.normalised_term_frequency) filter (where occurrences.is_chosen)
                        / sum(occurrences.normalised_term_frequency)
                else
                    sum(occurrences.term_frequency) filter (where occurrences.is_chosen)
                    / sum(occurrences.term_frequency)
            end as share
        from occurrences
        group by occurrences.term_key, occurrences.document_number
    ),

    document_scores as (
        select
            term_documents.document_number,
            round(sum(
                term_documents.query_term_frequency
                * {{ formula_cases('weight', systems, search_statistics()) }}
                * term_documents.share
            ), 9) as score,
            any_value(documents.doc_id) as doc_id,
            any_value(documents.creator_username) as creator_username,
            any_value(documents.creator_nickname) as creator_nickname,
            any_value(documents.description) as description,
            any_value(documents.posted_at) as posted_at,
            any_value(documents.media_type) as media_type
        from term_documents
        inner join search.searchable_documents as documents
            on term_documents.document_number = documents.document_number
        cross join chosen
        where
            term_documents.share is not null
            and (
                creator is null
                or lower(documents.creator_username) = lower(ltrim(trim(cast(creator as varchar)), '@'))
            )
            and (posted_from is null or documents.posted_at >= cast(posted_from as timestamp))
            and (
                posted_to is null
                or documents.posted_at <= cast(posted_to as timestamp)
                or date_trunc('day', documents.posted_at) = cast(posted_to as timestamp)
            )
        group by term_documents.document_number
    )

    select
        cast(
            row_number() over (order by document_scores.score desc, document_scores.document_number desc) as integer
        ) as rank,
        document_scores.score,
        document_scores.doc_id,
        document_scores.creator_username,
        document_scores.creator_nickname,
        document_scores.description,
        document_scores.posted_at,
        document_scores.media_type
    from document_scores
    qualify
        row_number() over (order by document_scores.score desc, document_scores.document_number desc)
        <= case
            when k >= 1 and k = floor(k) then k
            else error('k is ' || coalesce(cast(k as varchar), 'null') || ': give a whole number from 1 up')
        end
    order by rank
{%- endmacro %}
