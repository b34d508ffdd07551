{# search(query, ...): the best documents for a query, by one system, as retrieval.runs has them for the queries of the
   test collection. `fields` counts only what these fields add to the score, and finds only what they hold. #}
{% macro search_function() -%}
    create or replace macro search(
        query, system := null, k := 10, fields := null, posted_from := null, posted_to := null, creator := null
    ) as table
    with

    {{ query_terms() }},

    chosen_fields as materialized (
        select
            list_transform(
                {{ all_matches("lower(cast(fields as varchar))", '[a-z0-9_]+') }},
                lambda field: coalesce(
                    case
                        when chosen.weights[list_position(string_split(chosen.field_names, ' '), field)] is not null
                            then list_position(string_split(chosen.field_names, ' '), field)
                    end,
                    error(
                        'system ''' || chosen.system_id || ''' has no field ''' || field || ''': it has '
                        || array_to_string(
                            list_filter(
                                string_split(chosen.field_names, ' '),
                                lambda name, place: chosen.weights[place] is not null
                            ),
                            ', '
                        )
                    )
                )
            ) as field_numbers
        from chosen
    ),

    term_documents as (
        select
            index_terms.term_id,
            postings.document_number,
            any_value(index_terms.query_term_frequency) as query_term_frequency,
            any_value(index_terms.document_frequency) as document_frequency,
            any_value(index_terms.collection_frequency) as collection_frequency,
            sum({{ weighted_frequency() }}) as term_frequency,
            sum({{ normalised_frequency() }}) as normalised_term_frequency,
            case
                when fields is null then 1
                when chosen.formula = 'bm25f_zaragoza'
                    then sum({{ normalised_frequency() }})
                        filter (where list_contains(chosen_fields.field_numbers, postings.field_number))
                        / sum({{ normalised_frequency() }})
                else
                    sum({{ weighted_frequency() }})
                        filter (where list_contains(chosen_fields.field_numbers, postings.field_number))
                    / sum({{ weighted_frequency() }})
            end as share
        from index_terms
        inner join search.searchable_postings as postings on index_terms.term_id = postings.term_id
        cross join chosen
        cross join chosen_fields
        where chosen.weights[postings.field_number] is not null
        group by index_terms.term_id, postings.document_number, chosen.formula
    ),

    document_scores as (
        select
            term_documents.document_number,
            sum(
                term_documents.query_term_frequency
                * ({{ searchable_term_weight('chosen.formula', search_statistics()) }})
                * term_documents.share
            ) as score
        from term_documents
        cross join chosen
        inner join retrieval.int_document_lengths as lengths
            on
                term_documents.document_number = lengths.document_number
                and chosen.index_id = lengths.index_id
                and chosen.field_weights_id = lengths.field_weights_id
        where term_documents.share is not null
        group by term_documents.document_number
    ),

    results as (
        select
            document_scores.score,
            documents.*
        from document_scores
        inner join search.searchable_documents as documents
            on document_scores.document_number = documents.document_number
        where
            (creator is null or lower(documents.creator_username) = lower(ltrim(trim(cast(creator as varchar)), '@')))
            and (posted_from is null or documents.posted_at >= cast(posted_from as timestamp))
            and (
                posted_to is null
                or documents.posted_at <= cast(posted_to as timestamp)
                or cast(documents.posted_at as date) = cast(posted_to as timestamp)
            )
        order by round(document_scores.score, 9) desc, documents.document_number desc
        limit case when k >= 1 then k else error('k is ' || coalesce(cast(k as varchar), 'null') || ': give a whole number from 1 up') end
    )

    select
        cast(row_number() over (order by round(results.score, 9) desc, results.document_number desc) as integer) as rank,
        results.score,
        results.doc_id,
        results.creator_username,
        results.creator_nickname,
        results.description,
        results.posted_at,
        results.media_type
    from results
    order by rank
{%- endmacro %}
