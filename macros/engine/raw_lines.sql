{# The lines of the raw zone's files that match any of the patterns: file (below the raw zone), position (from 1), line.
   No file: no row. A file that is not UTF-8 is one row without position and line. #}
{% macro raw_lines(patterns) -%}
    {{ return(adapter.dispatch('raw_lines')(patterns)) }}
{%- endmacro %}

{% macro duckdb__raw_lines(patterns) -%}
    (
        select
            file,
            unnest(lines) as line,
            case when is_text then generate_subscripts(lines, 1) end as position
        from (
            select
                file,
                text is not null as is_text,
                coalesce(
                    string_split(replace(ltrim(text, chr(65279)), chr(13) || chr(10), chr(10)), chr(10)), [null]
                ) as lines
            from {{ raw_texts(patterns) }} as texts
        ) as split_texts
    )
{%- endmacro %}

{# The raw zone's files that match any of the patterns: file (below the raw zone), text (null where it is not UTF-8). #}
{% macro raw_texts(patterns) -%}
    {{ return(adapter.dispatch('raw_texts')(patterns)) }}
{%- endmacro %}

{% macro duckdb__raw_texts(patterns) -%}
    {%- set root = env_var('TIKTOK_DATA', 'data') | replace("'", "''") -%}
    {%- set root = root[:-1] if root.endswith('/') else root -%}
    (
        select
            substr(filename, length('{{ root }}') + 2) as file,
            try(decode(content)) as text
        from read_blob([{% for pattern in patterns %}'{{ root }}/{{ pattern }}'{{ ', ' if not loop.last }}{% endfor %}])
    )
{%- endmacro %}
