{# One row for each comment or reply of a TikTok in the corpus: the union of what its scrapes have shown. #}
with

shown_comments as (
    select * from {{ ref('stg_scraper__comments') }}
    where problem is null
),

scrapes as (select * from {{ ref('int_scrapes_ranked') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

ordered_comments as (
    select
        shown_comments.*,
        scrapes.scrape_rank * 1000000 + shown_comments.comment_position as shown_order,
        -- two comments of one scrape that say the same stay two
        row_number() over (
            partition by
                shown_comments.file, shown_comments.position, shown_comments.parent_comment_key,
                shown_comments.commenter_name, shown_comments.comment_text
            order by shown_comments.comment_position
        ) as occurrence
    from shown_comments
    inner join tiktoks on shown_comments.tiktok_id = tiktoks.tiktok_id
    inner join scrapes on shown_comments.file = scrapes.file and shown_comments.position = scrapes.position
),

-- a comment without an id is the same as one with an id by the same name, with the same text, under the same comment
keyed_comments as (
    select
        *,
        coalesce(
            comment_key,
            max(comment_key) over (
                partition by tiktok_id, parent_comment_key, commenter_name, comment_text, occurrence
            )
        ) as known_key
    from ordered_comments
),

merged_comments as (
    select
        tiktok_id,
        known_key,
        min(shown_order) as shown_order,
        {{ newest('parent_comment_key', 'shown_order') }} as parent_comment_key,
        {{ newest('commenter_name', 'shown_order') }} as commenter_name,
        {{ newest('comment_text', 'shown_order') }} as comment_text,
        {{ newest('like_count', 'shown_order') }} as like_count,
        {{ newest('reply_count', 'shown_order') }} as reply_count,
        {{ newest('posted_at', 'shown_order') }} as posted_at
    from keyed_comments
    group by
        tiktok_id,
        known_key,
        case when known_key is null then parent_comment_key end,
        case when known_key is null then commenter_name end,
        case when known_key is null then comment_text end,
        case when known_key is null then occurrence end
),

positioned_comments as (
    select
        *,
        (row_number() over (partition by tiktok_id order by shown_order))::integer as position,
        -- only what is an id in all the corpus may serve as one
        case
            when known_key is not null and count(*) over (partition by known_key) = 1 then known_key
        end as unique_key
    from merged_comments
),

identified_comments as (
    select
        *,
        coalesce(unique_key, tiktok_id || '-' || position) as comment_id
    from positioned_comments
)

select
    identified_comments.comment_id,
    identified_comments.tiktok_id,
    parents.comment_id as parent_comment_id,
    identified_comments.position,
    identified_comments.commenter_name,
    identified_comments.comment_text,
    identified_comments.like_count,
    identified_comments.reply_count,
    identified_comments.posted_at
from identified_comments
left join identified_comments as parents
    on
        identified_comments.tiktok_id = parents.tiktok_id
        and identified_comments.parent_comment_key = parents.known_key
        and identified_comments.comment_id <> parents.comment_id
