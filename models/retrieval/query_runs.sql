{# One row for each system and query, also where nothing was retrieved. #}
with

systems as (select system_id from {{ ref('systems') }}),

queries as (select query_id from {{ ref('queries') }}),

qrels as (select * from {{ ref('qrels') }}),

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

retrieved as (
    select
        system_id,
        query_id,
        cast(count(*) as integer) as retrieved_count
    from documents_ranked
    group by system_id, query_id
),

known_items as (
    select
        query_id,
        min(doc_id) as doc_id
    from qrels
    where relevance > 0
    group by query_id
    having count(*) = 1
),

targets as (
    select
        documents_ranked.system_id,
        documents_ranked.query_id,
        documents_ranked.rank,
        documents_ranked.tied_low,
        documents_ranked.tied_high
    from documents_ranked
    inner join known_items
        on
            documents_ranked.query_id = known_items.query_id
            and documents_ranked.doc_id = known_items.doc_id
),

query_runs as (
    select
        systems.system_id,
        queries.query_id,
        coalesce(retrieved.retrieved_count, 0) as retrieved_count,
        least(coalesce(retrieved.retrieved_count, 0), {{ var('kept_depth') }}) as kept_depth,
        targets.rank as target_rank,
        targets.tied_low,
        targets.tied_high
    from systems
    cross join queries
    left join retrieved
        on
            systems.system_id = retrieved.system_id
            and queries.query_id = retrieved.query_id
    left join targets
        on
            systems.system_id = targets.system_id
            and queries.query_id = targets.query_id
)

select * from query_runs
