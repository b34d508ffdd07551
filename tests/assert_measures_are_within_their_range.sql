{# Shares lie between 0 and 1, ranks are at least 1, counts not below 0, and no measure is missing or not a number. #}
select *
from {{ ref('query_metrics') }}
where
    value is null
    or isnan(value)
    or (metric like '%target_rank' and value < 1)
    or (metric like 'num_%' and value < 0)
    or (metric not like '%target_rank' and metric not like 'num_%' and value not between 0 and 1)
