-- Which queries does the best system miss, and who stands in the target's place?
with

failures as (select * from {{ ref('failures') }}),

queries as (select * from {{ ref('queries') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

systems as (select * from {{ ref('systems') }}),

-- of ours: what a foreign run does cannot be taken apart
best_system as (
    select leaderboard.entry_id as system_id
    from leaderboard
    inner join systems on leaderboard.entry_id = systems.system_id
    where leaderboard.entry_kind = 'system' and systems.system_kind <> 'foreign run'
    order by leaderboard.position
    limit 1
),

misses as (
    select
        failures.system_id,
        failures.query_id,
        queries.query_text,
        failures.target_rank,
        failures.category,
        failures.shared_term_count,
        failures.query_term_count,
        failures.shared_terms,
        failures.missing_terms,
        failures.target_doc_id,
        failures.rival_doc_id
    from failures
    inner join best_system on failures.system_id = best_system.system_id
    inner join queries on failures.query_id = queries.query_id
)

select * from misses
order by target_rank nulls last, query_id
