{# No count is negative, nothing was posted a day or more after it was seen, and a reply stays with its TikTok. #}
with

tiktoks as (select * from {{ ref('tiktoks') }}),

comments as (select * from {{ ref('comments') }}),

offenders as (
    select
        tiktok_id,
        'tiktok' as offender
    from tiktoks
    where
        like_count < 0
        or comment_count < 0
        or posted_at > scraped_at + interval 1 day
        or (posted_at is null and posted_at_check = 'agreed')
    union all
    select
        comments.tiktok_id,
        'comment' as offender
    from comments
    inner join tiktoks on comments.tiktok_id = tiktoks.tiktok_id
    left join comments as parents on comments.parent_comment_id = parents.comment_id
    where
        comments.like_count < 0
        or comments.reply_count < 0
        or comments.posted_at > tiktoks.scraped_at + interval 1 day
        or (comments.parent_comment_id is not null and comments.tiktok_id is distinct from parents.tiktok_id)
)

select * from offenders
