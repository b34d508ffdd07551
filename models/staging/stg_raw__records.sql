{# One row for each record of a raw JSON file, and one for each place where such a file could not be read. #}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_files(this) }}'
) }}
{% set forgets_persons = persons_are_forgotten() %}
{% set files = record_files() + ['tiktoks.db'] %}
{% set only = changed_files(files, this) if is_incremental() and not forgets_persons else none %}
with

read_records as (
    select * from {{ read_records(record_files(), only) }} as json_records
    {% if only is none or 'tiktoks.db' in only -%}
    union all
    select * from {{ read_legacy_records() }} as legacy_records
    {%- endif %}
),

present_files as (
    select * from {{ present_files(files) }} as found_files
),

deletions as (
    select * from {{ read_records(['deletions.ndjson']) }} as deletion_records
),

named_records as (
    select
        read_records.file,
        read_records.position,
        present_files.file_version,
        read_records.record_key,
        read_records.record,
        read_records.problem,
        json_type(read_records.record) as json_type,
        case
            when read_records.file like 'info/%' then 'batch'
            when read_records.file like 'imports/%' then 'import'
            when read_records.file like 'deletions.%' then 'deletions'
            when read_records.file like '%.ndjson' then 'journal'
            when read_records.file = 'master.json' then 'master'
            when read_records.file = 'tiktoks.db' then 'legacy'
            else 'texts'
        end as kind,
        {{ read_fields('read_records.record', {
            'id': 'varchar', 'tiktok_id': 'varchar', 'person': 'varchar', 'aweme_id': 'varchar', 'video_id': 'varchar',
            'error': 'varchar', 'creator-username': 'varchar', 'creator-nickname': 'varchar', 'permalink': 'varchar',
            'comments': 'json', 'data': 'json', 'uploader': 'varchar', 'channel': 'varchar', 'username': 'varchar'
        }) }} as named
    from read_records
    inner join present_files on read_records.file = present_files.file
),

identified_records as (
    select
        *,
        trim(
            case
                when kind = 'texts' then record_key
                when kind = 'master' then coalesce(named['id'], record_key)
                when kind in ('journal', 'deletions') then named['tiktok_id']
                when kind in ('batch', 'legacy') then named['id']
                else coalesce(
                    named['aweme_id'], named['video_id'], json_extract_string(named['data'], '$.aweme_id'),
                    named['id'], json_extract_string(named['data'], '$.id')
                )
            end
        ) as tiktok_id
    from named_records
),

judged_records as (
    select
        *,
        case
            when problem is not null then problem
            when kind = 'texts' and not regexp_full_match(tiktok_id, '[0-9]+')
                then 'the key ''' || tiktok_id || ''' is not an id'
            when kind = 'texts' and json_type not in ('VARCHAR', 'NULL')
                then 'the text is of the type ' || lower(json_type)
            when kind = 'texts' then null
            when json_type <> 'OBJECT' then 'the record is of the type ' || lower(json_type) || ', not an object'
            when
                file like 'imports/zeeschuimer/%'
                and coalesce(
                    {{ read_part('record', '$.createTime') }}, {{ read_part('record', '$.cid') }},
                    {{ read_part('record', '$.data.createTime') }}, {{ read_part('record', '$.data.cid') }}
                ) is null
                then 'the record is neither a video nor a comment'
            when
                kind = 'import'
                and split_part(file, '/', 2) not in ('yt-dlp', 'zeeschuimer', 'research-api', 'personal-export')
                then 'no staging model reads this folder'
            when kind = 'import' then null
            when kind = 'deletions' and coalesce(tiktok_id, named['person']) is null
                then 'the line names neither a tiktok_id nor a person'
            when kind = 'deletions' then null
            when coalesce(tiktok_id, '') = '' and named['error'] is not null
                then 'the scraper could not tell the id: ' || named['error']
            when coalesce(tiktok_id, '') = '' then 'the record has no id'
            when not regexp_full_match(tiktok_id, '[0-9]+') then 'the id ''' || tiktok_id || ''' is not a number'
        end as judged_problem
    from identified_records
),

forgotten_ids as (
    select trim(json_extract_string(record, '$.tiktok_id')) as tiktok_id
    from deletions
    where json_extract_string(record, '$.tiktok_id') is not null
),

forgotten_persons as (
    select lower(ltrim(trim(json_extract_string(record, '$.person')), '@')) as person
    from deletions
    where json_extract_string(record, '$.person') is not null
),

{% if forgets_persons -%}
tiktoks_of_forgotten_persons as (
    select judged_records.tiktok_id
    from judged_records
    inner join forgotten_persons
        on
            forgotten_persons.person in (
                lower(ltrim(trim(judged_records.named['creator-username']), '@')),
                lower(trim(judged_records.named['creator-nickname'])),
                lower(regexp_extract(judged_records.named['permalink'], '/@([^/?#]+)', 1)),
                lower(judged_records.named['uploader']),
                lower(judged_records.named['channel']),
                lower(judged_records.named['username'])
            )
),

{% endif -%}
all_forgotten_ids as (
    select tiktok_id from forgotten_ids
    {% if forgets_persons -%}
    union
    select tiktok_id from tiktoks_of_forgotten_persons
    {%- endif %}
),

kept_records as (
    select
        *,
        (select array_agg(forgotten_persons.person) from forgotten_persons) as persons
    from judged_records
    -- no id, no match: kept
    where
        kind = 'deletions'
        or not coalesce(tiktok_id in (select all_forgotten_ids.tiktok_id from all_forgotten_ids), false)
)

select
    file,
    position,
    file_version,
    kind,
    record_key,
    case when regexp_full_match(tiktok_id, '[0-9]+') then tiktok_id end as tiktok_id,
    case
        when judged_problem is not null then null
        {% if forgets_persons -%}
        when json_type(named['comments']) = 'ARRAY'
            then json_merge_patch(
                record,
                json_object('comments', {{ comments_without("named['comments']", 'persons') }})
            )
        {% endif -%}
        else record
    end as record,
    judged_problem as problem
from kept_records
