-- Which fields bring the targets their scores?
with

explanations as (select * from {{ ref('explanations') }}),

qrels as (select * from {{ ref('qrels') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

systems as (
    select
        entry_id as system_id,
        position
    from leaderboard
    where entry_kind = 'system'
),

contributions as (
    select
        systems.position,
        explanations.system_id,
        explanations.field,
        sum(explanations.contribution) as contribution
    from explanations
    inner join systems on explanations.system_id = systems.system_id
    inner join qrels on explanations.query_id = qrels.query_id and explanations.doc_id = qrels.doc_id
    where qrels.relevance > 0 and explanations.field is not null
    group by systems.position, explanations.system_id, explanations.field
),

shares as (
    select
        position,
        system_id,
        field,
        round(contribution / sum(contribution) over (partition by system_id), 9) as share
    from contributions
)

select * from shares
order by position asc, share desc, field asc
