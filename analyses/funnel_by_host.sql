-- At which stage, and from which video host, are TikToks lost?
-- One row for each stage, host, outcome and reason, with its share of the TikToks of that host.
with

funnel as (select * from {{ ref('funnel') }}),

shares as (
    select
        stage,
        coalesce(host, 'no link') as host,
        outcome,
        reason,
        tiktoks,
        round(tiktoks / sum(tiktoks) over (partition by stage, host), 4) as share_of_host,
        case stage
            when 'scrape' then 1
            when 'download' then 2
            when 'cover' then 3
            when 'speech' then 4
            else 5
        end as stage_number
    from funnel
)

select
    stage,
    host,
    outcome,
    reason,
    tiktoks,
    share_of_host
from shares
order by stage_number asc, host asc, tiktoks desc, outcome asc, reason asc
