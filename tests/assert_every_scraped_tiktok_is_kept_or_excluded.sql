{# Every scraped TikTok is in the corpus or excluded with a reason: never both, never neither, and nothing else is. #}
with

scrapes as (select * from {{ ref('int_scrapes_ranked') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

excluded_tiktoks as (select * from {{ ref('excluded_tiktoks') }}),

places as (
    select distinct
        tiktok_id,
        'scraped' as place
    from scrapes
    union all
    select
        tiktok_id,
        'kept or excluded' as place
    from tiktoks
    union all
    select
        tiktok_id,
        'kept or excluded' as place
    from excluded_tiktoks
)

select
    tiktok_id,
    count(*) filter (where place = 'scraped') as scraped,
    count(*) filter (where place = 'kept or excluded') as kept_or_excluded
from places
group by tiktok_id
having count(*) filter (where place = 'scraped') <> 1 or count(*) filter (where place = 'kept or excluded') <> 1
