{# One row for each comment or reply of a scraped TikTok, in the corpus or not: the union of what its scrapes showed. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
{% set ids = {'tiktok_id': 'id', 'comment_key': 'id', 'parent_comment_key': 'id'} %}
with

scraper_comments as (
    select {{ disguised(ids, names) }}
    from {{ ref('stg_scraper__comments') }}
    where problem is null
),

imported_comments as (
    select {{ disguised(ids, names) }}
    from {{ ref('stg_imports__comments') }}
    where problem is null
),

tiktoks as (select tiktok_id from {{ ref('int_tiktoks_merged') }}),

all_comments as (
    select *
    from scraper_comments
    union all by name
    select *
    from imported_comments
),

shown_comments as (
    select
        all_comments.*,
        row_number() over (
            partition by all_comments.tiktok_id
            order by
                all_comments.scraped_at desc nulls last, all_comments.file desc,
                all_comments.position desc, all_comments.comment_position asc
        ) as shown_order
    from all_comments
    inner join tiktoks on all_comments.tiktok_id = tiktoks.tiktok_id
),

-- without an id a comment is told by its commenter, its words, and those of the comment it replies to
told_comments as (
    select
        shown_comments.*,
        md5(
            concat_ws(
                chr(31),
                coalesce(shown_comments.commenter_name, ''), coalesce(shown_comments.comment_text, ''),
                coalesce(parents.commenter_name, ''), coalesce(parents.comment_text, '')
            )
        ) as telling
    from shown_comments
    left join shown_comments as parents
        on
            shown_comments.file = parents.file
            and shown_comments.position = parents.position
            and shown_comments.parent_comment_position = parents.comment_position
),

numbered_comments as (
    select
        *,
        -- two comments of one scrape that say the same stay two
        row_number() over (partition by tiktok_id, file, position, telling order by comment_position) as occurrence
    from told_comments
),

keyed_comments as (
    select
        *,
        coalesce(
            comment_key,
            -- another scrape may have shown the id of the same comment
            max(comment_key) over (partition by tiktok_id, telling, occurrence),
            telling || '-' || occurrence
        ) as identity
    from numbered_comments
),

related_comments as (
    select
        keyed_comments.*,
        coalesce(parents.identity, keyed_comments.parent_comment_key) as parent_identity
    from keyed_comments
    left join keyed_comments as parents
        on
            keyed_comments.file = parents.file
            and keyed_comments.position = parents.position
            and keyed_comments.parent_comment_position = parents.comment_position
),

merged_comments as (
    select
        tiktok_id,
        identity,
        max(comment_key) as comment_key,
        min(shown_order) as shown_order,
        {{ newest('parent_identity', 'shown_order') }} as parent_identity,
        {{ newest('commenter_name', 'shown_order') }} as commenter_name,
        {{ newest('comment_text', 'shown_order') }} as comment_text,
        {{ newest('like_count', 'shown_order') }} as like_count,
        {{ newest('reply_count', 'shown_order') }} as reply_count,
        {{ newest('posted_at', 'shown_order') }} as posted_at
    from related_comments
    group by tiktok_id, identity
),

positioned_comments as (
    select
        *,
        (row_number() over (partition by tiktok_id order by shown_order))::integer as position,
        count(*) over (partition by comment_key) as bearers
    from merged_comments
),

identified_comments as (
    select
        *,
        -- an id serves as one only if no other comment bears it
        case
            when comment_key is not null and bearers = 1 then comment_key
            else tiktok_id || '-' || position
        end as comment_id
    from positioned_comments
),

comments as (
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
            and identified_comments.parent_identity = parents.identity
            and identified_comments.comment_id <> parents.comment_id
)

select {{ disguised({'commenter_name': 'person', 'comment_text': 'text', 'posted_at': 'day'}, names) }}
from comments
