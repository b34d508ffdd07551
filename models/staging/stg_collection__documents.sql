{# One row for each readable document of the text collection. #}
{{ config(materialized='view') }}
select
    doc_id,
    title,
    text
from {{ ref('stg_collection__document_records') }}
where problem is null
