{# Which queries does the best system miss, and who stands in the target's place? #}
with

failures as (select * from {{ ref('failures') }}),

queries as (select * from {{ ref('queries') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

best_system as (
    select entry_id as system_id
    from leaderboard
    where entry_kind = 'system'
    order by position
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
