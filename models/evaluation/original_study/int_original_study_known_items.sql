{# One row for each query of the original study's kind: one that has exactly one relevant document. #}
with

qrels as (select * from {{ ref('qrels') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

documents as (select * from {{ ref('documents') }}),

targets as (
    select
        query_id,
        min(doc_id) as doc_id
    from qrels
    where relevance > 0
    group by query_id
    having count(*) = 1
),

known_items as (
    select
        queries.query_number,
        targets.query_id,
        documents.document_number,
        targets.doc_id
    from targets
    inner join queries on targets.query_id = queries.query_id
    inner join documents on targets.doc_id = documents.doc_id
)

select * from known_items
