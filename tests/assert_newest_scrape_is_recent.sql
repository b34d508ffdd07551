{# Warns when nothing was scraped for longer than the var freshness_days (180): links have expired, counts are old. #}
{{ config(severity='warn') }}
with

scrapes as (select * from {{ ref('int_scrapes_ranked') }}),

newest as (
    select max(scraped_at) as scraped_at
    from scrapes
)

select * from newest
where scraped_at < current_timestamp::timestamp - interval {{ var('freshness_days', 180) | int }} day
