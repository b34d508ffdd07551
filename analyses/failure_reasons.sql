{# Why does a system miss the first rank? #}
with

failures as (select * from {{ ref('failures') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

counts as (
    select
        leaderboard.position,
        failures.system_id,
        failures.category,
        count(*) as queries
    from failures
    inner join leaderboard on failures.system_id = leaderboard.entry_id
    where leaderboard.entry_kind = 'system'
    group by leaderboard.position, failures.system_id, failures.category
)

select * from counts
order by position asc, queries desc, category asc
