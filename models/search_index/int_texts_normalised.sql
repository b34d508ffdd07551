{# One row for each content and normalisation scheme, in ASCII and lowercase. #}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_contents(ref('int_texts_collected')) }}",
) }}
with

texts as (
    select distinct
        content_id,
        raw_text
    from {{ ref('int_texts_collected') }}
    {{ where_content_is_new() }}
),

runs_normalised as (select * from {{ ref('int_runs_normalised') }}),

schemes as ({{ schemes_of(ref('int_indexes_selected')) }}),

ascii_texts as (
    select
        content_id,
        lower(raw_text) as normalised_text
    from texts
    where {{ is_ascii('raw_text') }}
),

other_texts as (
    select
        content_id,
        {{ ascii_and_other_runs('raw_text') }} as runs
    from texts
    where not {{ is_ascii('raw_text') }}
),

run_positions as (
    select
        content_id,
        runs,
        {{ explode(integers_to('array_length(runs)')) }} as position
    from other_texts
),

runs as (
    select
        content_id,
        position,
        {{ list_element('runs', 'position') }} as run
    from run_positions
),

joined_texts as (
    select
        schemes.scheme,
        runs.content_id,
        {{ join_strings('coalesce(runs_normalised.form, lower(runs.run))', 'runs.position') }} as normalised_text
    from runs
    cross join schemes
    left join runs_normalised
        on
            schemes.scheme = runs_normalised.scheme
            and runs.run = runs_normalised.run
    group by schemes.scheme, runs.content_id
),

texts_normalised as (
    select
        schemes.scheme,
        ascii_texts.content_id,
        ascii_texts.normalised_text
    from ascii_texts
    cross join schemes
    union all
    select
        scheme,
        content_id,
        normalised_text
    from joined_texts
)

select * from texts_normalised
