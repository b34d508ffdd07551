{# Every count, date and reply count that a scrape shows was read, or corpus.unparsed_values says why not. #}
with

tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

comments as (select * from {{ ref('stg_scraper__comments') }}),

unparsed_values as (select * from {{ ref('unparsed_values') }}),

unread_values as (
    select
        (select count(*) from tiktoks where like_count_shown is not null and like_count is null)
        + (select count(*) from tiktoks where comment_count_shown is not null and comment_count is null)
        + (select count(*) from tiktoks where posted_at_shown is not null and posted_at_shown_as is null)
        + (select count(*) from comments where like_count_shown is not null and like_count is null)
        + (select count(*) from comments where reply_count_shown is not null and reply_count is null)
        + (select count(*) from comments where posted_at_shown is not null and posted_at is null) as unread,
        (select count(*) from unparsed_values) as excused
)

select * from unread_values
where unread <> excused
