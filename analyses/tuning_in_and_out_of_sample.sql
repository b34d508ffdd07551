-- How much of a tuned system's lead survives queries that it was not chosen on?
with

leaderboard as (select * from {{ ref('leaderboard') }}),

cross_validation as (select * from {{ ref('cross_validation') }}),

folds as (
    select
        procedure_id,
        count(distinct fold) as folds,
        count(distinct chosen_system_id) as systems_chosen
    from cross_validation
    group by procedure_id
),

procedures as (
    select
        leaderboard.position,
        leaderboard.entry_id as procedure_id,
        leaderboard.in_sample_system_id,
        leaderboard.leading_metric,
        leaderboard.leading_value as value_in_sample,
        leaderboard.leading_value_ci_low as ci_low,
        leaderboard.leading_value_ci_high as ci_high,
        case leaderboard.leading_metric
            when 'reciprocal_rank' then leaderboard.reciprocal_rank_out_of_sample
            else leaderboard.average_precision_out_of_sample
        end as value_out_of_sample,
        folds.folds,
        folds.systems_chosen
    from leaderboard
    inner join folds on leaderboard.entry_id = folds.procedure_id
    where leaderboard.entry_kind = 'tuning procedure'
)

select * from procedures
where value_out_of_sample is not null
order by position
