{# One row for each text of ocr.json, of speech_to_text.json and of tiktoks.db. #}
with

records as (
    select * from {{ ref('stg_raw__records') }}
    where problem is null
),

texts as (
    select
        file,
        position,
        tiktok_id,
        case when file = 'ocr.json' then 'cover' else 'speech' end as part,
        json_extract_string(record, '$') as text
    from records
    where kind = 'texts'
    union all
    select
        file,
        position,
        tiktok_id,
        'cover' as part,
        json_extract_string(record, '$."coverphoto-ocr"') as text
    from records
    where kind = 'legacy'
    union all
    select
        file,
        position,
        tiktok_id,
        'speech' as part,
        json_extract_string(record, '$."speech-to-text"') as text
    from records
    where kind = 'legacy'
)

select * from texts
-- a key that is written twice counts as its last value, as in every JSON reader
qualify row_number() over (partition by file, part, tiktok_id order by position desc) = 1
