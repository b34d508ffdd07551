{# One row for each readable result of a foreign run: system, query and document. #}
{{ config(materialized='table' if is_pseudonymised() else 'view') }}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

results as (
    select
        system_id,
        query_id,
        doc_id,
        score
    from {{ ref('stg_runs__lines') }}
    where problem is null
)

{#- Whoever made a run may have called its file by a name -#}
select {{ disguised({'system_id': 'text', 'query_id': 'query_id', 'doc_id': 'id'}, names) }}
from results
