{#
    The lines of the files as read_lines gives them, and one row without position and line for each file that cannot be
    read: file, position, line, problem.
#}
{% macro read_lines_and_problems(patterns) -%}
    (
        select
            file,
            position,
            line,
            cast(null as varchar) as problem
        from {{ read_lines(patterns) }} as readable_lines
        union all
        select
            file,
            null as position,
            null as line,
            problem
        from {{ read_files(patterns) }} as all_files
        where problem is not null
    )
{%- endmacro %}
