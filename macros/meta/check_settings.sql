{# Runs before anything else: a setting that cannot be meant stops the build while the warehouse is as it was. #}
{% macro check_settings() -%}
    {%- if execute %}
        {%- for name in ['kept_depth', 'explained_depth'] %}
            {%- if var(name) is not number or var(name) != var(name) | int or var(name) < 1 %}
                {{- exceptions.raise_compiler_error(
                    "var " ~ name ~ " is '" ~ var(name) ~ "': give a whole number from 1 up, as in --vars '{" ~ name ~ ": 10}'"
                ) }}
            {%- endif %}
        {%- endfor %}
        {%- set comments = var('max_comments') %}
        {%- if comments is not none and (comments is not number or comments != comments | int or comments < 0) %}
            {{- exceptions.raise_compiler_error(
                "var max_comments is '" ~ comments ~ "': give a whole number from 0 up, or null for all comments"
            ) }}
        {%- endif %}
        {%- if var('all_systems') is not boolean %}
            {{- exceptions.raise_compiler_error("var all_systems is '" ~ var('all_systems') ~ "': give true or false") }}
        {%- endif %}
        {{- check_raw_zone() }}
    {%- endif %}
{%- endmacro %}

{# A raw zone that is not there would build an empty warehouse over a good one. #}
{% macro check_raw_zone() -%}
    {{ return(adapter.dispatch('check_raw_zone')()) }}
{%- endmacro %}

{% macro duckdb__check_raw_zone() -%}
    {%- if run_query("select file_version('" ~ raw_zone() ~ "')").columns[0].values()[0] == 'absent' %}
        {{- exceptions.raise_compiler_error(
            "there is no folder " ~ env_var('TIKTOK_DATA', 'data') ~ ": set TIKTOK_DATA to the folder of your raw zone"
        ) }}
    {%- endif %}
{%- endmacro %}
