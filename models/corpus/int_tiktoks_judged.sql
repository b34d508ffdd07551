{# One row for each scraped TikTok: what became of its download, cover and speech, and why it is excluded, if it is. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

tiktoks as (select * from {{ ref('int_tiktoks_merged') }}),

attempts as (
    select {{ disguised({'tiktok_id': 'id', 'reason': 'text', 'text': 'text'}, names) }}
    from {{ ref('stg_journals__attempts') }}
),

original_texts as (
    select {{ disguised({'tiktok_id': 'id', 'text': 'text'}, names) }}
    from {{ ref('stg_original__texts') }}
),

raw_files as (select * from {{ ref('stg_raw__files') }}),

known_downloads as (
    select count(*) > 0 as are_known
    from raw_files
    where file in ('downloads.ndjson', 'master.json')
),

downloads as (
    select
        tiktok_id,
        bool_or(status = 'ok' and coalesce(part, 'video') = 'video') as is_video_ok,
        bool_or(status = 'ok') as is_any_part_ok,
        max(finished_at) filter (where status = 'ok' and coalesce(part, 'video') = 'video') as video_downloaded_at,
        max(finished_at) filter (where status = 'ok') as downloaded_at,
        {{ newest('coalesce(class, reason, status)', "case when status <> 'ok' then -position end") }} as reason
    from attempts
    -- captions are no part of the TikTok itself
    where step = 'download' and coalesce(part, '') not like 'captions%'
    group by tiktok_id
),

-- texts of journals and of the original's files; those have no time and count as older
spoken_texts as (
    select
        tiktok_id,
        case step when 'ocr' then 'cover' when 'speech' then 'speech' else 'captions' end as kind,
        coalesce(part, '') as part,
        coalesce(engine, '') as engine,
        status = 'ok' as is_ok,
        coalesce(text, '') as text,
        coalesce(class, reason, status) as reason,
        position
    from attempts
    where step in ('ocr', 'speech', 'captions')
    union all
    select
        tiktok_id,
        part as kind,
        case when part = 'cover' then 'cover' else '' end as part,
        'original' as engine,
        text is not null as is_ok,
        text,
        'null in ' || file as reason,
        -- tiktoks.db was made from the two files
        case when file = 'tiktoks.db' then -1 else 0 end as position
    from original_texts
),

chosen_texts as (
    select
        *,
        case when regexp_matches(text, '\S') then text else '' end as found_text
    from spoken_texts
    qualify row_number() over (
        partition by tiktok_id, kind, part
        order by
            is_ok desc,
            (
                kind = 'cover' and engine = '{{ var("ocr_engine", "") }}'
                or kind = 'speech' and engine = '{{ var("speech_engine", "") }}'
            ) desc,
            position desc
    ) = 1
),

-- a photo post has a text for each slide
texts as (
    select
        tiktok_id,
        kind,
        bool_or(is_ok) as is_ok,
        case
            when bool_or(is_ok) then coalesce(
                string_agg(
                    found_text,
                    chr(10)
                    order by part <> 'cover', try_cast(regexp_extract(part, '[0-9]+') as integer), part
                ) filter (where is_ok and found_text <> ''),
                ''
            )
        end as text,
        max(reason) filter (where not is_ok) as reason
    from chosen_texts
    group by tiktok_id, kind
),

sounds as (
    select
        tiktok_id,
        regexp_matches(lower(concat_ws(' ', status, class, reason)), '^(ok )?no[_ -]audio') as has_no_sound,
        status = 'ok' as is_ok,
        coalesce(class, reason, status) as reason
    from attempts
    where step = 'audio'
    qualify row_number() over (partition by tiktok_id order by has_no_sound or status = 'ok' desc, position desc) = 1
),

outcomes as (
    select
        tiktoks.tiktok_id,
        tiktoks.scrape_count,
        tiktoks.last_error,
        tiktoks.video_host,
        case
            when downloads.is_video_ok or (tiktoks.is_photo and downloads.is_any_part_ok) then 'ok'
            when tiktoks.downloaded_at is not null then 'ok'
            when downloads.tiktok_id is not null or tiktoks.is_in_master then 'failed'
            when known_downloads.are_known then 'absent'
            else 'unknown'
        end as download_status,
        coalesce(downloads.reason, 'null download-timestamp') as download_reason,
        coalesce(
            case when tiktoks.is_photo then downloads.downloaded_at else downloads.video_downloaded_at end,
            tiktoks.downloaded_at
        ) as downloaded_at,
        case
            when cover_texts.text <> '' then 'found'
            when cover_texts.is_ok then 'nothing_found'
            when cover_texts.tiktok_id is not null then 'failed'
            else 'absent'
        end as cover_status,
        cover_texts.reason as cover_reason,
        cover_texts.text as cover_text,
        case
            when speech_texts.text <> '' then 'found'
            when speech_texts.is_ok then 'nothing_found'
            when tiktoks.is_photo or sounds.has_no_sound then 'nothing_to_transcribe'
            when speech_texts.tiktok_id is not null or not sounds.is_ok then 'failed'
            else 'absent'
        end as speech_status,
        coalesce(speech_texts.reason, case when not sounds.is_ok then sounds.reason end) as speech_reason,
        speech_texts.text as speech_text,
        coalesce(caption_texts.text, tiktoks.caption_text) as caption_text
    from tiktoks
    cross join known_downloads
    left join downloads on tiktoks.tiktok_id = downloads.tiktok_id
    left join texts as cover_texts on tiktoks.tiktok_id = cover_texts.tiktok_id and cover_texts.kind = 'cover'
    left join texts as speech_texts on tiktoks.tiktok_id = speech_texts.tiktok_id and speech_texts.kind = 'speech'
    left join texts as caption_texts on tiktoks.tiktok_id = caption_texts.tiktok_id and caption_texts.kind = 'captions'
    left join sounds on tiktoks.tiktok_id = sounds.tiktok_id
)

select
    *,
    -- the first that applies
    case
        when scrape_count = 0 then 'scrape_failed'
        when {{ var('keep_incomplete_tiktoks', false) }} then null
        when download_status = 'failed' then 'download_failed'
        when download_status = 'absent' then 'download_not_attempted'
        when cover_status = 'failed' then 'cover_failed'
        when cover_status = 'absent' then 'cover_not_read'
        when speech_status = 'failed' then 'speech_failed'
        when speech_status = 'absent' then 'speech_not_transcribed'
    end as excluded_reason
from outcomes
