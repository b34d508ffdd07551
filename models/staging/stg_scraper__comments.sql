{# One row for each comment or reply as it was shown at one scrape. #}
{% set fields = {
    'comment-id': 'varchar', 'parent-comment-id': 'varchar', 'reply-to': 'varchar', 'commenter-username': 'varchar',
    'comment-text': 'varchar', 'time-posted': 'varchar', 'timeposted': 'varchar', 'like-count': 'varchar',
    'replies-count': 'varchar', 'replies': 'json'
} %}
with

tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

listed_comments as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        unnest({{ read_list('comments', fields) }}) as field,
        unnest({{ read_list_types('comments') }}) as json_type,
        generate_subscripts({{ read_list('comments', fields) }}, 1) as list_position
    from tiktoks
    where comments is not null and error is null
),

comments_and_replies as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        field,
        json_type,
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
        unnest({{ read_list("field['replies']", fields) }}) as field,
        unnest({{ read_list_types("field['replies']") }}) as json_type,
        list_position,
        generate_subscripts({{ read_list("field['replies']", fields) }}, 1) as reply_position
    from listed_comments
    where json_type(field['replies']) = 'ARRAY'
),

named_fields as (
    select
        *,
        row_number() over (partition by file, position order by list_position, reply_position) as comment_position,
        nullif(trim(field['comment-id']), '') as comment_key,
        nullif(trim(coalesce(field['time-posted'], field['timeposted'])), '') as posted_at_shown,
        trim(regexp_replace(ltrim(trim(field['commenter-username']), '@'), ' · [^·]*$', '')) as commenter_name,
        -- 'reply-to' counts the list from 0
        case
            when reply_position > 0 then list_position
            else try_cast(field['reply-to'] as integer) + 1
        end as parent_list_position
    from comments_and_replies
),

list_positions as (
    select
        file,
        position,
        list_position,
        comment_position
    from named_fields
    where reply_position = 0
)

select
    named_fields.file,
    named_fields.position,
    named_fields.comment_position::integer as comment_position,
    list_positions.comment_position::integer as parent_comment_position,
    named_fields.tiktok_id,
    named_fields.scraped_at,
    named_fields.comment_key,
    nullif(trim(named_fields.field['parent-comment-id']), '') as parent_comment_key,
    nullif(named_fields.commenter_name, '') as commenter_name,
    named_fields.field['commenter-username'] like '% · %' as has_label,
    {{ not_blank("named_fields.field['comment-text']") }} as comment_text,
    nullif(trim(named_fields.field['like-count']), '') as like_count_shown,
    {{ read_count("named_fields.field['like-count']") }} as like_count,
    nullif(trim(named_fields.field['replies-count']), '') as reply_count_shown,
    {{ read_reply_count("named_fields.field['replies-count']") }} as reply_count,
    named_fields.posted_at_shown,
    coalesce(
        {{ read_id_time('named_fields.comment_key', 'named_fields.scraped_at') }},
        {{ read_shown_date('named_fields.posted_at_shown', 'named_fields.scraped_at') }}
    ) as posted_at,
    case
        when named_fields.json_type <> 'OBJECT'
            then
                'comment ' || named_fields.comment_position || ' is of the type ' || lower(named_fields.json_type)
                || ', not an object'
    end as problem
from named_fields
left join list_positions
    on
        named_fields.file = list_positions.file
        and named_fields.position = list_positions.position
        and named_fields.parent_list_position = list_positions.list_position
        and named_fields.comment_position <> list_positions.comment_position
