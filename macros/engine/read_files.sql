{#
    A relation with one row for each raw file that matches one of the patterns (below the raw zone):
    file (relative to the raw zone), size_bytes, last_modified (UTC), content (text without byte order mark; null where
    unreadable), problem (why it is unreadable; null where it is not). No matching file gives no row, never an error.
    `only` narrows the patterns to a list of files, so that an incremental model reads nothing else.
#}
{% macro read_files(patterns, only=none) -%}
    {{ return(adapter.dispatch('read_files')(patterns, only)) }}
{%- endmacro %}

{% macro duckdb__read_files(patterns, only=none) -%}
    {%- set chosen = patterns -%}
    {%- if only is not none -%}
        {%- set chosen = [] -%}
        {%- for file in only -%}
            {%- do chosen.append(file.replace('[', '[[]').replace('*', '[*]').replace('?', '[?]')) -%}
        {%- endfor -%}
    {%- endif -%}
    (
        select
            file,
            size_bytes,
            last_modified,
            case when trim(content, chr(32) || chr(9) || chr(10) || chr(13)) <> '' then content end as content,
            case
                when content is null then 'the file is not valid UTF-8'
                when trim(content, chr(32) || chr(9) || chr(10) || chr(13)) = '' then 'the file is empty'
            end as problem
        from (
            select
                substring(filename, length('{{ raw_zone() }}') + 1) as file,
                size as size_bytes,
                last_modified::timestamp as last_modified,
                ltrim(try(decode(content)), chr(65279)) as content
            from read_blob({{ raw_zone_globs(chosen or ['nothing-to-read']) }})
        ) as files_as_text
    )
{%- endmacro %}


{#
    The files of the patterns that a relation with the columns file and file_version does not hold in their present
    state. Asked when the model is compiled, because a file can only be left unread before the query runs.
#}
{% macro changed_files(patterns, relation) -%}
    {{ return(adapter.dispatch('changed_files')(patterns, relation)) }}
{%- endmacro %}

{% macro duckdb__changed_files(patterns, relation) -%}
    {%- set changed = [] -%}
    {%- if execute -%}
        {%- set found -%}
            select present_files.file
            from {{ present_files(patterns) }} as present_files
            left join (select distinct file, file_version from {{ relation }}) as known_files
                on present_files.file = known_files.file and present_files.file_version = known_files.file_version
            where known_files.file is null
            order by present_files.file
        {%- endset -%}
        {%- for row in run_query(found).rows -%}
            {%- do changed.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(changed) }}
{%- endmacro %}


{#
    A relation with one row for each file of the patterns: file and file_version, a text that changes with the file's
    size, its time of change in nanoseconds, or the list of what is to be forgotten. No file is read.
#}
{% macro present_files(patterns) -%}
    {{ return(adapter.dispatch('present_files')(patterns)) }}
{%- endmacro %}

{% macro duckdb__present_files(patterns) -%}
    (
        select
            substring(file, length('{{ raw_zone() }}') + 1) as file,
            file_version(file) || ' ' || file_version('{{ raw_zone("deletions.ndjson") }}') as file_version
        from (
            {%- for pattern in patterns %}
            select file from glob('{{ raw_zone_glob(pattern) }}')
            {{ 'union' if not loop.last }}
            {%- endfor %}
        ) as found_files
    )
{%- endmacro %}


{# A relation with one row for each file of the patterns: file, size_bytes, last_modified (UTC). No file is read. #}
{% macro list_files(patterns) -%}
    {{ return(adapter.dispatch('list_files')(patterns)) }}
{%- endmacro %}

{% macro duckdb__list_files(patterns) -%}
    (
        select
            substring(filename, length('{{ raw_zone() }}') + 1) as file,
            size as size_bytes,
            last_modified::timestamp as last_modified
        from read_blob({{ raw_zone_globs(patterns) }})
    )
{%- endmacro %}
