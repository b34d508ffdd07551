{# One row for each query, with the number that stands for it while rankings are computed. #}
with

queries as (select * from {{ ref('queries') }}),

queries_numbered as (
    select
        query_id,
        query_text,
        cast(row_number() over (order by query_id) as integer) as query_number
    from queries
)

select * from queries_numbered
