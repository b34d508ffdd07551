-- What is lost without a field, and what is left with it alone?
-- One row for each field and way to test it, the field that is missed most first.
with

ablations as (select * from {{ ref('ablations') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

ways as (
    select
        replace(replace(level, 'without ', ''), 'only ', '') as field,
        case when level like 'without %' then 'without it' else 'alone' end as way,
        metric,
        value,
        reference_value,
        difference,
        difference_ci_low,
        difference_ci_high,
        system_id,
        reference as reference_system_id
    from ablations
    where
        axis = 'field'
        and (level like 'without %' or level like 'only %')
        and cutoff is null
        and metric in (select leaderboard.leading_metric from leaderboard)
),

ablated_fields as (
    select
        *,
        min(case when way = 'without it' then round(difference, 9) end) over (partition by field)
            as difference_without_it
    from ways
)

select * from ablated_fields
order by difference_without_it asc nulls last, field asc, way desc
