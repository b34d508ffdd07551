{# One row for each readable record of a console batch, master.json or tiktoks.db: a TikTok as one scrape showed it. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

fields as (
    select
        file,
        position,
        kind,
        tiktok_id,
        {{ read_fields('record', {
            'error': 'varchar', 'status': 'varchar', 'reason': 'varchar', 'media-type': 'varchar', 'video-src': 'varchar', 'coverphoto-src': 'varchar',
            'slide-srcs': 'json', 'permalink': 'varchar', 'web-id': 'varchar', 'like-count': 'varchar',
            'comment-count': 'varchar', 'creator-username': 'varchar', 'creator-nickname': 'varchar',
            'timeposted': 'varchar', 'time-posted': 'varchar', 'music-title': 'varchar', 'music-src': 'varchar',
            'description': 'varchar', 'captions': 'json', 'comments': 'json', 'comments-complete': 'varchar',
            'scrape-timestamp': 'varchar', 'download-timestamp': 'varchar'
        }) }} as field
    from records
    where kind in ('batch', 'master', 'legacy') and record is not null
),

timed_fields as (
    select
        *,
        {{ read_time("field['scrape-timestamp']") }} as scraped_at,
        nullif(trim(coalesce(field['timeposted'], field['time-posted'])), '') as posted_at_shown
    from fields
),

parsed_fields as (
    select
        *,
        {{ read_id_time('tiktok_id', 'scraped_at') }} as id_time,
        {{ read_shown_date('posted_at_shown', 'scraped_at') }} as shown_time
    from timed_fields
)

select
    file,
    position,
    kind,
    tiktok_id,
    coalesce(
        nullif(trim(field['error']), ''),
        case when field['status'] = 'error' then coalesce(field['reason'], 'error') end
    ) as error,
    scraped_at,
    case
        when
            lower(field['media-type']) = 'photo'
            or field['permalink'] like '%/photo/%'
            or len({{ read_items("field['slide-srcs']") }}) > 0
            then 'photo'
        when
            lower(field['media-type']) = 'video' or field['permalink'] like '%/video/%' or field['video-src'] <> ''
            then 'video'
    end as media_type,
    nullif(trim(field['video-src']), '') as video_src,
    {{ read_host("trim(field['video-src'])") }} as video_host,
    {{ read_link_expiry("field['video-src']") }} as video_src_expires_at,
    nullif(trim(field['coverphoto-src']), '') as coverphoto_src,
    {{ read_link_expiry("field['coverphoto-src']") }} as coverphoto_src_expires_at,
    nullif(trim(field['permalink']), '') as permalink,
    nullif(trim(field['web-id']), '') as web_id,
    nullif(trim(field['like-count']), '') as like_count_shown,
    {{ read_count("field['like-count']") }} as like_count,
    nullif(trim(field['comment-count']), '') as comment_count_shown,
    {{ read_count("field['comment-count']") }} as comment_count,
    nullif(ltrim(trim(field['creator-username']), '@'), '') as creator_username,
    nullif(trim(field['creator-nickname']), '') as creator_nickname,
    nullif(trim(field['music-title']), '') as music_title,
    -- the address of the site alone is what an empty link comes out as
    case when not regexp_full_match(trim(field['music-src']), '(https?://[^/]+/?)?') then trim(field['music-src']) end
        as music_src,
    {{ not_blank("field['description']") }} as description,
    {{ read_captions("field['captions']") }} as caption_text,
    posted_at_shown,
    shown_time as posted_at_shown_as,
    coalesce(id_time, shown_time) as posted_at,
    case
        when posted_at_shown is null then 'not_shown'
        when shown_time is null or id_time is null then 'not_comparable'
        when
            abs(date_diff('day', shown_time, id_time)) <= {{ shown_date_tolerance('posted_at_shown') }} then 'agreed'
        else 'disagreed'
    end as posted_at_check,
    try_cast(field['comments-complete'] as boolean) as is_comments_complete,
    case when json_type(field['comments']) = 'ARRAY' then field['comments'] end as comments,
    case
        when json_type(field['comments']) not in ('ARRAY', 'NULL')
            then 'the comments are of the type ' || lower(json_type(field['comments'])) || ', not a list'
    end as comments_problem,
    {{ read_time("field['download-timestamp']") }} as downloaded_at
from parsed_fields
