{# One row for each line of the original study's published table of target ranks. #}
{{ config(enabled=var('original_study')) }}
with

lines as (
    select * from {{ read_lines_and_problems(['original_ranks.csv']) }} as raw_lines
),

split_lines as (
    select
        file,
        cast(position as integer) as position,
        problem,
        {{ split_text('line', ',') }} as parts
    from lines
    where
        position is null
        or position > 1
),

published_ranks as (
    select
        file,
        position,
        try_cast({{ list_element('parts', 1) }} as integer) as experiment_id,
        try_cast({{ list_element('parts', 2) }} as integer) as query_number,
        {{ list_element('parts', 3) }} as target_id,
        {{ list_element('parts', 4) }} as shown_rank,
        try_cast({{ list_element('parts', 4) }} as integer) as target_rank,
        problem
    from split_lines
)

select
    file,
    position,
    experiment_id,
    query_number,
    target_id,
    target_rank,
    case
        when problem is not null then problem
        when experiment_id is null then 'column 1 is no experiment_id'
        when query_number is null then 'column 2 is no query_number'
        when coalesce(target_rank, 0) < 1 and coalesce(shown_rank, '-') <> '' then 'column 4 is no target_rank'
    end as problem
from published_ranks
