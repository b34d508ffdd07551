{#
    A relation with one row for each line that is not blank: file, position (the line's number, from 1), line (text
    without its line ending). Unreadable files give no line: see read_files.
#}
{% macro read_lines(patterns, only=none) -%}
    {{ return(adapter.dispatch('read_lines')(patterns, only)) }}
{%- endmacro %}

{% macro duckdb__read_lines(patterns, only=none) -%}
    (
        select
            file,
            position,
            line
        from (
            select
                file,
                rtrim(unnest(lines), chr(13)) as line,
                generate_subscripts(lines, 1) as position
            from (
                select
                    file,
                    string_split(content, chr(10)) as lines
                from {{ read_files(patterns, only) }} as readable_files
                where problem is null
            ) as split_files
        ) as numbered_lines
        where trim(line) <> ''
    )
{%- endmacro %}


{#
    A relation with one row for each JSON record: file, position (from 1; of a line in .ndjson and .jsonl), record_key (the
    key in a file of the shape {key: record}), record (JSON), problem. A row with a problem and no record is something
    that could not be read: the whole file (position null), or from this position on. Understood are a list of
    records, a single record, {key: record}, and one record a line; a byte order mark is ignored. Of a broken file the
    whole records before the break are kept. Records are not looked into: they may be any JSON value.
#}
{% macro read_records(patterns, only=none) -%}
    {{ return(adapter.dispatch('read_records')(patterns, only)) }}
{%- endmacro %}

{# One pass without a join, so that only the file in hand is in memory: its records are unnested as they are read. #}
{% macro duckdb__read_records(patterns, only=none) -%}
    (
        with

        shaped_texts as (
            select
                *,
                case
                    when problem is not null then 'unreadable'
                    when regexp_matches(file, '\.(ndjson|jsonl)$') then 'lines'
                    when not json_valid(content) then 'broken'
                    when json_type(content) = 'ARRAY' then 'list'
                    when json_type(content) <> 'OBJECT' then 'value'
                    -- a file of one record, told from {id: record} by its keys
                    when regexp_full_match(json_keys(content)[1], '[0-9]+') then 'keyed'
                    when json_type(json_extract(content, '$.*')[1]) = 'OBJECT' and json_extract(content, '$.id') is null
                        then 'keyed'
                    when len(json_keys(content)) = 0 then 'keyed'
                    else 'single'
                end as shape
            from {{ read_files(patterns, only) }} as raw_texts
        ),

        listed_texts as (
            select
                file,
                shape,
                problem,
                case shape
                    when 'list' then json_extract(content, '$[*]')::varchar[]
                    when 'keyed' then json_extract(content, '$.*')::varchar[]
                    when 'lines' then string_split(content, chr(10))
                    when 'single' then [content]
                    -- what is not valid JSON is read by a Python function, which tells what is whole and where it breaks
                    when 'broken' then json_extract(salvage_records(content), '$[*]')::varchar[]
                    else [null::varchar]
                end as items,
                case when shape = 'keyed' then json_keys(content) end as record_keys
            from shaped_texts
        ),

        items as (
            select
                file,
                shape,
                problem,
                unnest(items) as item,
                generate_subscripts(items, 1) as place,
                unnest(record_keys) as record_key
            from listed_texts
        ),

        read_items as (
            select
                file,
                shape,
                problem,
                place,
                record_key,
                case
                    when shape = 'lines' and trim(item, chr(32) || chr(9) || chr(13)) = '' then 'blank'
                    when shape = 'lines' and not json_valid(item) then 'broken'
                    when shape = 'broken' then 'salvaged'
                    else 'whole'
                end as state,
                case
                    when shape = 'lines' and not json_valid(item)
                        then json_extract(salvage_records(item), '$[0]')::varchar
                    else item
                end as item
            from items
        )

        select
            file,
            case when shape not in ('unreadable', 'value') then place end::integer as position,
            case when state = 'salvaged' then json_extract_string(item, '$.record_key') else record_key end as record_key,
            case
                when state in ('broken', 'salvaged') then json_extract(item, '$.record')
                when shape not in ('unreadable', 'value') then item::json
            end as record,
            case
                when state in ('broken', 'salvaged') then json_extract_string(item, '$.problem')
                when shape = 'value' then 'the file is a single JSON value, not a list of records'
                else problem
            end as problem
        from read_items
        where state <> 'blank'
    )
{%- endmacro %}
