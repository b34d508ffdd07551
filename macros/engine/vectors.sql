{# Aggregate: the values as a list of doubles in a given order. #}
{% macro ordered_list(value, order) -%}
    {{ return(adapter.dispatch('ordered_list')(value, order)) }}
{%- endmacro %}

{% macro duckdb__ordered_list(value, order) -%}
    array_agg(cast({{ value }} as double) order by {{ order }})
{%- endmacro %}

{# The sum of the products of two lists of doubles of one length. #}
{% macro inner_product(left, right) -%}
    {{ return(adapter.dispatch('inner_product')(left, right)) }}
{%- endmacro %}

{% macro duckdb__inner_product(left, right) -%}
    list_inner_product({{ left }}, {{ right }})
{%- endmacro %}

{# Aggregate: the value that stands at a place, from 1, when the values are in ascending order. #}
{% macro order_statistic(value, place) -%}
    {{ return(adapter.dispatch('order_statistic')(value, place)) }}
{%- endmacro %}

{% macro duckdb__order_statistic(value, place) -%}
    list_extract(list_sort(array_agg({{ value }})), {{ place }})
{%- endmacro %}

{# A number in [0, 1) that looks random and is always the same for one text: 32 bits of its MD5 sum. #}
{% macro uniform_number(text) -%}
    {{ return(adapter.dispatch('uniform_number')(text)) }}
{%- endmacro %}

{% macro duckdb__uniform_number(text) -%}
    (cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) / 4294967296.0)
{%- endmacro %}

{# In how many bits two whole numbers differ, as an integer. #}
{% macro differing_bits(left, right) -%}
    {{ return(adapter.dispatch('differing_bits')(left, right)) }}
{%- endmacro %}

{% macro duckdb__differing_bits(left, right) -%}
    cast(bit_count(xor({{ left }}, {{ right }})) as integer)
{%- endmacro %}
