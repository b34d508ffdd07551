-- How many comments should be indexed?
-- One row for each number of comments of a TikTok that an index reads; null = all of them.
with

ablated_systems as (select * from {{ ref('ablated_systems') }}),

systems as (select * from {{ ref('systems') }}),

indexes as (select * from {{ ref('indexes') }}),

system_metrics as (select * from {{ ref('system_metrics') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

comments as (select * from {{ ref('comments') }}),

compared as (
    select system_id
    from ablated_systems
    where axis = 'comments'
    union
    select reference_system_id as system_id
    from ablated_systems
    where axis = 'comments'
),

comments_indexed as (
    select
        case
            when indexes.fields = 'all' or indexes.fields like '%comments%' then cast(indexes.max_comments as integer)
            else 0
        end as comments_read,
        (select max(comments.position) from comments) as most_comments,
        system_metrics.metric,
        system_metrics.value,
        system_metrics.ci_low,
        system_metrics.ci_high,
        systems.system_id
    from compared
    inner join systems on compared.system_id = systems.system_id
    inner join indexes on systems.index_id = indexes.index_id
    inner join system_metrics on compared.system_id = system_metrics.system_id
    where
        system_metrics.cutoff is null
        and system_metrics.metric in (select leaderboard.leading_metric from leaderboard)
        and exists (select comments.comment_id from comments)
)

select * from comments_indexed
order by comments_read asc nulls last, system_id asc
