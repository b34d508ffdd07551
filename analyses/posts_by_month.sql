-- When were the TikToks of the corpus posted?
with

tiktoks as (select * from {{ ref('tiktoks') }}),

months as (
    select
        cast(date_trunc('month', posted_at) as date) as posted_month,
        count(*) as tiktoks
    from tiktoks
    where posted_at is not null
    group by date_trunc('month', posted_at)
)

select * from months
order by posted_month
