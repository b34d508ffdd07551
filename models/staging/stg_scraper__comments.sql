{# One row for each comment or reply as it was shown at one scrape. #}
with

tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

listed_comments as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        unnest({{ read_items('comments') }}) as comment,
        generate_subscripts({{ read_items('comments') }}, 1) as list_position
    from tiktoks
    where comments is not null and error is null
),

comments_and_replies as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        comment,
        list_position,
        0 as reply_position
    from listed_comments
    union all
    -- replies that lie inside their comment follow it
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        unnest({{ read_items("json_extract(comment, '$.replies')") }}) as comment,
        list_position,
        generate_subscripts({{ read_items("json_extract(comment, '$.replies')") }}, 1) as reply_position
    from listed_comments
),

fields as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        row_number() over (partition by file, position order by list_position, reply_position) as comment_position,
        list_position,
        reply_position,
        json_type(comment) as json_type,
        {{ read_fields('comment', {
            'comment-id': 'varchar', 'parent-comment-id': 'varchar', 'commenter-username': 'varchar',
            'comment-text': 'varchar', 'time-posted': 'varchar', 'timeposted': 'varchar', 'like-count': 'varchar',
            'replies-count': 'varchar'
        }) }} as field
    from comments_and_replies
),

named_fields as (
    select
        *,
        nullif(trim(field['comment-id']), '') as comment_key,
        nullif(trim(coalesce(field['time-posted'], field['timeposted'])), '') as posted_at_shown,
        trim(regexp_replace(ltrim(trim(field['commenter-username']), '@'), ' · [^·]*$', '')) as commenter_name
    from fields
)

select
    file,
    position,
    comment_position::integer as comment_position,
    tiktok_id,
    scraped_at,
    comment_key,
    -- a reply inside its comment belongs to it even when it does not say so
    coalesce(
        nullif(trim(field['parent-comment-id']), ''),
        case
            when reply_position > 0
                then first_value(comment_key) over (
                    partition by file, position, list_position order by reply_position
                )
        end
    ) as parent_comment_key,
    nullif(commenter_name, '') as commenter_name,
    field['commenter-username'] like '% · %' as has_label,
    case when trim(field['comment-text']) <> '' then field['comment-text'] end as comment_text,
    nullif(trim(field['like-count']), '') as like_count_shown,
    {{ read_count("field['like-count']") }} as like_count,
    nullif(trim(field['replies-count']), '') as reply_count_shown,
    -- shown empty where there is none
    case
        when trim(field['replies-count']) = '' then 0
        when field['replies-count'] ilike '%repl%'
            then {{ read_count("regexp_extract(field['replies-count'], '([0-9][0-9.,]*\s*[KMB]?)', 1)") }}
        else {{ read_count("field['replies-count']") }}
    end as reply_count,
    posted_at_shown,
    coalesce(
        {{ read_id_time('comment_key', 'scraped_at') }}, {{ read_shown_date('posted_at_shown', 'scraped_at') }}
    ) as posted_at,
    case when json_type <> 'OBJECT' then 'comment ' || comment_position || ' is of the type ' || lower(json_type) end
        as problem
from named_fields
