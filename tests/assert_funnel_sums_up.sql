{# Each stage of the funnel counts every scraped TikTok once, and the last one keeps as many as the corpus has. #}
with

funnel as (select * from {{ ref('funnel') }}),

scrapes as (select * from {{ ref('int_scrapes_ranked') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

stages as (
    select
        stage,
        sum(tiktoks) as counted,
        (select count(distinct scrapes.tiktok_id) from scrapes) as expected
    from funnel
    group by stage
    union all
    select
        'kept' as stage,
        coalesce(sum(tiktoks) filter (where outcome = 'kept'), 0) as counted,
        (select count(*) from tiktoks) as expected
    from funnel
)

select * from stages
where counted <> expected
