{# 32 hexadecimal digits that change when a row of the relation changes. #}
{% macro fingerprint(relation, ordering) -%}
    {{ return(adapter.dispatch('fingerprint')(relation, ordering)) }}
{%- endmacro %}

{% macro duckdb__fingerprint(relation, ordering) -%}
    md5(coalesce(string_agg(md5(cast({{ relation }} as varchar)), '' order by {{ ordering }}), ''))
{%- endmacro %}

{# A whole number from 0 up that stands for a text: 63 bits of its MD5 sum. #}
{% macro text_fingerprint(text) -%}
    {{ return(adapter.dispatch('text_fingerprint')(text)) }}
{%- endmacro %}

{% macro duckdb__text_fingerprint(text) -%}
    cast(md5_number({{ text }}) >> 65 as bigint)
{%- endmacro %}

{# Name and version of the database engine, as text. #}
{% macro engine_version() -%}
    {{ return(adapter.dispatch('engine_version')()) }}
{%- endmacro %}

{% macro duckdb__engine_version() -%}
    'duckdb ' || version()
{%- endmacro %}
