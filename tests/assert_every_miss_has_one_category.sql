{# Each judged query that a default system, or the best of ours, does not answer on rank 1 is one failure, and nothing
   else is; what a failure says of scores and terms can be. #}
with

query_metrics as (select * from {{ ref('query_metrics') }}),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

systems as (select * from {{ ref('systems') }}),

failures as (select * from {{ ref('failures') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

own_positions as (
    select
        systems.system_id,
        leaderboard.position,
        min(leaderboard.position) over () as best_position
    from systems
    inner join leaderboard on systems.system_id = leaderboard.entry_id
    where
        leaderboard.entry_kind = 'system'
        and systems.system_kind <> 'foreign run'
),

misses as (
    select
        query_metrics.system_id,
        query_metrics.query_id
    from query_metrics
    inner join systems on query_metrics.system_id = systems.system_id
    left join own_positions on systems.system_id = own_positions.system_id
    inner join query_runs
        on query_metrics.system_id = query_runs.system_id and query_metrics.query_id = query_runs.query_id
    where
        query_metrics.metric = 'reciprocal_rank'
        and query_metrics.value < 1
        and query_runs.relevant_count > 0
        and (systems.is_default or own_positions.position = own_positions.best_position)
)

select
    misses.system_id as missed_by,
    misses.query_id as missed_query_id,
    failures.*
from misses
full outer join failures
    on misses.system_id = failures.system_id and misses.query_id = failures.query_id
where
    misses.system_id is null
    or failures.category is null
    or failures.target_rank = 1
    or failures.target_doc_id = failures.rival_doc_id
    or failures.target_score > failures.rival_score + 1e-9
    or failures.shared_term_count not between 0 and failures.query_term_count
    or (failures.shared_term_count > 0 and failures.category in ('no_shared_term', 'not_in_the_collection'))
    or (
        failures.shared_term_count = 0
        and failures.query_term_count > 0
        and failures.category not in ('no_shared_term', 'not_in_the_collection')
    )
