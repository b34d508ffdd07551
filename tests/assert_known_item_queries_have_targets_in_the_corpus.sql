{# A query of a known-item set that no document of the corpus answers belongs in excluded_queries. #}
with

queries as (select * from {{ ref('queries') }}),

qrels as (select * from {{ ref('qrels') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

documents as (select * from {{ ref('stg_collection__documents') }}),

corpus_ids as (
    select tiktok_id as doc_id from tiktoks
    union
    select doc_id from documents
),

answered as (
    select distinct qrels.query_id
    from qrels
    inner join corpus_ids on qrels.doc_id = corpus_ids.doc_id
    where qrels.relevance > 0
)

select queries.query_id
from queries
left join answered on queries.query_id = answered.query_id
where queries.source like 'queries%' and answered.query_id is null
