{# One row for each stage, video host, outcome and reason: how many scraped TikToks ended there. #}
with

judged_tiktoks as (select * from {{ ref('int_tiktoks_judged') }}),

staged_tiktoks as (
    select
        'scrape' as stage,
        video_host as host,
        case when scrape_count = 0 then 'failed' else 'ok' end as outcome,
        case when scrape_count = 0 then last_error end as reason
    from judged_tiktoks
    union all
    select
        'download' as stage,
        video_host as host,
        download_status as outcome,
        case when download_status = 'failed' then download_reason end as reason
    from judged_tiktoks
    union all
    select
        'cover' as stage,
        video_host as host,
        cover_status as outcome,
        case when cover_status = 'failed' then cover_reason end as reason
    from judged_tiktoks
    union all
    select
        'speech' as stage,
        video_host as host,
        speech_status as outcome,
        case when speech_status = 'failed' then speech_reason end as reason
    from judged_tiktoks
    union all
    select
        'corpus' as stage,
        video_host as host,
        case when excluded_reason is null then 'kept' else 'excluded' end as outcome,
        excluded_reason as reason
    from judged_tiktoks
)

select
    stage,
    host,
    outcome,
    reason,
    count(*) as tiktoks
from staged_tiktoks
group by stage, host, outcome, reason
