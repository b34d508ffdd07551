{# A relation with one row for each row and column of a list that is not null there: the other columns as they are, the
   column's name as `name`, its value as `value`. #}
{% macro unpivoted(relation, columns, name, value) -%}
    {{ return(adapter.dispatch('unpivoted')(relation, columns, name, value)) }}
{%- endmacro %}

{% macro duckdb__unpivoted(relation, columns, name, value) -%}
    (
        unpivot {{ relation }}
        on {{ columns | join(', ') }}
        into name {{ name }} value {{ value }}
    )
{%- endmacro %}
