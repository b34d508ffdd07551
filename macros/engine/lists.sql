{# A row for each element of a list, in the select list of a query. #}
{% macro explode(list) -%}
    {{ return(adapter.dispatch('explode')(list)) }}
{%- endmacro %}

{% macro duckdb__explode(list) -%}
    unnest({{ list }})
{%- endmacro %}

{# The integers from 1 to the last one; an empty list when last < 1. #}
{% macro integers_to(last) -%}
    {{ return(adapter.dispatch('integers_to')(last)) }}
{%- endmacro %}

{% macro duckdb__integers_to(last) -%}
    range(1, ({{ last }}) + 1)
{%- endmacro %}

{# The element at a position from 1. #}
{% macro list_element(list, position) -%}
    {{ return(adapter.dispatch('list_element')(list, position)) }}
{%- endmacro %}

{% macro duckdb__list_element(list, position) -%}
    list_extract({{ list }}, {{ position }})
{%- endmacro %}

{# How many elements a list has. #}
{% macro list_length(list) -%}
    {{ return(adapter.dispatch('list_length')(list)) }}
{%- endmacro %}

{% macro duckdb__list_length(list) -%}
    len({{ list }})
{%- endmacro %}

{# Aggregate: the k greatest values as a list, greatest first; fewer where there are fewer. #}
{% macro greatest_values(value, k) -%}
    {{ return(adapter.dispatch('greatest_values')(value, k)) }}
{%- endmacro %}

{% macro duckdb__greatest_values(value, k) -%}
    max({{ value }}, {{ k }})
{%- endmacro %}
