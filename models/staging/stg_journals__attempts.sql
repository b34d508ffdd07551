{# One row for each readable line of a journal: an attempt at one part of one TikTok. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

fields as (
    select
        file,
        position,
        tiktok_id,
        {{ read_fields('record', {
            'part': 'varchar', 'status': 'varchar', 'reason': 'varchar', 'text': 'varchar', 'engine': 'varchar',
            'engine_version': 'varchar', 'settings': 'varchar', 'input_sha256': 'varchar', 'host': 'varchar',
            'class': 'varchar', 'bytes': 'varchar', 'started_at': 'varchar', 'finished_at': 'varchar'
        }) }} as field
    from records
    where kind = 'journal' and problem is null
)

select
    file,
    position,
    case file
        when 'downloads.ndjson' then 'download'
        when 'ocr.ndjson' then 'ocr'
        when 'audio.ndjson' then 'audio'
        when 'speech.ndjson' then 'speech'
        else 'captions'
    end as step,
    tiktok_id,
    nullif(field['part'], '') as part,
    nullif(field['status'], '') as status,
    nullif(field['reason'], '') as reason,
    field['text'] as text,
    nullif(field['engine'], '') as engine,
    nullif(field['engine_version'], '') as engine_version,
    nullif(field['settings'], '') as settings,
    nullif(field['input_sha256'], '') as input_sha256,
    nullif(field['host'], '') as host,
    nullif(field['class'], '') as class,
    try_cast(field['bytes'] as bigint) as bytes,
    {{ read_time("field['started_at']") }} as started_at,
    {{ read_time("field['finished_at']") }} as finished_at
from fields
