{# One row for each scrape of a TikTok, whatever it came from, ranked from the newest. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

scraper_tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

imported_tiktoks as (
    select * from {{ ref('stg_imports__tiktoks') }}
    where problem is null
),

scrapes as (
    select * exclude (comments)
    from scraper_tiktoks
    union all by name
    select * exclude (problem)
    from imported_tiktoks
)

select
    {{ disguised({
        'file': 'text', 'tiktok_id': 'id', 'error': 'text', 'video_src': 'link', 'coverphoto_src': 'link', 'permalink': 'link',
        'web_id': 'id', 'creator_username': 'person', 'creator_nickname': 'person', 'music_title': 'music_title',
        'music_src': 'link', 'description': 'text', 'caption_text': 'text', 'posted_at_shown': 'text',
        'like_count_shown': 'text', 'comment_count_shown': 'text', 'posted_at_shown_as': 'day', 'posted_at': 'day',
        'comments_problem': 'text'
    }, names) }},
    -- an error record takes no part in the order: it never overwrites
    case
        when error is null
            then row_number() over (
                partition by tiktok_id, error is null
                order by scraped_at desc nulls last, file desc, position desc
            )
    end as scrape_rank
from scrapes
