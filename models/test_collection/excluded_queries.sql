{# One row for each submitted query that cannot be judged. #}
select
    query_id,
    query_text,
    author,
    source,
    cast(position as integer) as position,
    reason
from {{ ref('int_queries_submitted') }}
where reason is not null
