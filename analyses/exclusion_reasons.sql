-- Why is a scraped TikTok not in the corpus?
with

excluded_tiktoks as (select * from {{ ref('excluded_tiktoks') }}),

reasons as (
    select
        reason,
        count(*) as tiktoks
    from excluded_tiktoks
    group by reason
)

select * from reasons
order by tiktoks desc, reason asc
