{# One row for each readable result of a foreign run: system, query and document. #}
{{ config(materialized='view') }}
select
    system_id,
    query_id,
    doc_id,
    score
from {{ ref('stg_runs__lines') }}
where problem is null
