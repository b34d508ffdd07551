{# One row for each scrape of a TikTok, whatever it came from, ranked from the newest. #}
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
    *,
    -- an error record takes no part in the order: it never overwrites
    case
        when error is null
            then row_number() over (
                partition by tiktok_id, error is null
                order by scraped_at desc nulls last, file desc, position desc
            )
    end as scrape_rank
from scrapes
