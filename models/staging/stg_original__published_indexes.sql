{# One row for each line of the original study's published table of indexes. #}
{{ config(enabled=var('original_study')) }}
with

lines as (
    select * from {{ read_lines_and_problems(['original_indexes.csv']) }} as raw_lines
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

published_indexes as (
    select
        file,
        position,
        try_cast({{ list_element('parts', 1) }} as integer) as index_id,
        try_cast({{ list_element('parts', 9) }} as integer) as vocabulary_size,
        problem
    from split_lines
)

select
    file,
    position,
    index_id,
    vocabulary_size,
    case
        when problem is not null then problem
        when index_id is null then 'column 1 is no index_id'
        when vocabulary_size is null then 'column 9 is no vocab_size'
    end as problem
from published_indexes
