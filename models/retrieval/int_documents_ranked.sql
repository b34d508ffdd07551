{# One row for each system, query and document retrieved: the full ranking. #}
with

query_weights as (select * from {{ ref('int_query_weights') }}),

term_weights as (select * from {{ ref('int_term_weights') }}),

documents as (select * from {{ ref('documents') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

systems as (select * from {{ ref('systems') }}),

foreign_results as (select * from {{ ref('stg_runs__results') }}),

document_scores as (
    select
        term_weights.system_number,
        query_weights.query_number,
        term_weights.document_number,
        sum(query_weights.query_weight * term_weights.weight) as score
    from query_weights
    inner join term_weights
        on
            query_weights.system_number = term_weights.system_number
            and query_weights.term_id = term_weights.term_id
    group by term_weights.system_number, query_weights.query_number, term_weights.document_number
),

own_results_ranked as (
    select
        systems.system_id,
        queries.query_id,
        documents.doc_id,
        document_scores.score,
        {{ ranks(
            ['document_scores.system_number', 'document_scores.query_number'],
            'round(document_scores.score, 9)',
            'documents.doc_id',
        ) }}
    from document_scores
    inner join systems on document_scores.system_number = systems.system_number
    inner join queries on document_scores.query_number = queries.query_number
    inner join documents on document_scores.document_number = documents.document_number
),

foreign_results_ranked as (
    select
        system_id,
        query_id,
        doc_id,
        score,
        {{ ranks(['system_id', 'query_id'], 'cast(score as real)', 'doc_id') }}
    from foreign_results
),

documents_ranked as (
    select * from own_results_ranked
    union all
    select * from foreign_results_ranked
)

select * from documents_ranked
