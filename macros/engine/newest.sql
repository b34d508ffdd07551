{# The value with the lowest rank that is not null: of several scrapes ranked from the newest, the newest that has it. #}
{% macro newest(expression, rank='scrape_rank') -%}
    {{ return(adapter.dispatch('newest')(expression, rank)) }}
{%- endmacro %}

{% macro duckdb__newest(expression, rank) -%}
    arg_min({{ expression }}, {{ rank }})
{%- endmacro %}
