{# One row for each system of a family, its baseline and main measure: the paired difference over all judged queries. #}
with

query_metrics as (select * from {{ ref('query_metrics') }}),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

systems as (select * from {{ ref('systems') }}),

units as (select * from {{ ref('int_query_units_numbered') }}),

resamples as (select * from {{ ref('int_resamples_drawn') }}),

sign_flips as (select * from {{ ref('int_sign_flips_drawn') }}),

collection as (
    select {{ leading_metric('max(relevant_count)') }} as leading_metric
    from query_runs
),

{# Sweeps are no family: of many settings the best by chance would be called significant. They get cross-validation. #}
family_systems as (
    select distinct
        query_runs.system_id,
        case when systems.system_kind = 'foreign run' then 'foreign runs' else 'default systems' end as family
    from query_runs
    inner join systems on query_runs.system_id = systems.system_id
    where systems.is_default or systems.system_kind = 'foreign run'
),

{# The system that a var names; else plain words with the usual parameters; else the first by name. #}
baselines as (
    select system_id as baseline_id
    from family_systems
    order by
        case when system_id = '{{ var("baseline_system", "words_bm25_k1.2_b0.75") }}' then 0 else 1 end asc,
        family asc,
        system_id asc
    limit 1
),

measured as (
    select query_metrics.*
    from query_metrics
    cross join collection
    where
        {{ is_main_measure('query_metrics.metric', 'query_metrics.cutoff') }}
        and (query_metrics.metric <> 'average_precision' or collection.leading_metric = 'average_precision')
),

differences as (
    select
        family_systems.family,
        measured.system_id,
        baselines.baseline_id,
        measured.metric,
        measured.cutoff,
        measured.query_id,
        measured.value - of_baseline.value as difference,
        {# A lower target rank is better. #}
        (measured.value - of_baseline.value) * case when measured.metric = 'target_rank' then -1 else 1 end as gain
    from measured
    inner join family_systems on measured.system_id = family_systems.system_id
    cross join baselines
    inner join measured as of_baseline
        on
            baselines.baseline_id = of_baseline.system_id
            and measured.metric = of_baseline.metric
            and measured.cutoff is not distinct from of_baseline.cutoff
            and measured.query_id = of_baseline.query_id
    where measured.system_id <> baselines.baseline_id
),

tallies as (
    select
        family,
        system_id,
        baseline_id,
        metric,
        cutoff,
        avg(difference) as difference,
        cast(count(*) as integer) as query_count,
        cast(count(*) filter (where gain > 1e-9) as integer) as wins,
        cast(count(*) filter (where abs(gain) <= 1e-9) as integer) as ties,
        cast(count(*) filter (where gain < -1e-9) as integer) as losses,
        row_number() over (order by family, metric, cutoff nulls first, system_id) as comparison_number,
        dense_rank() over (order by family, metric, cutoff nulls first) as family_number
    from differences
    group by family, system_id, baseline_id, metric, cutoff
),

unit_differences as (
    select
        tallies.comparison_number,
        tallies.difference,
        units.unit_kind,
        units.unit_number,
        count(*) as query_count,
        sum(differences.difference) as difference_sum
    from differences
    inner join tallies
        on
            differences.system_id = tallies.system_id
            and differences.metric = tallies.metric
            and differences.cutoff is not distinct from tallies.cutoff
    inner join units on differences.query_id = units.query_id
    group by tallies.comparison_number, tallies.difference, units.unit_kind, units.unit_number
),

vectors as (
    select
        comparison_number,
        unit_kind,
        count(*) as unit_count,
        sum(query_count) as query_count,
        sqrt(sum(power(difference_sum, 2))) as length_of_differences,
        {# Sampling error of the mean, from how much the units differ (sums of a unit's residuals). #}
        case
            when count(*) > 1
                then
                    sqrt(
                        count(*) / (count(*) - 1.0) * sum(power(difference_sum - query_count * difference, 2))
                    ) / sum(query_count)
        end as standard_error,
        {{ ordered_list('difference_sum', 'unit_number') }} as difference_sums,
        {{ ordered_list('query_count', 'unit_number') }} as query_counts
    from unit_differences
    group by comparison_number, unit_kind
),

{#
    Every vector meets every resample and every assignment of signs: written for one kind of unit at a time this is a plain
    product, which costs a third of a join on the kind.
#}
resampled_differences as (
    {% for unit_kind in ['author', 'query'] -%}
    select
        vectors.comparison_number,
        vectors.unit_kind,
        vectors.unit_count,
        {{ inner_product('vectors.difference_sums', 'resamples.times_drawn') }}
        / {{ inner_product('vectors.query_counts', 'resamples.times_drawn') }} as resampled_difference
    from vectors
    cross join resamples
    where
        vectors.unit_kind = '{{ unit_kind }}'
        and vectors.unit_count > 1
        and resamples.unit_kind = '{{ unit_kind }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

intervals as (
    select
        comparison_number,
        unit_kind,
        {{ order_statistic('resampled_difference', place_of_lower_end('max(unit_count)', 'count(*)')) }} as ci_low,
        {{
            order_statistic(
                'resampled_difference', 'count(*) + 1 - ' ~ place_of_lower_end('max(unit_count)', 'count(*)')
            )
        }} as ci_high
    from resampled_differences
    group by comparison_number, unit_kind
),

{#
    Were the two systems alike, the sign of each unit's difference would be a coin's throw (Fisher's randomisation test).
    Dividing by the length, which no sign changes, makes the systems of a family comparable.
#}
flipped as (
    {% for unit_kind in ['author', 'query'] -%}
    select
        vectors.comparison_number,
        vectors.unit_kind,
        sign_flips.flip,
        {# Equal sums in another order differ in the last bits. #}
        round(
            coalesce(
                abs({{ inner_product('vectors.difference_sums', 'sign_flips.signs') }})
                / nullif(vectors.length_of_differences, 0), 0
            ), 9
        ) as statistic
    from vectors
    cross join sign_flips
    where vectors.unit_kind = '{{ unit_kind }}' and sign_flips.unit_kind = '{{ unit_kind }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

observed as (
    select
        comparison_number,
        unit_kind,
        statistic
    from flipped
    where flip = 0
),

largest_of_family as (
    select
        tallies.family_number,
        flipped.unit_kind,
        flipped.flip,
        max(flipped.statistic) as statistic
    from flipped
    inner join tallies on flipped.comparison_number = tallies.comparison_number
    group by tallies.family_number, flipped.unit_kind, flipped.flip
),

exactness as (
    select distinct
        unit_kind,
        is_exact
    from sign_flips
),

own_p_values as (
    select
        flipped.comparison_number,
        flipped.unit_kind,
        avg(case when flipped.statistic >= observed.statistic then 1.0 else 0.0 end) as p_value
    from flipped
    inner join observed
        on flipped.comparison_number = observed.comparison_number and flipped.unit_kind = observed.unit_kind
    group by flipped.comparison_number, flipped.unit_kind
),

{# Westfall and Young's single step: how often the best of the family would look as good as this system does. #}
family_p_values as (
    select
        observed.comparison_number,
        observed.unit_kind,
        avg(case when largest_of_family.statistic >= observed.statistic then 1.0 else 0.0 end) as p_adjusted
    from observed
    inner join tallies on observed.comparison_number = tallies.comparison_number
    inner join largest_of_family
        on
            observed.unit_kind = largest_of_family.unit_kind
            and tallies.family_number = largest_of_family.family_number
    group by observed.comparison_number, observed.unit_kind
),

ordered_p_values as (
    select
        own_p_values.comparison_number,
        own_p_values.unit_kind,
        exactness.is_exact,
        own_p_values.p_value,
        tallies.family_number,
        count(*) over (
            partition by tallies.family_number, own_p_values.unit_kind
        ) as family_size,
        row_number() over (
            partition by tallies.family_number, own_p_values.unit_kind
            order by own_p_values.p_value, own_p_values.comparison_number
        ) as place
    from own_p_values
    inner join tallies on own_p_values.comparison_number = tallies.comparison_number
    inner join exactness on own_p_values.unit_kind = exactness.unit_kind
),

tests as (
    select
        ordered_p_values.comparison_number,
        ordered_p_values.unit_kind,
        ordered_p_values.is_exact,
        ordered_p_values.p_value,
        family_p_values.p_adjusted,
        max(least(1, (1 + ordered_p_values.family_size - ordered_p_values.place) * ordered_p_values.p_value)) over (
            partition by ordered_p_values.family_number, ordered_p_values.unit_kind
            order by ordered_p_values.place
            rows between unbounded preceding and current row
        ) as p_holm
    from ordered_p_values
    inner join family_p_values
        on
            ordered_p_values.comparison_number = family_p_values.comparison_number
            and ordered_p_values.unit_kind = family_p_values.unit_kind
),

{# Authors are the unit where they are known: queries of one author are alike. #}
chosen_kind as (select min(unit_kind) as unit_kind from units),

comparisons as (
    select
        tallies.*,
        intervals.ci_low,
        intervals.ci_high,
        tests.unit_kind || ' sign flips, ' || case when tests.is_exact then 'all' else 'sampled' end as test,
        tests.p_value,
        tests.p_adjusted,
        tests.p_holm,
        query_tests.p_value as query_p_value,
        query_tests.p_adjusted as query_p_adjusted,
        vectors.standard_error * (
            {{ student_t_quantile(normal_quantile_975(), '(vectors.unit_count - 1.0)') }}
            + {{ student_t_quantile(normal_quantile_80(), '(vectors.unit_count - 1.0)') }}
        ) as detectable_difference
    from tallies
    cross join chosen_kind
    inner join vectors
        on tallies.comparison_number = vectors.comparison_number and chosen_kind.unit_kind = vectors.unit_kind
    left join intervals
        on tallies.comparison_number = intervals.comparison_number and chosen_kind.unit_kind = intervals.unit_kind
    left join tests
        on tallies.comparison_number = tests.comparison_number and chosen_kind.unit_kind = tests.unit_kind
    left join tests as query_tests
        on tallies.comparison_number = query_tests.comparison_number and query_tests.unit_kind = 'query'
)

select
    system_id,
    baseline_id,
    metric,
    cutoff,
    round(difference, 12) as difference,
    round(ci_low, 12) as ci_low,
    round(ci_high, 12) as ci_high,
    wins,
    ties,
    losses,
    query_count,
    test,
    p_value,
    p_adjusted,
    round(p_holm, 12) as p_holm,
    query_p_value,
    query_p_adjusted,
    round(detectable_difference, 12) as detectable_difference,
    family
from comparisons
