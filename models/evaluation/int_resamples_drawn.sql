{# One row for each kind of sampling unit and bootstrap resample: how often it draws each unit. #}
{%- set resamples = var('bootstrap_resamples', 2000) %}
with

units as (
    select distinct
        unit_kind,
        unit_number
    from {{ ref('int_query_units_numbered') }}
),

unit_counts as (
    select
        unit_kind,
        count(*) as unit_count
    from units
    group by unit_kind
),

resamples as (select {{ explode(integers_to(resamples)) }} as resample),

draws as (
    select
        units.unit_kind,
        resamples.resample,
        1 + cast(floor(
            unit_counts.unit_count * {{
                uniform_number(
                    "'bootstrap " ~ var('seed', 1)
                    ~ " ' || units.unit_kind || ' ' || resamples.resample || ' ' || units.unit_number"
                )
            }}
        ) as integer) as drawn_unit_number
    from units
    inner join unit_counts on units.unit_kind = unit_counts.unit_kind
    cross join resamples
),

times_drawn as (
    select
        unit_kind,
        resample,
        drawn_unit_number,
        count(*) as times
    from draws
    group by unit_kind, resample, drawn_unit_number
),

resamples_drawn as (
    select
        units.unit_kind,
        resamples.resample,
        {{ ordered_list('coalesce(times_drawn.times, 0)', 'units.unit_number') }} as times_drawn
    from units
    cross join resamples
    left join times_drawn
        on
            units.unit_kind = times_drawn.unit_kind
            and resamples.resample = times_drawn.resample
            and units.unit_number = times_drawn.drawn_unit_number
    group by units.unit_kind, resamples.resample
)

select * from resamples_drawn
