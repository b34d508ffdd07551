{# The value that ends a query with an error of this text. #}
{% macro fail(message) -%}
    {{ return(adapter.dispatch('fail')(message)) }}
{%- endmacro %}

{% macro duckdb__fail(message) -%}
    error('{{ message }}')
{%- endmacro %}

{% macro default__fail(message) -%}
    raise_error('{{ message }}')
{%- endmacro %}
