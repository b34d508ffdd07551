-- Which queries does hardly any system answer?
-- One row for each judged query, the hardest first: what the default systems make of it, and why they most often fail.
with

query_metrics as (select * from {{ ref('query_metrics') }}),

systems as (
    select *
    from {{ ref('systems') }}
    where is_default
),

queries as (select * from {{ ref('queries') }}),

failures as (select * from {{ ref('failures') }}),

reasons as (
    select
        query_id,
        category,
        row_number() over (partition by query_id order by count(*) desc, category asc) as place
    from failures
    group by query_id, category
),

results as (
    select
        query_metrics.query_id,
        avg(query_metrics.value) filter (where query_metrics.metric = 'reciprocal_rank') as mean_reciprocal_rank,
        count(*) filter (
            where query_metrics.metric = 'reciprocal_rank' and query_metrics.value = 1
        ) as systems_with_rank_1,
        count(*) filter (where query_metrics.metric = 'reciprocal_rank') as systems,
        cast(min(query_metrics.value) filter (where query_metrics.metric = 'target_rank') as integer) as best_rank
    from query_metrics
    inner join systems on query_metrics.system_id = systems.system_id
    where query_metrics.metric in ('reciprocal_rank', 'target_rank')
    group by query_metrics.query_id
),

hardest_queries as (
    select
        results.query_id,
        queries.query_text,
        queries.author,
        round(results.mean_reciprocal_rank, 4) as mean_reciprocal_rank,
        results.systems_with_rank_1,
        results.systems,
        results.best_rank,
        reasons.category as most_frequent_reason
    from results
    left join queries on results.query_id = queries.query_id
    left join reasons on results.query_id = reasons.query_id and reasons.place = 1
)

select *
from hardest_queries
order by mean_reciprocal_rank, query_id
