-- What is there: TikToks, texts, comments, queries?
with

tiktoks as (select * from {{ ref('tiktoks') }}),

excluded_tiktoks as (select * from {{ ref('excluded_tiktoks') }}),

quarantined_records as (select * from {{ ref('quarantined_records') }}),

comments as (select * from {{ ref('comments') }}),

documents as (select * from {{ ref('documents') }}),

queries as (select * from {{ ref('queries') }}),

excluded_queries as (select * from {{ ref('excluded_queries') }}),

counts as (
    select
        (select count(*) from tiktoks) as tiktoks,
        (select count(distinct creator_username) from tiktoks) as creators,
        (select count(*) from excluded_tiktoks) as excluded_tiktoks,
        (select count(*) from quarantined_records) as quarantined_records,
        (select count(*) from comments) as comments,
        (select count(*) from documents) as documents,
        (select count(*) from queries) as queries,
        (select count(distinct author) from queries) as authors,
        (select count(*) from excluded_queries) as excluded_queries
)

select * from counts
