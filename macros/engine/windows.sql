{# The window over all rows of a table that lies in the order given. DuckDB takes the rows as they lie, one after the other
   in one pass: to sort them again would take longer than all else that is done with them. #}
{% macro window_in_stored_order(order) -%}
    {{ return(adapter.dispatch('window_in_stored_order')(order)) }}
{%- endmacro %}

{% macro duckdb__window_in_stored_order(order) -%}
    ()
{%- endmacro %}

{% macro default__window_in_stored_order(order) -%}
    (order by {{ order }})
{%- endmacro %}
