{# Warns when more than one in a hundred post times (from the id) lie more than a day from the date that was shown. #}
{{ config(severity='warn') }}
with

tiktoks as (select * from {{ ref('int_tiktoks_merged') }}),

checks as (
    select
        count(*) filter (where posted_at_check = 'disagreed') as disagreed,
        count(*) filter (where posted_at_check in ('agreed', 'disagreed')) as compared
    from tiktoks
)

select * from checks
where disagreed * 100 > compared
