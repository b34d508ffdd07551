{# One row for each shown count or date that could not be read. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
{% set columns = {
    'file': 'text', 'tiktok_id': 'id', 'like_count_shown': 'text', 'reply_count_shown': 'text', 'posted_at_shown': 'text'
} %}
with

tiktoks as (
    select
        file,
        position,
        tiktok_id,
        scraped_at,
        like_count_shown,
        like_count,
        comment_count_shown,
        comment_count,
        posted_at_shown,
        posted_at_shown_as
    from {{ ref('int_scrapes_ranked') }}
),

scraper_comments as (
    select {{ disguised(columns, names) }}
    from {{ ref('stg_scraper__comments') }}
),

imported_comments as (
    select {{ disguised(columns, names) }}
    from {{ ref('stg_imports__comments') }}
    where problem is null
),

comments as (
    select * from scraper_comments
    union all by name
    select * from imported_comments
),

shown_values as (
    select
        file,
        position,
        null::integer as comment_position,
        tiktok_id,
        scraped_at,
        'like_count' as field,
        like_count_shown as shown,
        like_count::varchar as parsed
    from tiktoks
    union all
    select
        file,
        position,
        null::integer as comment_position,
        tiktok_id,
        scraped_at,
        'comment_count' as field,
        comment_count_shown as shown,
        comment_count::varchar as parsed
    from tiktoks
    union all
    select
        file,
        position,
        null::integer as comment_position,
        tiktok_id,
        scraped_at,
        'posted_at' as field,
        posted_at_shown as shown,
        posted_at_shown_as::varchar as parsed
    from tiktoks
    union all
    select
        file,
        position,
        comment_position,
        tiktok_id,
        scraped_at,
        'like_count' as field,
        like_count_shown as shown,
        like_count::varchar as parsed
    from comments
    union all
    select
        file,
        position,
        comment_position,
        tiktok_id,
        scraped_at,
        'reply_count' as field,
        reply_count_shown as shown,
        reply_count::varchar as parsed
    from comments
    union all
    select
        file,
        position,
        comment_position,
        tiktok_id,
        scraped_at,
        'posted_at' as field,
        posted_at_shown as shown,
        posted_at::varchar as parsed
    from comments
)

select
    file,
    position,
    comment_position,
    tiktok_id,
    field,
    shown,
    case
        when field <> 'posted_at' then 'not a count'
        when scraped_at is null and not regexp_matches(shown, '^[0-9]{4}-') then 'the time of the scrape is not known'
        else 'not a date'
    end as reason
from shown_values
where shown is not null and parsed is null
