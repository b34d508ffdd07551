{# The window over all rows of a table that lies in the order given. Where DuckDB keeps the order of what it reads and writes
   (the setting preserve_insertion_order of the profile), it takes the rows as they lie, in one pass: to sort them again
   would take longer than all else that is done with them. #}
{% macro window_in_stored_order(order) -%}
    {{ return(adapter.dispatch('window_in_stored_order')(order)) }}
{%- endmacro %}

{% macro duckdb__window_in_stored_order(order) -%}
    {%- set keeps_order = (target.settings or {}).get('preserve_insertion_order', true) | string | lower != 'false' -%}
    {{ '()' if keeps_order else default__window_in_stored_order(order) }}
{%- endmacro %}

{% macro default__window_in_stored_order(order) -%}
    (order by {{ order }})
{%- endmacro %}
