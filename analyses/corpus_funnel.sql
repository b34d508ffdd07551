-- How many of the scraped TikToks get through each stage, and what becomes of the others?
with

funnel as (select * from {{ ref('funnel') }}),

outcomes as (
    select
        case stage
            when 'scrape' then 1
            when 'download' then 2
            when 'cover' then 3
            when 'speech' then 4
            else 5
        end as stage_number,
        stage,
        outcome,
        cast(sum(tiktoks) as bigint) as tiktoks
    from funnel
    group by stage, outcome
),

shares as (
    select
        *,
        tiktoks / sum(tiktoks) over (partition by stage) as share
    from outcomes
)

select * from shares
order by stage_number asc, tiktoks desc, outcome asc
