-- Is a system better than the baseline, or was it luck?
with

comparisons as (select * from {{ ref('comparisons') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

differences as (
    select
        comparisons.system_id,
        comparisons.baseline_id,
        comparisons.family,
        comparisons.metric,
        comparisons.difference,
        comparisons.ci_low,
        comparisons.ci_high,
        comparisons.wins,
        comparisons.ties,
        comparisons.losses,
        comparisons.p_value,
        comparisons.p_adjusted,
        comparisons.detectable_difference,
        comparisons.test
    from comparisons
    where
        comparisons.metric in (select leaderboard.leading_metric from leaderboard)
        and comparisons.cutoff is null
)

select * from differences
order by difference desc, system_id asc
