{#
    The rows of the original's tiktoks.db as records of the scraper's shape, with its texts beside (coverphoto-ocr,
    speech-to-text), as read_records gives them. Without the file it is empty; a file that is no SQLite file is one row with
    a problem; a table or column that is not there is null. The file is looked at when the model is compiled.
#}
{% macro read_legacy_records(path='tiktoks.db') -%}
    {{ return(adapter.dispatch('read_legacy_records')(path)) }}
{%- endmacro %}

{% macro duckdb__read_legacy_records(path) -%}
    {%- set tiktoks = sqlite_columns(path, 'tiktoks') -%}
    {%- set comments = sqlite_columns(path, 'comments') -%}
    {%- set names = {'speech_to_text': 'speech-to-text', 'coverphoto_ocr': 'coverphoto-ocr', 'commenter_name': 'commenter-username'} -%}
    (
        {%- if 'id' in tiktoks %}
        select
            '{{ path }}' as file,
            (row_number() over ())::integer as position,
            null::varchar as record_key,
            json_object(
                {%- for column in tiktoks %}
                '{{ names.get(column, column.replace('_', '-')) }}', tiktoks.{{ column }}::varchar,
                {%- endfor %}
                'comments', comments_of_tiktoks.comments
            ) as record,
            null::varchar as problem
        from sqlite_scan('{{ raw_zone(path) }}', 'tiktoks') as tiktoks
        left join (
            {%- if 'video_id' in comments %}
            select
                video_id::varchar as tiktok_id,
                to_json(list(json_object(
                    {%- for column in comments if column != 'video_id' %}
                    '{{ names.get(column, column.replace('_', '-')) }}', {{ column }}::varchar{{ ',' if not loop.last }}
                    {%- endfor %}
                ) order by place)) as comments
            from (select *, row_number() over () as place from sqlite_scan('{{ raw_zone(path) }}', 'comments'))
            group by video_id::varchar
            {%- else %}
            select
                null::varchar as tiktok_id,
                null::json as comments
            {%- endif %}
        ) as comments_of_tiktoks on tiktoks.id::varchar = comments_of_tiktoks.tiktok_id
        {%- else %}
        select
            file,
            null::integer as position,
            null::varchar as record_key,
            null::json as record,
            'the file is not a SQLite database with a table tiktoks' as problem
        from {{ list_files([path]) }} as present_files
        {%- endif %}
    )
{%- endmacro %}


{# The columns of a table in a SQLite file of the raw zone; none where there is no such file or table. #}
{% macro sqlite_columns(path, table) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- set header = run_query(
            "select count(*) from read_blob(" ~ raw_zone_globs([path]) ~ ")"
            ~ " where starts_with(hex(content[1:15]), hex('SQLite format 3'))"
        ) -%}
        {%- if header.rows[0][0] > 0 -%}
            {%- set scan = "sqlite_scan('" ~ raw_zone(path) ~ "', '" -%}
            {%- set tables = run_query("select name from " ~ scan ~ "sqlite_master') where name = '" ~ table ~ "'") -%}
            {%- if tables.rows | length > 0 -%}
                {%- for row in run_query("describe select * from " ~ scan ~ table ~ "')").rows -%}
                    {%- do columns.append(row[0]) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}
