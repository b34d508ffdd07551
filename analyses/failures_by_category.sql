-- Why is the right video not on rank 1?
-- One row for each default system, and the best of all, and category of its failures.
with

failures as (select * from {{ ref('failures') }}),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

leaderboard as (
    select
        entry_id as system_id,
        position
    from {{ ref('leaderboard') }}
    where entry_kind = 'system'
),

query_counts as (
    select
        system_id,
        count(*) as query_count
    from query_runs
    group by system_id
),

categories as (
    select
        system_id,
        category,
        count(*) as failures,
        median(target_rank) as median_target_rank,
        count(*) filter (where target_rank is null) as not_retrieved
    from failures
    group by system_id, category
),

failures_by_category as (
    select
        leaderboard.position,
        categories.system_id,
        categories.category,
        categories.failures,
        round(categories.failures / query_counts.query_count, 4) as share_of_queries,
        round(categories.failures / sum(categories.failures) over (partition by categories.system_id), 4)
            as share_of_failures,
        categories.median_target_rank,
        categories.not_retrieved
    from categories
    inner join query_counts on categories.system_id = query_counts.system_id
    inner join leaderboard on categories.system_id = leaderboard.system_id
)

select *
from failures_by_category
order by position asc, failures desc, category asc
