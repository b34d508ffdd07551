-- How far down does one have to read to find the video?
-- One row for each system and number of results from 1 to 20: the share of queries with a relevant document there.
with

query_metrics as (
    select *
    from {{ ref('query_metrics') }}
    where metric = 'target_rank'
),

numbers as (select {{ explode(integers_to(20)) }} as results_read),

success as (
    select
        query_metrics.system_id,
        numbers.results_read,
        round(avg(case when query_metrics.value <= numbers.results_read then 1.0 else 0.0 end), 4) as success,
        count(*) as query_count
    from query_metrics
    cross join numbers
    group by query_metrics.system_id, numbers.results_read
)

select *
from success
order by system_id, results_read
