-- Which tokenizer goes with which ranking function?
-- One row for each tokenizer and ranker whose system is built, over all fields and all comments.
with

leaderboard as (select * from {{ ref('leaderboard') }}),

systems as (select * from {{ ref('systems') }}),

indexes as (select * from {{ ref('indexes') }}),

pairs as (
    select
        systems.tokenizer_id,
        systems.ranker_id,
        leaderboard.leading_metric as metric,
        leaderboard.leading_value as value,
        leaderboard.leading_value_ci_low as ci_low,
        leaderboard.leading_value_ci_high as ci_high,
        leaderboard.position,
        systems.system_id
    from systems
    inner join leaderboard on systems.system_id = leaderboard.entry_id
    inner join indexes on systems.index_id = indexes.index_id
    where leaderboard.entry_kind = 'system' and indexes.fields = 'all' and indexes.max_comments is null
    -- a ranker may weigh fields in several ways: the best of them stands for it
    qualify
        row_number() over (partition by systems.tokenizer_id, systems.ranker_id order by leaderboard.position) = 1
)

select * from pairs
order by position
