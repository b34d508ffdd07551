{#
    All columns; where the build is pseudonymised, those that may tell of a person under pseudonyms. `columns` says how each
    is hidden: person, id, comment_id, query_id, text, music_title, link (null), ids (a list), or day (a time that an id
    would tell to the second). `names` is ref('int_names_gathered') where the build is pseudonymised, otherwise none.
#}
{% macro disguised(columns, names) -%}
    {{ return(adapter.dispatch('disguised')(columns, names)) }}
{%- endmacro %}

{% macro duckdb__disguised(columns, names) -%}
    {%- set hidden = [] %}
    {%- if names is not none %}
        {%- for column, how in columns.items() %}
            {%- if how == 'ids' %}
                {%- do hidden.append('list_transform(' ~ column ~ ', lambda given: hide_id(given)) as ' ~ column) %}
            {%- elif how == 'day' %}
                {%- if var('pseudonymise_ids') %}
                    {%- do hidden.append("cast(date_trunc('day', " ~ column ~ ') as timestamp) as ' ~ column) %}
                {%- endif %}
            {%- else %}
                {%- do hidden.append('hide_' ~ how ~ '(' ~ column ~ ') as ' ~ column) %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '* replace (' ~ hidden | join(', ') ~ ')' if hidden else '*' -}}
{%- endmacro %}

{# Whether the build hides persons; check_settings refuses any other value of the var than true and false. #}
{% macro is_pseudonymised() -%}
    {{ return(var('pseudonymise') is sameas true) }}
{%- endmacro %}

{# Tell the functions behind `disguised` the names that were gathered. #}
{% macro begin_disguise(names) -%}
    {{ return(adapter.dispatch('begin_disguise')(names)) }}
{%- endmacro %}

{% macro duckdb__begin_disguise(names) -%}
    select begin_disguise(
        '{{ raw_zone() }}',
        {{ not var('pseudonymise_ids') }},
        coalesce(bool_or(part = 'creator'), false),
        coalesce(list(name), []),
        coalesce(list(part), []),
        coalesce(list(tiktok_count), [])
    )
    from {{ names }}
{%- endmacro %}
