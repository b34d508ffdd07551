{# A query that finds nothing counts like any other: each mean is over all judged queries. #}
with

qrels as (select * from {{ ref('qrels') }}),

system_metrics as (select * from {{ ref('system_metrics') }}),

judged as (
    select count(distinct query_id) as query_count
    from qrels
)

select system_metrics.*
from system_metrics
cross join judged
where system_metrics.query_count <> judged.query_count
