{# A group of queries and its reference make up the mean of all queries, a system's mean is that of system_metrics, and
   a difference is one. #}
with

ablations as (select * from {{ ref('ablations') }}),

system_metrics as (select * from {{ ref('system_metrics') }})

select
    ablations.*,
    system_metrics.value as system_value
from ablations
inner join system_metrics
    on
        ablations.system_id = system_metrics.system_id
        and ablations.metric = system_metrics.metric
        and ablations.cutoff is not distinct from system_metrics.cutoff
left join system_metrics as reference_metrics
    on
        ablations.reference = reference_metrics.system_id
        and ablations.metric = reference_metrics.metric
        and ablations.cutoff is not distinct from reference_metrics.cutoff
where
    abs(ablations.value - ablations.reference_value - ablations.difference) > 1e-9
    or ablations.ci_low > ablations.ci_high
    or ablations.difference_ci_low > ablations.difference_ci_high
    or (
        ablations.reference <> 'other queries'
        and (
            reference_metrics.value is null
            or abs(ablations.value - system_metrics.value) > 1e-9
            or abs(ablations.reference_value - reference_metrics.value) > 1e-9
        )
    )
    or (
        ablations.reference = 'other queries'
        and ablations.query_count + ablations.reference_query_count = system_metrics.query_count
        and abs(
            ablations.value * ablations.query_count
            + coalesce(ablations.reference_value * ablations.reference_query_count, 0)
            - system_metrics.value * system_metrics.query_count
        ) > 1e-9
    )
    or ablations.query_count > system_metrics.query_count
    or ablations.reference_query_count > system_metrics.query_count
