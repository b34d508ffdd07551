{# One row for each record of the queries, the text collection and the foreign runs that could not be read. #}
{{ config(materialized='view') }}
{%- set sources = [
    'stg_known_items__queries', 'stg_viewer__queries', 'stg_collection__document_records', 'stg_collection__queries',
    'stg_collection__qrels', 'stg_runs__lines', 'stg_viewer__judgements'
] %}
{% for source in sources -%}
select
    file,
    cast(position as integer) as position,
    problem as reason
from {{ ref(source) }}
where problem is not null
{{ 'union all' if not loop.last }}
{% endfor -%}
