{# search(query, ...): the best documents for a query, by one system, as retrieval.runs has them for the queries of the
   test collection. `fields` counts only what these fields add to the score, and finds only what they hold; `posted_to`
   includes that whole day where no time is given. #}
{% macro search_function(systems) -%}
    {%- set asked = [
        "cast(k as double) as k",
        "lower(cast(fields as varchar)) as fields",
        "cast(posted_from as timestamp) as posted_from",
        "cast(posted_to as timestamp) as posted_to",
        "lower(ltrim(trim(cast(creator as varchar)), '@')) as creator",
    ] -%}
    {%- set chosen_fields -%}
    list_transform(
        {{ all_matches('asked.fields', '[a-z0-9_]+') }},
        lambda name: coalesce(
            list_position(systems.field_names, name),
            error(printf(
                'system ''%s'' searches no field ''%s'': it searches %s',
                systems.system_id, name, list_aggregate(systems.field_names, 'string_agg', ', ')
            ))
        )
    ) as chosen_fields
    {%- endset -%}
    {#- DuckDB keeps no more of the largest -#}
    {%- set result_count -%}
    case
        when asked.k >= 1 and asked.k = floor(asked.k) then cast(least(asked.k, 999999) as bigint)
        else error(printf('k is %s: give a whole number from 1 up', coalesce(printf('%g', asked.k), 'null')))
    end as result_count
    {%- endset -%}
    create or replace macro search(
        query, system := null, k := 10, fields := null, posted_from := null, posted_to := null, creator := null
    ) as table
    with

    {{ query_terms(systems, asked, columns=[chosen_fields, result_count]) }},

    {{ occurrences(columns=['chosen.chosen_fields']) }},

    term_documents as (
        select
            occurrences.document_number,
            any_value(occurrences.query_term_frequency) as query_term_frequency,
            any_value(occurrences.document_frequency) as document_frequency,
            any_value(occurrences.collection_frequency) as collection_frequency,
            sum(occurrences.term_frequency) as term_frequency,
            sum(occurrences.term_frequency) filter (
                where
                    occurrences.chosen_fields is null
                    or list_contains(occurrences.chosen_fields, occurrences.field_number)
            ) as chosen_term_frequency
        from occurrences
        group by occurrences.term_key, occurrences.document_number
    ),

    documents as (
        select
            documents.document_number,
            documents.lengths[chosen.length_number] as document_length
        from search.searchable_documents as documents
        cross join chosen
        where
            (chosen.creator is null or lower(documents.creator_username) = chosen.creator)
            and (chosen.posted_from is null or documents.posted_at >= chosen.posted_from)
            and (
                chosen.posted_to is null
                or documents.posted_at <= chosen.posted_to
                or date_trunc('day', documents.posted_at) = chosen.posted_to
            )
    ),

    document_scores as (
        select
            term_documents.document_number,
            round(sum(
                term_documents.query_term_frequency
                * {{ formula_cases('weight', systems, search_statistics('documents.document_length')) }}
                * case
                    when term_documents.chosen_term_frequency = term_documents.term_frequency then 1
                    else term_documents.chosen_term_frequency / term_documents.term_frequency
                end
            ), 9) as score,
            any_value(chosen.result_count) as result_count
        from term_documents
        inner join documents on term_documents.document_number = documents.document_number
        cross join chosen
        where term_documents.chosen_term_frequency is not null
        group by term_documents.document_number
    ),

    best_documents as (
        select
            max(
                struct_pack(score := document_scores.score, document_number := document_scores.document_number),
                document_scores.result_count
            ) as places
        from document_scores
    ),

    results as (
        select
            unnest(best_documents.places) as place,
            cast(generate_subscripts(best_documents.places, 1) as integer) as rank
        from best_documents
    )

    select
        results.rank,
        results.place.score as score,
        documents.doc_id,
        documents.creator_username,
        documents.creator_nickname,
        documents.description,
        documents.posted_at,
        documents.media_type
    from results
    inner join search.searchable_documents as documents on results.place.document_number = documents.document_number
    order by results.rank
{%- endmacro %}
