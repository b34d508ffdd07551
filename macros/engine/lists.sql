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

{# The elements of a list of lists as one list. #}
{% macro joined_lists(lists) -%}
    {{ return(adapter.dispatch('joined_lists')(lists)) }}
{%- endmacro %}

{% macro duckdb__joined_lists(lists) -%}
    flatten({{ lists }})
{%- endmacro %}

{# The elements of a list, least first. #}
{% macro sorted_list(list) -%}
    {{ return(adapter.dispatch('sorted_list')(list)) }}
{%- endmacro %}

{% macro duckdb__sorted_list(list) -%}
    list_sort({{ list }})
{%- endmacro %}

{# The positions in a sorted list, a column, at which another element than before begins. #}
{% macro run_starts(list) -%}
    {{ return(adapter.dispatch('run_starts')(list)) }}
{%- endmacro %}

{% macro duckdb__run_starts(list) -%}
    list_filter(
        range(1, len({{ list }}) + 1),
        lambda position: position = 1 or {{ list }}[position] <> {{ list }}[position - 1]
    )
{%- endmacro %}

{# The elements of a list at those positions. #}
{% macro elements_at(list, positions) -%}
    {{ return(adapter.dispatch('elements_at')(list, positions)) }}
{%- endmacro %}

{% macro duckdb__elements_at(list, positions) -%}
    list_select({{ list }}, {{ positions }})
{%- endmacro %}

{# How long the runs of a list, a column, are whose starts, a column as well, are known. #}
{% macro run_lengths(list, starts) -%}
    {{ return(adapter.dispatch('run_lengths')(list, starts)) }}
{%- endmacro %}

{% macro duckdb__run_lengths(list, starts) -%}
    list_transform(
        {{ starts }},
        lambda start, number: coalesce({{ starts }}[number + 1], len({{ list }}) + 1) - start
    )
{%- endmacro %}
