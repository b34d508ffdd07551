{# One row for each system and measure that looks at the first relevant document: its mean as judged, and where a
   near-duplicate of a relevant document is as good as the document itself. #}
with

query_metrics as (
    select *
    from {{ ref('query_metrics') }}
    where metric in ('reciprocal_rank', 'target_rank', 'success')
),

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

qrels as (select * from {{ ref('qrels') }}),

near_duplicates as (select * from {{ ref('near_duplicates') }}),

pairs as (
    select
        doc_id,
        other_doc_id
    from near_duplicates
    union all
    select
        other_doc_id as doc_id,
        doc_id as other_doc_id
    from near_duplicates
),

{# Only direct neighbours, so that a chain of likenesses never joins what is not alike; a judgement is stronger. #}
shared_targets as (
    select distinct
        qrels.query_id,
        pairs.other_doc_id as doc_id
    from qrels
    inner join pairs on qrels.doc_id = pairs.doc_id
    left join qrels as judgements
        on qrels.query_id = judgements.query_id and pairs.other_doc_id = judgements.doc_id
    where
        qrels.relevance > 0
        and judgements.doc_id is null
),

shared_ranks as (
    select
        documents_ranked.system_id,
        documents_ranked.query_id,
        min(documents_ranked.rank) as shared_rank
    from documents_ranked
    inner join shared_targets
        on
            documents_ranked.query_id = shared_targets.query_id
            and documents_ranked.doc_id = shared_targets.doc_id
    group by documents_ranked.system_id, documents_ranked.query_id
),

query_values as (
    select
        query_metrics.system_id,
        query_metrics.metric,
        query_metrics.cutoff,
        query_metrics.value,
        case
            when shared_ranks.shared_rank is null then query_metrics.value
            when query_metrics.metric = 'target_rank' then least(query_metrics.value, shared_ranks.shared_rank)
            when query_metrics.metric = 'reciprocal_rank'
                then greatest(query_metrics.value, {{ reciprocal_rank('shared_ranks.shared_rank') }})
            when shared_ranks.shared_rank <= query_metrics.cutoff then 1
            else query_metrics.value
        end as value_with_groups
    from query_metrics
    left join shared_ranks
        on query_metrics.system_id = shared_ranks.system_id and query_metrics.query_id = shared_ranks.query_id
),

near_duplicate_sensitivity as (
    select
        system_id,
        metric,
        cutoff,
        round(avg(value), 12) as value,
        round(avg(value_with_groups), 12) as value_with_groups,
        cast(count(*) filter (where abs(value - value_with_groups) > 1e-9) as integer) as changed_query_count,
        cast(count(*) as integer) as query_count
    from query_values
    group by system_id, metric, cutoff
)

select * from near_duplicate_sensitivity
