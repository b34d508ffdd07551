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

{% macro duckdb__read_records(patterns, only=none) -%}
    (
        with

        raw_texts as materialized (select * from {{ read_files(patterns, only) }} as raw_texts),

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
            from raw_texts
        ),

        lists as (
            select
                file,
                json_extract(content, '$[*]') as records
            from shaped_texts
            where shape = 'list'
        ),

        keyed as (
            select
                file,
                json_keys(content) as record_keys,
                json_extract(content, '$.*') as records
            from shaped_texts
            where shape = 'keyed'
        ),

        -- what is not valid JSON is read by a Python function, which tells what is whole and where the break is
        broken as (
            select
                file,
                from_json(
                    salvage_records(content), '[{"record_key":"VARCHAR","record":"JSON","problem":"VARCHAR"}]'
                ) as salvaged
            from shaped_texts
            where shape = 'broken'
        ),

        numbered_lines as (
            select
                file,
                rtrim(unnest(lines), chr(13)) as line,
                generate_subscripts(lines, 1) as position
            from (
                select
                    file,
                    string_split(content, chr(10)) as lines
                from shaped_texts
                where shape = 'lines'
            ) as split_texts
        ),

        lines as (
            select
                file,
                position,
                case
                    when json_valid(line) then {'record': line::json, 'problem': null}
                    else from_json(salvage_records(line), '[{"record":"JSON","problem":"VARCHAR"}]')[1]
                end as parsed
            from numbered_lines
            where trim(line) <> ''
        ),

        records as (
            select
                file,
                generate_subscripts(records, 1) as position,
                null::varchar as record_key,
                unnest(records) as record,
                null::varchar as problem
            from lists
            union all by name
            select
                file,
                generate_subscripts(records, 1) as position,
                unnest(record_keys) as record_key,
                unnest(records) as record,
                null::varchar as problem
            from keyed
            union all by name
            select
                file,
                position,
                parsed.record as record,
                parsed.problem as problem
            from lines
            union all by name
            select
                file,
                position,
                parsed.record_key as record_key,
                parsed.record as record,
                parsed.problem as problem
            from (
                select
                    file,
                    generate_subscripts(salvaged, 1) as position,
                    unnest(salvaged) as parsed
                from broken
            ) as salvaged_records
            union all by name
            select
                file,
                1 as position,
                content::json as record
            from shaped_texts
            where shape = 'single'
            union all by name
            select
                file,
                coalesce(problem, 'the file is a single JSON value, not a list of records') as problem
            from shaped_texts
            where shape in ('unreadable', 'value')
        )

        select
            file,
            position::integer as position,
            record_key,
            case when problem is null then record end as record,
            problem
        from records
    )
{%- endmacro %}
