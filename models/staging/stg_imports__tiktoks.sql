{# One row for each TikTok in a file of another tool: yt-dlp, Zeeschuimer / 4CAT or the TikTok Research API. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

imported_records as (
    select
        file,
        position,
        record,
        split_part(file, '/', 2) as source
    from records
    where kind = 'import' and problem is null
),

-- a playlist of yt-dlp and an answer of the Research API hold several
items as (
    select
        file,
        position,
        source,
        unnest(
            case
                when source = 'yt-dlp' and json_type({{ read_part('record', '$.entries') }}) = 'ARRAY'
                    then {{ read_items(read_part('record', '$.entries')) }}
                when source = 'research-api' and json_type({{ read_part('record', '$.videos') }}) = 'ARRAY'
                    then {{ read_items(read_part('record', '$.videos')) }}
                when source = 'research-api' and json_type({{ read_part('record', '$.data.videos') }}) = 'ARRAY'
                    then {{ read_items(read_part('record', '$.data.videos')) }}
                when source = 'zeeschuimer' and json_type({{ read_part('record', '$.data') }}) = 'OBJECT'
                    then [json_merge_patch(
                        {{ read_part('record', '$.data') }},
                        json_object('timestamp_collected', {{ read_part('record', '$.timestamp_collected') }})
                    )]
                else [record]
            end
        ) as item
    from imported_records
),

yt_dlp_tiktoks as (
    select
        file,
        position,
        {{ read_path('item', '$.id') }} as tiktok_id,
        {{ read_time(read_path('item', '$.epoch')) }} as scraped_at,
        {{ read_time(read_path('item', '$.timestamp')) }} as told_time,
        {{ read_path('item', '$.webpage_url') }} as permalink,
        coalesce(
            {{ read_path('item', '$.url') }},
            list_last({{ read_part('item', '$.formats[*].url') }}) ->> '$'
        ) as video_src,
        coalesce(
            {{ read_path('item', '$.thumbnail') }},
            list_last({{ read_part('item', '$.thumbnails[*].url') }}) ->> '$'
        ) as coverphoto_src,
        {{ read_path('item', '$.uploader') }} as creator_username,
        {{ read_path('item', '$.channel') }} as creator_nickname,
        {{ read_path('item', '$.description') }} as description,
        concat_ws(
            ' - ', {{ read_path('item', '$.track') }}, {{ read_path('item', '$.artists[0]') }}
        ) as music_title,
        null::varchar as music_src,
        {{ read_path('item', '$.like_count') }} as like_count_shown,
        {{ read_path('item', '$.comment_count') }} as comment_count_shown,
        {{ read_subtitles(read_part('item', '$.subtitles.*[*].data') ~ "[1] ->> '$'") }} as caption_text,
        false as is_photo
    from items
    where source = 'yt-dlp'
),

zeeschuimer_tiktoks as (
    select
        file,
        position,
        {{ read_path('item', '$.id') }} as tiktok_id,
        {{ read_time(read_path('item', '$.timestamp_collected')) }} as scraped_at,
        {{ read_time(read_path('item', '$.createTime')) }} as told_time,
        coalesce(
            {{ read_path('item', '$.author.uniqueId') }},
            case
                when json_type({{ read_part('item', '$.author') }}) = 'VARCHAR' then {{ read_path('item', '$.author') }}
            end
        ) as creator_username,
        coalesce(
            {{ read_path('item', '$.author.nickname') }}, {{ read_path('item', '$.nickname') }}
        ) as creator_nickname,
        {{ read_path('item', '$.desc') }} as description,
        coalesce(
            {{ read_path('item', '$.video.downloadAddr') }}, {{ read_path('item', '$.video.playAddr') }}
        ) as video_src,
        coalesce(
            {{ read_path('item', '$.video.cover') }}, {{ read_path('item', '$.video.originCover') }}
        ) as coverphoto_src,
        concat_ws(
            ' - ', {{ read_path('item', '$.music.title') }}, {{ read_path('item', '$.music.authorName') }}
        ) as music_title,
        {{ read_path('item', '$.music.playUrl') }} as music_src,
        coalesce(
            {{ read_path('item', '$.statsV2.diggCount') }}, {{ read_path('item', '$.stats.diggCount') }}
        ) as like_count_shown,
        coalesce(
            {{ read_path('item', '$.statsV2.commentCount') }}, {{ read_path('item', '$.stats.commentCount') }}
        ) as comment_count_shown,
        null::varchar as caption_text,
        json_type({{ read_part('item', '$.imagePost') }}) = 'OBJECT' as is_photo
    from items
    where source = 'zeeschuimer' and json_exists(item, '$.createTime')
),

research_api_tiktoks as (
    select
        file,
        position,
        {{ read_path('item', '$.id') }} as tiktok_id,
        null::timestamp as scraped_at,
        {{ read_time(read_path('item', '$.create_time')) }} as told_time,
        {{ read_path('item', '$.username') }} as creator_username,
        null::varchar as creator_nickname,
        {{ read_path('item', '$.video_description') }} as description,
        null::varchar as video_src,
        null::varchar as coverphoto_src,
        null::varchar as music_title,
        null::varchar as music_src,
        {{ read_path('item', '$.like_count') }} as like_count_shown,
        {{ read_path('item', '$.comment_count') }} as comment_count_shown,
        {{ read_path('item', '$.voice_to_text') }} as caption_text,
        false as is_photo
    from items
    where
        source = 'research-api'
        and json_exists(item, '$.id')
        and not json_exists(item, '$.parent_comment_id')
),

imported_tiktoks as (
    select *
    from yt_dlp_tiktoks
    union all by name
    select *
    from zeeschuimer_tiktoks
    union all by name
    select *
    from research_api_tiktoks
),

deletions as (
    select
        tiktok_id,
        lower(ltrim(trim({{ read_path('record', '$.person') }}), '@')) as person
    from records
    where kind = 'deletions' and problem is null
),

kept_tiktoks as (
    select
        *,
        coalesce(
            permalink,
            'https://www.tiktok.com/@' || creator_username
            || case when is_photo then '/photo/' else '/video/' end || tiktok_id
        ) as told_permalink
    from imported_tiktoks
    where
        not exists (
            select 1 as forgotten
            from deletions
            where
                deletions.tiktok_id = imported_tiktoks.tiktok_id
                or deletions.person = lower(imported_tiktoks.creator_username)
                or deletions.person = lower(imported_tiktoks.creator_nickname)
        )
),

timed_tiktoks as (
    select
        *,
        {{ read_id_time('tiktok_id', 'scraped_at') }} as id_time
    from kept_tiktoks
)

select
    file,
    (row_number() over (partition by file order by position, tiktok_id))::integer as position,
    'import' as kind,
    case when regexp_full_match(tiktok_id, '[0-9]+') then tiktok_id end as tiktok_id,
    null::varchar as error,
    scraped_at,
    case when is_photo or told_permalink like '%/photo/%' then 'photo' else 'video' end as media_type,
    {{ not_blank('video_src') }} as video_src,
    {{ read_host('trim(video_src)') }} as video_host,
    {{ read_link_expiry('video_src') }} as video_src_expires_at,
    {{ not_blank('coverphoto_src') }} as coverphoto_src,
    {{ read_link_expiry('coverphoto_src') }} as coverphoto_src_expires_at,
    told_permalink as permalink,
    null::varchar as web_id,
    {{ not_blank('like_count_shown') }} as like_count_shown,
    {{ read_count('like_count_shown') }} as like_count,
    {{ not_blank('comment_count_shown') }} as comment_count_shown,
    {{ read_count('comment_count_shown') }} as comment_count,
    {{ not_blank('creator_username') }} as creator_username,
    {{ not_blank('creator_nickname') }} as creator_nickname,
    {{ not_blank('music_title') }} as music_title,
    {{ not_blank('music_src') }} as music_src,
    {{ not_blank('description') }} as description,
    {{ not_blank('caption_text') }} as caption_text,
    null::varchar as posted_at_shown,
    told_time as posted_at_shown_as,
    -- these tools tell the second
    coalesce(told_time, id_time) as posted_at,
    case
        when told_time is null then 'not_shown'
        when id_time is null then 'not_comparable'
        when abs(date_diff('day', told_time, id_time)) <= 1 then 'agreed'
        else 'disagreed'
    end as posted_at_check,
    null::boolean as is_comments_complete,
    null::varchar as comments_problem,
    null::timestamp as downloaded_at,
    case
        when tiktok_id is null then 'the record has no id'
        when not regexp_full_match(tiktok_id, '[0-9]+') then 'the id ''' || tiktok_id || ''' is not a number'
    end as problem
from timed_tiktoks
