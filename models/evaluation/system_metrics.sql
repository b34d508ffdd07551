{# One row for each system and measure: the mean over all judged queries. #}
{%- set quoted_counts = "'" ~ counts() | join("', '") ~ "'" %}
with

query_metrics as (select * from {{ ref('query_metrics') }}),

units as (select * from {{ ref('int_query_units_numbered') }}),

resamples as (select * from {{ ref('int_resamples_drawn') }}),

means as (
    select
        system_id,
        metric,
        cutoff,
        avg(value) as value,
        cast(count(*) as integer) as query_count
    from query_metrics
    where metric not in ({{ quoted_counts }})
    group by system_id, metric, cutoff
),

{# Values without an interval: medians, and counts as trec_eval tells them, sums and the number of queries. #}
other_values as (
    select
        system_id,
        replace(metric, 'target_rank', 'median_target_rank') as metric,
        cutoff,
        median(value) as value,
        cast(count(*) as integer) as query_count
    from query_metrics
    where metric in ('target_rank', 'expected_target_rank')
    group by system_id, metric, cutoff
    union all
    select
        system_id,
        metric,
        cutoff,
        sum(value) as value,
        cast(count(*) as integer) as query_count
    from query_metrics
    where metric in ({{ quoted_counts }})
    group by system_id, metric, cutoff
    union all
    select
        system_id,
        'num_q' as metric,
        cutoff,
        query_count as value,
        query_count
    from means
    where metric = 'reciprocal_rank'
),

unit_sums as (
    select
        query_metrics.system_id,
        query_metrics.metric,
        query_metrics.cutoff,
        units.unit_kind,
        units.unit_number,
        sum(query_metrics.value) as value_sum
    from query_metrics
    inner join units on query_metrics.query_id = units.query_id
    where query_metrics.metric not in ({{ quoted_counts }})
    group by
        query_metrics.system_id, query_metrics.metric, query_metrics.cutoff, units.unit_kind, units.unit_number
),

unit_vectors as (
    select
        system_id,
        metric,
        cutoff,
        unit_kind,
        {{ ordered_list('value_sum', 'unit_number') }} as value_sums
    from unit_sums
    group by system_id, metric, cutoff, unit_kind
),

unit_sizes as (
    select
        unit_kind,
        unit_number,
        count(*) as query_count
    from units
    group by unit_kind, unit_number
),

size_vectors as (
    select
        unit_kind,
        count(*) as unit_count,
        {{ ordered_list('query_count', 'unit_number') }} as query_counts
    from unit_sizes
    group by unit_kind
    having count(*) > 1
),

resample_sizes as (
    select
        resamples.unit_kind,
        resamples.times_drawn,
        size_vectors.unit_count,
        {{ inner_product('resamples.times_drawn', 'size_vectors.query_counts') }} as query_count
    from resamples
    inner join size_vectors on resamples.unit_kind = size_vectors.unit_kind
),

{# Measures often agree on every query: without ties each equals its expected value. #}
different_vectors as (
    select
        unit_kind,
        value_sums,
        row_number() over (order by unit_kind, value_sums) as vector_number
    from unit_vectors
    group by unit_kind, value_sums
),

{# For one kind of unit at a time this is a plain product, which costs a third of a join on the kind. #}
resampled_means as (
    {% for unit_kind in ['author', 'query'] -%}
    select
        different_vectors.vector_number,
        resample_sizes.unit_count,
        {{ inner_product('different_vectors.value_sums', 'resample_sizes.times_drawn') }}
        / resample_sizes.query_count as resampled_mean
    from different_vectors
    cross join resample_sizes
    where different_vectors.unit_kind = '{{ unit_kind }}' and resample_sizes.unit_kind = '{{ unit_kind }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

vector_intervals as (
    select
        vector_number,
        {{ order_statistic('resampled_mean', place_of_lower_end('max(unit_count)', 'count(*)')) }} as ci_low,
        {{
            order_statistic('resampled_mean', 'count(*) + 1 - ' ~ place_of_lower_end('max(unit_count)', 'count(*)'))
        }} as ci_high
    from resampled_means
    group by vector_number
),

intervals as (
    select
        unit_vectors.system_id,
        unit_vectors.metric,
        unit_vectors.cutoff,
        unit_vectors.unit_kind,
        vector_intervals.ci_low,
        vector_intervals.ci_high
    from unit_vectors
    inner join different_vectors
        on
            unit_vectors.unit_kind = different_vectors.unit_kind
            and unit_vectors.value_sums = different_vectors.value_sums
    inner join vector_intervals on different_vectors.vector_number = vector_intervals.vector_number
),

author_intervals as (
    select *
    from intervals
    where unit_kind = 'author'
),

query_intervals as (
    select *
    from intervals
    where unit_kind = 'query'
),

system_metrics as (
    select
        means.system_id,
        means.metric,
        means.cutoff,
        means.value,
        coalesce(author_intervals.ci_low, query_intervals.ci_low) as ci_low,
        coalesce(author_intervals.ci_high, query_intervals.ci_high) as ci_high,
        coalesce(author_intervals.unit_kind, query_intervals.unit_kind) as ci_unit,
        query_intervals.ci_low as query_ci_low,
        query_intervals.ci_high as query_ci_high,
        means.query_count
    from means
    left join author_intervals
        on
            means.system_id = author_intervals.system_id
            and means.metric = author_intervals.metric
            and means.cutoff is not distinct from author_intervals.cutoff
    left join query_intervals
        on
            means.system_id = query_intervals.system_id
            and means.metric = query_intervals.metric
            and means.cutoff is not distinct from query_intervals.cutoff
    union all
    select
        system_id,
        metric,
        cutoff,
        value,
        null as ci_low,
        null as ci_high,
        null as ci_unit,
        null as query_ci_low,
        null as query_ci_high,
        query_count
    from other_values
)

select
    system_id,
    metric,
    cutoff,
    round(value, 12) as value,
    round(ci_low, 12) as ci_low,
    round(ci_high, 12) as ci_high,
    ci_unit,
    round(query_ci_low, 12) as query_ci_low,
    round(query_ci_high, 12) as query_ci_high,
    query_count
from system_metrics
