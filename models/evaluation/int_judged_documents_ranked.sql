{# One row for each system, query and judged document that the system retrieved. #}
with

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

qrels as (select * from {{ ref('qrels') }}),

judged_documents as (
    select
        documents_ranked.system_id,
        documents_ranked.query_id,
        documents_ranked.doc_id,
        qrels.relevance,
        {{ gain('qrels.relevance') }} as gain,
        case when qrels.relevance > 0 then 1 else 0 end as is_relevant,
        {# trec_eval counts a negative grade neither as relevant nor as non-relevant. #}
        case when qrels.relevance = 0 then 1 else 0 end as is_nonrelevant,
        documents_ranked.rank as document_rank,
        documents_ranked.tied_low,
        documents_ranked.tied_high
    from documents_ranked
    inner join qrels
        on documents_ranked.query_id = qrels.query_id and documents_ranked.doc_id = qrels.doc_id
)

select
    *,
    cast(
        sum(is_relevant) over (
            partition by system_id, query_id order by document_rank
            rows between unbounded preceding and current row
        ) as integer
    ) as relevant_so_far,
    cast(
        sum(is_nonrelevant) over (
            partition by system_id, query_id order by document_rank
            rows between unbounded preceding and current row
        ) - is_nonrelevant as integer
    ) as nonrelevant_before
from judged_documents
