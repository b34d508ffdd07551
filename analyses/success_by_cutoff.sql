-- How often is a target among the first results?
with

system_metrics as (select * from {{ ref('system_metrics') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

comparisons as (select * from {{ ref('comparisons') }}),

systems as (
    select
        entry_id as system_id,
        position,
        row_number() over (order by position) as place
    from leaderboard
    where entry_kind = 'system'
),

successes as (
    select
        systems.position,
        systems.system_id,
        case
            when systems.place = 1 then 'best'
            when systems.system_id in (select comparisons.baseline_id from comparisons) then 'baseline'
            else 'other'
        end as part,
        system_metrics.cutoff,
        system_metrics.value,
        system_metrics.ci_low,
        system_metrics.ci_high
    from system_metrics
    inner join systems on system_metrics.system_id = systems.system_id
    where system_metrics.metric = 'success'
)

select * from successes
order by position, cutoff
