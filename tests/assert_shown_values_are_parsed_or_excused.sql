{# Every count, date and reply count that a scrape shows was read, or corpus.unparsed_values says why not. #}
with

tiktoks as (select * from {{ ref('int_scrapes_ranked') }}),

scraper_comments as (select * from {{ ref('stg_scraper__comments') }}),

imported_comments as (
    select * from {{ ref('stg_imports__comments') }}
    where problem is null
),

comments as (
    select * from scraper_comments
    union all by name
    select * from imported_comments
),

unparsed_values as (select * from {{ ref('unparsed_values') }}),

values_by_state as (
    select
        count(like_count_shown) + count(comment_count_shown) + count(posted_at_shown) as shown,
        count(like_count) + count(comment_count)
        + count(posted_at_shown_as) filter (where posted_at_shown is not null) as parsed
    from tiktoks
    union all
    select
        count(like_count_shown) + count(reply_count_shown) + count(posted_at_shown) as shown,
        -- an empty replies-count is 0, and a time may come from the id: neither was shown
        count(like_count) + count(reply_count) filter (where reply_count_shown is not null)
        + count(posted_at) filter (where posted_at_shown is not null) as parsed
    from comments
),

sums as (
    select
        sum(shown) as shown,
        sum(parsed) as parsed,
        (select count(*) from unparsed_values) as excused
    from values_by_state
)

select * from sums
where shown <> parsed + excused
