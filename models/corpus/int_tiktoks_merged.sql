{# One row for each scraped TikTok: counts and links from its newest scrape, all else from the newest that has it. #}
with

scrapes as (select * from {{ ref('int_scrapes_ranked') }}),

merged_tiktoks as (
    select
        tiktok_id,
        count(scrape_rank) as scrape_count,
        max(error) as last_error,
        coalesce(bool_or(media_type = 'photo') filter (where error is null), false) as is_photo,
        max(scraped_at) filter (where error is null) as scraped_at,
        max(downloaded_at) as downloaded_at,
        bool_or(kind = 'master') as is_in_master,
        {{ newest('creator_username') }} as creator_username,
        {{ newest('creator_nickname') }} as creator_nickname,
        {{ newest('description') }} as description,
        {{ newest('music_title') }} as music_title,
        {{ newest('music_src') }} as music_src,
        {{ newest('web_id') }} as web_id,
        {{ newest('posted_at') }} as posted_at,
        {{ newest('posted_at_check', "case when posted_at_check in ('agreed', 'disagreed') then scrape_rank end") }}
            as posted_at_check,
        {{ newest('caption_text') }} as caption_text,
        {{ newest('like_count') }} as like_count,
        {{ newest('comment_count') }} as comment_count,
        {{ newest('permalink') }} as permalink,
        {{ newest('video_src') }} as video_src,
        {{ newest('video_host') }} as video_host,
        {{ newest('video_src_expires_at') }} as video_src_expires_at,
        {{ newest('coverphoto_src') }} as coverphoto_src
    from scrapes
    group by tiktok_id
)

select * from merged_tiktoks
