{# One row for each line that the viewer wrote of judges: whether a TikTok is also right for a query. #}
with

judgements as (
    select
        file,
        position,
        record ->> '$.judge' as judge,
        record ->> '$.query_id' as query_id,
        record ->> '$.query_text' as query_text,
        record ->> '$.doc_id' as doc_id,
        record ->> '$.answer' as answer,
        try_cast(record ->> '$.judged_at' as timestamp) as judged_at,
        record ->> '$.snapshot_version' as snapshot_version,
        coalesce(problem, case when json_type(record) <> 'OBJECT' then 'not a JSON object' end) as problem
    from {{ read_records(['judgements.ndjson']) }} as raw_records
)

select
    file,
    position,
    judge,
    query_id,
    query_text,
    doc_id,
    answer,
    judged_at,
    snapshot_version,
    case
        when problem is not null then problem
        when coalesce(judge, '') = '' or coalesce(query_id, '') = '' or coalesce(doc_id, '') = ''
            then 'a judgement without a judge, a query or a document'
        when coalesce(answer, '') not in ('yes', 'no', 'unsure') then 'the answer is not yes, no or unsure'
    end as problem
from judgements
