-- How do the authors of queries differ?
-- One row for each author: how many queries, how long, and how well the default systems answer them.
with

queries as (select * from {{ ref('queries') }}),

query_metrics as (
    select *
    from {{ ref('query_metrics') }}
    where metric = 'reciprocal_rank'
),

systems as (
    select *
    from {{ ref('systems') }}
    where is_default
),

query_means as (
    select
        query_metrics.query_id,
        avg(query_metrics.value) as mean_reciprocal_rank,
        max(query_metrics.value) as best_reciprocal_rank
    from query_metrics
    inner join systems on query_metrics.system_id = systems.system_id
    group by query_metrics.query_id
),

queries_by_author as (
    select
        coalesce(queries.author, 'unknown') as author,
        count(*) as queries,
        round(avg(array_length({{ split_text('trim(queries.query_text)', ' ') }})), 1) as mean_words,
        round(avg(query_means.mean_reciprocal_rank), 4) as mean_reciprocal_rank,
        round(stddev_samp(query_means.mean_reciprocal_rank), 4) as standard_deviation,
        round(avg(query_means.best_reciprocal_rank), 4) as mean_best_reciprocal_rank
    from queries
    inner join query_means on queries.query_id = query_means.query_id
    group by coalesce(queries.author, 'unknown')
)

select *
from queries_by_author
order by mean_reciprocal_rank, author
