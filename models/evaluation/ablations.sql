{# One row for each ablation axis, level, system and measure: the mean there, and how far it is from the reference.
   Levels are groups of queries, compared with the other queries, or systems that differ from another in one thing. #}
{%- set attributes = ['useful_description', 'comments_on_topic', 'purely_visual', 'important_lyrics', 'subtextual'] %}
{# An interval over one or two authors would say more than they can. #}
{%- set fewest_units = 3 %}
with

query_metrics as (select * from {{ ref('query_metrics') }}),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

queries as (select * from {{ ref('queries') }}),

systems as (select * from {{ ref('systems') }}),

ablated_systems as (select * from {{ ref('ablated_systems') }}),

units as (select * from {{ ref('int_query_units_numbered') }}),

resamples as (select * from {{ ref('int_resamples_drawn') }}),

collection as (
    select {{ leading_metric('max(relevant_count)') }} as leading_metric
    from query_runs
),

{# Authors are the unit where they are known: queries of one author are alike. #}
chosen_kind as (select min(unit_kind) as unit_kind from units),

unit_numbers as (
    select distinct units.unit_number
    from units
    inner join chosen_kind on units.unit_kind = chosen_kind.unit_kind
),

measured as (
    select
        query_metrics.system_id,
        query_metrics.query_id,
        query_metrics.metric,
        query_metrics.cutoff,
        query_metrics.value,
        units.unit_number
    from query_metrics
    cross join collection
    inner join units on query_metrics.query_id = units.query_id
    inner join chosen_kind on units.unit_kind = chosen_kind.unit_kind
    where
        query_metrics.metric = collection.leading_metric
        or (query_metrics.metric = 'success' and query_metrics.cutoff = 1)
),

query_lengths as (
    select
        query_id,
        array_length({{ split_text(replace_matches('trim(query_text)', '\\s+', ' '), ' ') }}) as word_count
    from queries
    where query_text is not null
),

{# A topic holds the levels that are compared with each other. #}
query_levels as (
    {% for attribute in attributes -%}
    select
        'query attribute' as axis,
        '{{ attribute }}' as topic,
        '{{ attribute }}: ' || case when {{ attribute }} then 'yes' else 'no' end as level,
        query_id
    from queries
    where {{ attribute }} is not null
    union all
    {% endfor -%}
    select
        'author' as axis,
        'author' as topic,
        author as level,
        query_id
    from queries
    where author is not null
    union all
    select
        'query length' as axis,
        'query length' as topic,
        case
            when word_count <= 3 then '1 to 3 words'
            when word_count <= 5 then '4 to 5 words'
            when word_count <= 10 then '6 to 10 words'
            else 'more than 10 words'
        end as level,
        query_id
    from query_lengths
),

{# Sweeps are looked at as a whole, below, and not group by group. #}
level_unit_sums as (
    select
        query_levels.axis,
        query_levels.topic,
        query_levels.level,
        measured.system_id,
        measured.metric,
        measured.cutoff,
        measured.unit_number,
        sum(measured.value) as value_sum,
        count(*) as query_count
    from query_levels
    inner join measured on query_levels.query_id = measured.query_id
    inner join systems on measured.system_id = systems.system_id
    where systems.is_default or systems.system_kind = 'foreign run'
    group by
        query_levels.axis, query_levels.topic, query_levels.level,
        measured.system_id, measured.metric, measured.cutoff, measured.unit_number
),

level_totals as (
    select
        axis,
        topic,
        level,
        system_id,
        metric,
        cutoff,
        sum(value_sum) as value_sum,
        sum(query_count) as query_count
    from level_unit_sums
    group by axis, topic, level, system_id, metric, cutoff
),

topic_unit_sums as (
    select
        topic,
        system_id,
        metric,
        cutoff,
        unit_number,
        sum(value_sum) as value_sum,
        sum(query_count) as query_count
    from level_unit_sums
    group by topic, system_id, metric, cutoff, unit_number
),

group_unit_sums as (
    select
        level_totals.axis,
        level_totals.level,
        level_totals.system_id,
        'other queries' as reference,
        level_totals.metric,
        level_totals.cutoff,
        topic_unit_sums.unit_number,
        coalesce(level_unit_sums.value_sum, 0) as value_sum,
        coalesce(level_unit_sums.query_count, 0) as query_count,
        topic_unit_sums.value_sum - coalesce(level_unit_sums.value_sum, 0) as reference_sum,
        topic_unit_sums.query_count - coalesce(level_unit_sums.query_count, 0) as reference_count
    from level_totals
    inner join topic_unit_sums
        on
            level_totals.topic = topic_unit_sums.topic
            and level_totals.system_id = topic_unit_sums.system_id
            and level_totals.metric = topic_unit_sums.metric
            and level_totals.cutoff is not distinct from topic_unit_sums.cutoff
    left join level_unit_sums
        on
            level_totals.topic = level_unit_sums.topic
            and level_totals.level = level_unit_sums.level
            and level_totals.system_id = level_unit_sums.system_id
            and level_totals.metric = level_unit_sums.metric
            and level_totals.cutoff is not distinct from level_unit_sums.cutoff
            and topic_unit_sums.unit_number = level_unit_sums.unit_number
),

swap_unit_sums as (
    select
        ablated_systems.axis,
        ablated_systems.level,
        ablated_systems.system_id,
        ablated_systems.reference_system_id as reference,
        measured.metric,
        measured.cutoff,
        measured.unit_number,
        sum(measured.value) as value_sum,
        count(*) as query_count,
        sum(of_reference.value) as reference_sum,
        count(*) as reference_count
    from ablated_systems
    inner join measured on ablated_systems.system_id = measured.system_id
    inner join measured as of_reference
        on
            ablated_systems.reference_system_id = of_reference.system_id
            and measured.query_id = of_reference.query_id
            and measured.metric = of_reference.metric
    group by
        ablated_systems.axis, ablated_systems.level, ablated_systems.system_id, ablated_systems.reference_system_id,
        measured.metric, measured.cutoff, measured.unit_number
),

unit_sums as (
    select * from group_unit_sums
    union all
    select * from swap_unit_sums
),

entries as (
    select
        axis,
        level,
        system_id,
        reference,
        metric,
        cutoff,
        row_number() over (order by axis, level, system_id, metric) as entry_number,
        sum(value_sum) / sum(query_count) as value,
        sum(query_count) as query_count,
        sum(reference_sum) / nullif(sum(reference_count), 0) as reference_value,
        sum(reference_count) as reference_query_count,
        count(*) filter (where query_count > 0) as unit_count,
        count(*) filter (where reference_count > 0) as reference_unit_count
    from unit_sums
    group by axis, level, system_id, reference, metric, cutoff
),

{# Every unit has its place, also where it has no query of the level. #}
vectors as (
    select
        entries.entry_number,
        chosen_kind.unit_kind,
        least(entries.unit_count, entries.reference_unit_count) as unit_count,
        {{ ordered_list('coalesce(unit_sums.value_sum, 0)', 'unit_numbers.unit_number') }} as value_sums,
        {{ ordered_list('coalesce(unit_sums.query_count, 0)', 'unit_numbers.unit_number') }} as query_counts,
        {{ ordered_list('coalesce(unit_sums.reference_sum, 0)', 'unit_numbers.unit_number') }} as reference_sums,
        {{ ordered_list('coalesce(unit_sums.reference_count, 0)', 'unit_numbers.unit_number') }} as reference_counts
    from entries
    cross join chosen_kind
    cross join unit_numbers
    left join unit_sums
        on
            entries.axis = unit_sums.axis
            and entries.level = unit_sums.level
            and entries.system_id = unit_sums.system_id
            and entries.metric = unit_sums.metric
            and unit_numbers.unit_number = unit_sums.unit_number
    where least(entries.unit_count, entries.reference_unit_count) >= {{ fewest_units }}
    group by entries.entry_number, chosen_kind.unit_kind, entries.unit_count, entries.reference_unit_count
),

{# A resample without a query of the level says nothing of it. #}
resampled as (
    select
        vectors.entry_number,
        vectors.unit_count,
        {{ inner_product('vectors.value_sums', 'resamples.times_drawn') }}
        / nullif({{ inner_product('vectors.query_counts', 'resamples.times_drawn') }}, 0) as value,
        {{ inner_product('vectors.reference_sums', 'resamples.times_drawn') }}
        / nullif({{ inner_product('vectors.reference_counts', 'resamples.times_drawn') }}, 0) as reference_value
    from vectors
    inner join resamples on vectors.unit_kind = resamples.unit_kind
),

intervals as (
    select
        entry_number,
        {{ order_statistic('value', place_of_lower_end('max(unit_count)', 'count(*)')) }} as ci_low,
        {{
            order_statistic('value', 'count(*) + 1 - ' ~ place_of_lower_end('max(unit_count)', 'count(*)'))
        }} as ci_high,
        {{
            order_statistic('value - reference_value', place_of_lower_end('max(unit_count)', 'count(*)'))
        }} as difference_ci_low,
        {{
            order_statistic(
                'value - reference_value', 'count(*) + 1 - ' ~ place_of_lower_end('max(unit_count)', 'count(*)')
            )
        }} as difference_ci_high
    from resampled
    where value is not null and reference_value is not null
    group by entry_number
)

select
    entries.axis,
    entries.level,
    entries.system_id,
    entries.metric,
    entries.cutoff,
    round(entries.value, 12) as value,
    round(intervals.ci_low, 12) as ci_low,
    round(intervals.ci_high, 12) as ci_high,
    cast(entries.query_count as integer) as query_count,
    entries.reference,
    round(entries.reference_value, 12) as reference_value,
    cast(entries.reference_query_count as integer) as reference_query_count,
    round(entries.value - entries.reference_value, 12) as difference,
    round(intervals.difference_ci_low, 12) as difference_ci_low,
    round(intervals.difference_ci_high, 12) as difference_ci_high
from entries
left join intervals on entries.entry_number = intervals.entry_number
