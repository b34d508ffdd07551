{# One row for each system and judged query, whether the system found anything or not. #}
with

systems as (select * from {{ ref('systems') }}),

documents as (select doc_id from {{ ref('documents') }}),

qrels as (select * from {{ ref('qrels') }}),

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

judgements as (
    select
        query_id,
        cast(count(*) filter (where relevance > 0) as integer) as relevant_count,
        cast(count(*) filter (where relevance = 0) as integer) as nonrelevant_count
    from qrels
    group by query_id
),

collection as (select cast(count(*) as integer) as document_count from documents),

retrieved as (
    select
        system_id,
        query_id,
        cast(count(*) as integer) as retrieved_count
    from documents_ranked
    group by system_id, query_id
),

{# Where there are judgements but no documents, only foreign runs and their fusions are judged. #}
judged_systems as (
    select
        systems.system_id,
        collection.document_count
    from systems
    cross join collection
    where
        collection.document_count > 0
        or systems.system_kind = 'foreign run'
        or systems.system_id in (select retrieved.system_id from retrieved)
),

query_runs as (
    select
        judged_systems.system_id,
        judgements.query_id,
        judgements.relevant_count,
        judgements.nonrelevant_count,
        coalesce(retrieved.retrieved_count, 0) as retrieved_count,
        judged_systems.document_count
    from judged_systems
    cross join judgements
    left join retrieved
        on judged_systems.system_id = retrieved.system_id and judgements.query_id = retrieved.query_id
),

{# A run may hold documents that the collection does not. #}
longest as (select greatest(max(retrieved_count), max(document_count)) as longest_ranking from query_runs)

select
    query_runs.system_id,
    query_runs.query_id,
    query_runs.relevant_count,
    query_runs.nonrelevant_count,
    query_runs.retrieved_count,
    longest.longest_ranking + 1 as rank_of_a_miss
from query_runs
cross join longest
