{# One row for each TikTok in the corpus. #}
{{ config(post_hook='{{ tell_if_corpus_is_empty(this, ref("int_tiktoks_judged")) }}') }}
with

tiktoks as (select * from {{ ref('int_tiktoks_merged') }}),

judged_tiktoks as (
    select * from {{ ref('int_tiktoks_judged') }}
    where excluded_reason is null
)

select
    tiktoks.tiktok_id,
    case when tiktoks.is_photo then 'photo' else 'video' end as media_type,
    tiktoks.creator_username,
    tiktoks.creator_nickname,
    tiktoks.description,
    tiktoks.music_title,
    tiktoks.music_src,
    tiktoks.web_id,
    tiktoks.posted_at,
    coalesce(tiktoks.posted_at_check, 'not_comparable') as posted_at_check,
    tiktoks.scraped_at,
    judged_tiktoks.downloaded_at,
    tiktoks.like_count,
    tiktoks.comment_count,
    judged_tiktoks.cover_text,
    judged_tiktoks.speech_text,
    judged_tiktoks.caption_text,
    tiktoks.permalink,
    tiktoks.video_src,
    tiktoks.coverphoto_src,
    judged_tiktoks.download_status,
    judged_tiktoks.cover_status,
    judged_tiktoks.speech_status
from tiktoks
inner join judged_tiktoks on tiktoks.tiktok_id = judged_tiktoks.tiktok_id
