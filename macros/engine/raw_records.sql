{# The raw files that hold JSON records about TikToks, as patterns below the raw zone. #}
{% macro record_files() -%}
    {{ return([
        'info/*.json', 'imports/*/*', 'master.json', 'ocr.json', 'speech_to_text.json', 'downloads.ndjson',
        'ocr.ndjson', 'audio.ndjson', 'speech.ndjson', 'captions.ndjson', 'deletions.ndjson'
    ]) }}
{%- endmacro %}


{# Whether persons are to be forgotten: then a TikTok of theirs is only known from all files together. #}
{% macro persons_are_forgotten() -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select count(*) from " ~ read_records(['deletions.ndjson'])
            ~ " as deletions where json_extract_string(record, '$.person') is not null"
        ) -%}
        {{ return(found.rows[0][0] > 0) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}


{# Delete the records of files that changed or vanished, before those that changed are read again. #}
{% macro delete_changed_files(relation) -%}
    {%- if is_incremental() -%}
        delete from {{ relation }}
        {%- if not persons_are_forgotten() %}
        where not exists (
            select 1 as present
            from {{ present_files(record_files() + ['tiktoks.db']) }} as present_files
            where {{ relation.identifier }}.file = present_files.file
                and {{ relation.identifier }}.file_version = present_files.file_version
        )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# A JSON list of comments without those, and without those replies, whose commenter is one of the persons. #}
{% macro comments_without(comments, persons) -%}
    list_transform(
        list_filter(
            json_extract({{ comments }}, '$[*]'),
            lambda comment: not list_contains({{ persons }}, {{ shown_person('comment') }})
        ),
        lambda comment: case
            when json_type(comment, '$.replies') = 'ARRAY' then json_merge_patch(
                comment,
                json_object('replies', list_filter(
                    json_extract(comment, '$.replies[*]'),
                    lambda reply: not list_contains({{ persons }}, {{ shown_person('reply') }})
                ))
            )
            else comment
        end
    )
{%- endmacro %}

{# The name of a commenter as a person to be forgotten is named: lower case, without '@' and without the page's label. #}
{% macro shown_person(comment) -%}
    coalesce(
        lower(trim(regexp_replace(ltrim(trim(json_extract_string({{ comment }}, '$."commenter-username"')), '@'), ' · [^·]*$', ''))),
        ''
    )
{%- endmacro %}
