{# More targets never make a measure worse, change nothing where no query changes, and leave the value as it was. #}
with

sensitivity as (select * from {{ ref('near_duplicate_sensitivity') }}),

system_metrics as (
    select *
    from {{ ref('system_metrics') }}
    where metric in ('reciprocal_rank', 'target_rank', 'success')
)

select
    sensitivity.*,
    system_metrics.system_id as measured_system_id
from system_metrics
full outer join sensitivity
    on
        system_metrics.system_id = sensitivity.system_id
        and system_metrics.metric = sensitivity.metric
        and coalesce(system_metrics.cutoff, 0) = coalesce(sensitivity.cutoff, 0)
where
    system_metrics.system_id is null
    or sensitivity.system_id is null
    or abs(system_metrics.value - sensitivity.value) > 1e-9
    or (sensitivity.metric = 'target_rank' and sensitivity.value_with_groups > sensitivity.value + 1e-9)
    or (sensitivity.metric <> 'target_rank' and sensitivity.value_with_groups < sensitivity.value - 1e-9)
    or (sensitivity.changed_query_count = 0) <> (abs(sensitivity.value_with_groups - sensitivity.value) <= 1e-9)
