{# One row for each comment in a file of another tool: Zeeschuimer / 4CAT or the TikTok Research API. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

items as (
    select
        file,
        position,
        split_part(file, '/', 2) as source,
        unnest(
            case
                when json_type({{ read_part('record', '$.comments') }}) = 'ARRAY'
                    then {{ read_items(read_part('record', '$.comments')) }}
                when json_type({{ read_part('record', '$.data.comments') }}) = 'ARRAY'
                    then {{ read_items(read_part('record', '$.data.comments')) }}
                when json_type({{ read_part('record', '$.data') }}) = 'OBJECT'
                    then [{{ read_part('record', '$.data') }}]
                else [record]
            end
        ) as item
    from records
    where
        kind = 'import'
        and problem is null
        and (file like 'imports/zeeschuimer/%' or file like 'imports/research-api/%')
),

comments as (
    select
        file,
        position,
        {{ read_path('item', '$.aweme_id') }} as tiktok_id,
        {{ read_path('item', '$.cid') }} as comment_key,
        {{ read_path('item', '$.reply_id') }} as parent_comment_key,
        coalesce(
            {{ read_path('item', '$.user.nickname') }}, {{ read_path('item', '$.user.unique_id') }},
            case
                when json_type({{ read_part('item', '$.user') }}) = 'VARCHAR' then {{ read_path('item', '$.user') }}
            end
        ) as commenter_name,
        {{ read_path('item', '$.user.unique_id') }} as commenter_username,
        {{ read_path('item', '$.text') }} as comment_text,
        {{ read_path('item', '$.digg_count') }} as like_count_shown,
        {{ read_path('item', '$.reply_comment_total') }} as reply_count_shown,
        {{ read_time(read_path('item', '$.create_time')) }} as posted_at
    from items
    where source = 'zeeschuimer' and json_exists(item, '$.cid')
    union all
    select
        file,
        position,
        {{ read_path('item', '$.video_id') }} as tiktok_id,
        {{ read_path('item', '$.id') }} as comment_key,
        {{ read_path('item', '$.parent_comment_id') }} as parent_comment_key,
        null::varchar as commenter_name,
        null::varchar as commenter_username,
        {{ read_path('item', '$.text') }} as comment_text,
        {{ read_path('item', '$.like_count') }} as like_count_shown,
        {{ read_path('item', '$.reply_count') }} as reply_count_shown,
        {{ read_time(read_path('item', '$.create_time')) }} as posted_at
    from items
    where source = 'research-api' and json_exists(item, '$.parent_comment_id')
),

deletions as (
    select
        tiktok_id,
        lower(ltrim(trim({{ read_path('record', '$.person') }}), '@')) as person
    from records
    where kind = 'deletions' and problem is null
)

select
    file,
    -- the file counts as one scrape, in its order
    1 as position,
    (row_number() over (partition by file order by position, comment_key))::integer as comment_position,
    null::integer as parent_comment_position,
    tiktok_id,
    null::timestamp as scraped_at,
    comment_key,
    -- of a comment that replies to none: 0, or the TikTok itself
    case when parent_comment_key not in ('0', tiktok_id) then parent_comment_key end as parent_comment_key,
    {{ not_blank('commenter_name') }} as commenter_name,
    false as has_label,
    {{ not_blank('comment_text') }} as comment_text,
    {{ not_blank('like_count_shown') }} as like_count_shown,
    {{ read_count('like_count_shown') }} as like_count,
    {{ not_blank('reply_count_shown') }} as reply_count_shown,
    {{ read_count('reply_count_shown') }} as reply_count,
    null::varchar as posted_at_shown,
    posted_at,
    case
        when tiktok_id is null then 'comment ' || coalesce(comment_key, '') || ' does not say of which TikTok it is'
    end as problem
from comments
where
    not exists (
        select 1 as forgotten
        from deletions
        where
            deletions.tiktok_id = comments.tiktok_id
            or deletions.person = lower(comments.commenter_name)
            or deletions.person = lower(comments.commenter_username)
    )
