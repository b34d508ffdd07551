-- What is a score made of: term by term, for the target and for the document on rank 1?
with

explanations as (select * from {{ ref('explanations') }}),

runs as (select * from {{ ref('runs') }}),

qrels as (select * from {{ ref('qrels') }}),

queries as (select * from {{ ref('queries') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

best_system as (
    select entry_id as system_id
    from leaderboard
    where entry_kind = 'system'
    order by position
    limit 1
),

explained_targets as (
    select
        runs.system_id,
        runs.query_id,
        runs.doc_id,
        runs.rank
    from runs
    inner join best_system on runs.system_id = best_system.system_id
    inner join qrels on runs.query_id = qrels.query_id and runs.doc_id = qrels.doc_id
    where
        qrels.relevance > 0
        and (runs.system_id, runs.query_id, runs.doc_id) in (
            select (explanations.system_id, explanations.query_id, explanations.doc_id) from explanations
        )
    qualify row_number() over (partition by runs.query_id order by runs.rank) = 1
),

-- near misses say most; two queries whose target is first show what success looks like
chosen as (
    select *
    from explained_targets
    qualify row_number() over (partition by rank > 1 order by rank, query_id) <= case when rank > 1 then 3 else 2 end
),

shown as (
    select
        chosen.query_id,
        chosen.rank as target_rank,
        runs.doc_id,
        runs.rank,
        runs.score,
        case when runs.doc_id = chosen.doc_id then 'target' else 'rank 1' end as part,
        runs.system_id
    from chosen
    inner join runs
        on
            chosen.system_id = runs.system_id
            and chosen.query_id = runs.query_id
            and (runs.rank = 1 or chosen.doc_id = runs.doc_id)
),

terms as (
    select
        shown.system_id,
        shown.query_id,
        queries.query_text,
        shown.target_rank,
        shown.part,
        shown.rank,
        shown.doc_id,
        shown.score,
        explanations.term,
        explanations.field,
        explanations.term_frequency,
        explanations.document_frequency,
        explanations.contribution
    from shown
    inner join queries on shown.query_id = queries.query_id
    inner join explanations
        on
            shown.system_id = explanations.system_id
            and shown.query_id = explanations.query_id
            and shown.doc_id = explanations.doc_id
)

select * from terms
order by target_rank desc, query_id asc, rank asc, contribution desc, term asc, field asc
