-- How long are the queries, and are long ones found more often?
with

queries as (select * from {{ ref('queries') }}),

query_metrics as (select * from {{ ref('query_metrics') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

best_system as (
    select entry_id as system_id
    from leaderboard
    where entry_kind = 'system'
    order by position
    limit 1
),

judged as (
    select
        least(len(string_split_regex(trim(queries.query_text), '[[:space:]]+')), 10) as words,
        query_metrics.value as is_first
    from query_metrics
    inner join best_system on query_metrics.system_id = best_system.system_id
    inner join queries on query_metrics.query_id = queries.query_id
    where query_metrics.metric = 'success' and query_metrics.cutoff = 1
),

lengths as (
    select
        words,
        count(*) as queries,
        cast(sum(is_first) as bigint) as found_first
    from judged
    group by words
)

select * from lengths
order by words
