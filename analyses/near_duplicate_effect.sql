-- How much would a system gain if a copy of the target were as good as the target?
with

near_duplicate_sensitivity as (select * from {{ ref('near_duplicate_sensitivity') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

effects as (
    select
        leaderboard.position,
        near_duplicate_sensitivity.system_id,
        near_duplicate_sensitivity.value,
        near_duplicate_sensitivity.value_with_groups,
        near_duplicate_sensitivity.changed_query_count,
        near_duplicate_sensitivity.query_count
    from near_duplicate_sensitivity
    inner join leaderboard on near_duplicate_sensitivity.system_id = leaderboard.entry_id
    where
        leaderboard.entry_kind = 'system'
        and near_duplicate_sensitivity.metric = 'reciprocal_rank'
        and near_duplicate_sensitivity.cutoff is null
)

select * from effects
order by position
