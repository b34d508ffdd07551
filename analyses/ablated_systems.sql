-- What does each field, tokenizer and comment bring?
-- One row for each system that differs in one thing from the system it is compared with.
with

ablations as (select * from {{ ref('ablations') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

ablated_systems as (
    select
        axis,
        replace(level, '_', ' ') as variant,
        system_id,
        reference as reference_system_id,
        metric,
        value,
        ci_low,
        ci_high,
        reference_value,
        difference,
        difference_ci_low,
        difference_ci_high
    from ablations
    where
        axis in ('field', 'tokenizer', 'comments')
        and cutoff is null
        and metric in (select leaderboard.leading_metric from leaderboard)
)

select * from ablated_systems
order by axis asc, difference desc, variant asc
