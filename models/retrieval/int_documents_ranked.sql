{# One row for each system, query and document retrieved: the full ranking. #}
with

query_terms as (select * from {{ ref('int_query_terms') }}),

term_weights as (select * from {{ ref('int_term_weights') }}),

documents as (select * from {{ ref('documents') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

foreign_results as (select * from {{ ref('stg_runs__results') }}),

document_scores as (
    select
        term_weights.system_id,
        query_terms.query_number,
        term_weights.document_number,
        round(sum(query_terms.query_term_frequency * term_weights.weight), 9) as score
    from query_terms
    inner join term_weights
        on
            query_terms.index_id = term_weights.index_id
            and query_terms.term_id = term_weights.term_id
    group by term_weights.system_id, query_terms.query_number, term_weights.document_number
),

own_results as (
    select
        document_scores.system_id,
        queries.query_id,
        documents.doc_id,
        document_scores.score,
        document_scores.score as compared_score
    from document_scores
    inner join queries on document_scores.query_number = queries.query_number
    inner join documents on document_scores.document_number = documents.document_number
),

results as (
    select * from own_results
    union all
    select
        system_id,
        query_id,
        doc_id,
        score,
        cast(cast(score as real) as double) as compared_score
    from foreign_results
),

documents_ranked as (
    select
        system_id,
        query_id,
        doc_id,
        score,
        cast(
            row_number() over (partition by system_id, query_id order by {{ ranking_order('compared_score', 'doc_id') }})
            as integer
        ) as rank,
        cast(rank() over (partition by system_id, query_id order by compared_score desc) as integer) as tied_low,
        cast(count(*) over (partition by system_id, query_id order by compared_score desc) as integer) as tied_high
    from results
)

select * from documents_ranked
