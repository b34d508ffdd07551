-- Which queries are hard for every system?
with

query_metrics as (select * from {{ ref('query_metrics') }}),

queries as (select * from {{ ref('queries') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

ranks as (
    select
        query_metrics.query_id,
        leaderboard.position,
        leaderboard.entry_id as system_id,
        -- a miss has a reciprocal rank of 0
        max(case when query_metrics.metric = 'reciprocal_rank' then query_metrics.value end) as reciprocal_rank,
        cast(max(case when query_metrics.metric = 'target_rank' then query_metrics.value end) as integer)
            as rank_or_miss
    from query_metrics
    inner join leaderboard on query_metrics.system_id = leaderboard.entry_id
    where query_metrics.metric in ('reciprocal_rank', 'target_rank') and leaderboard.entry_kind = 'system'
    group by query_metrics.query_id, leaderboard.position, leaderboard.entry_id
),

difficulties as (
    select
        query_id,
        avg(reciprocal_rank) as mean_reciprocal_rank,
        cast(count(*) filter (reciprocal_rank = 1) as integer) as systems_with_rank_1,
        cast(row_number() over (order by round(avg(reciprocal_rank), 9), query_id) as integer) as hardness
    from ranks
    group by query_id
),

cells as (
    select
        difficulties.hardness,
        difficulties.query_id,
        queries.query_text,
        difficulties.mean_reciprocal_rank,
        difficulties.systems_with_rank_1,
        ranks.position,
        ranks.system_id,
        case when ranks.reciprocal_rank > 0 then ranks.rank_or_miss end as target_rank
    from ranks
    inner join difficulties on ranks.query_id = difficulties.query_id
    inner join queries on ranks.query_id = queries.query_id
)

select * from cells
order by hardness, position
