{# One row for each judged query and kind of sampling unit: the query itself, or its author where authors are known. #}
with

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

queries as (select * from {{ ref('queries') }}),

judged_queries as (
    select distinct
        query_runs.query_id,
        queries.author
    from query_runs
    left join queries on query_runs.query_id = queries.query_id
),

{# One author says nothing about how authors differ. #}
authors as (
    select count(distinct author) as author_count
    from judged_queries
),

units as (
    select
        'query' as unit_kind,
        query_id,
        query_id as unit,
        cast(null as varchar) as author
    from judged_queries
    union all
    {# A query of an unknown author is a unit of its own. #}
    select
        'author' as unit_kind,
        judged_queries.query_id,
        coalesce('author ' || judged_queries.author, 'query ' || judged_queries.query_id) as unit,
        judged_queries.author
    from judged_queries
    cross join authors
    where authors.author_count > 1
)

select
    unit_kind,
    query_id,
    author,
    cast(dense_rank() over (partition by unit_kind order by unit) as integer) as unit_number
from units
