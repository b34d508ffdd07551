{# One row for each kind of sampling unit and assignment of signs to its units. #}
{%- set most_flips = var('randomisation_flips', 4096) %}
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
        count(*) as unit_count,
        {# All assignments where there are no more than can be tried, else a sample of them. #}
        power(2, count(*)) <= {{ most_flips }} as is_exact
    from units
    group by unit_kind
    having count(*) > 1
),

numbers as (select {{ explode(integers_to(most_flips)) }} as flip_number),

{# Number 0 leaves every sign as it is: it belongs to the assignments, in a sample too. #}
flips as (
    select
        unit_counts.unit_kind,
        unit_counts.is_exact,
        numbers.flip_number - 1 as flip
    from unit_counts
    cross join numbers
    where numbers.flip_number <= power(2, unit_counts.unit_count)
),

signs as (
    select
        flips.unit_kind,
        flips.is_exact,
        flips.flip,
        units.unit_number,
        case
            when flips.flip = 0 then 1
            when flips.is_exact
                then 1 - 2 * (cast(floor(flips.flip / power(2, units.unit_number - 1)) as bigint) % 2)
            when
                {{
                    uniform_number(
                        "'signs " ~ var('seed', 1)
                        ~ " ' || units.unit_kind || ' ' || flips.flip || ' ' || units.unit_number"
                    )
                }} < 0.5
                then -1
            else 1
        end as sign
    from flips
    inner join units on flips.unit_kind = units.unit_kind
),

sign_flips as (
    select
        unit_kind,
        is_exact,
        flip,
        {{ ordered_list('sign', 'unit_number') }} as signs
    from signs
    group by unit_kind, is_exact, flip
)

select * from sign_flips
