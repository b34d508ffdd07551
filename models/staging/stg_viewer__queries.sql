{# One row for each line that the viewer wrote: a query with its target, or a withdrawal. Its exports
   leave theirs in files, which are filed below queries/. #}
select
    file,
    position,
    record ->> '$.withdrawn' as withdrawn_query_id,
    case
        when problem is null and (record ->> '$.withdrawn') is null
            then coalesce(record ->> '$.query_id', 'viewer-' || cast(position as varchar))
    end as query_id,
    case when json_type(record, '$.query_text') = 'VARCHAR' then record ->> '$.query_text' end as query_text,
    coalesce({{ json_text_list('record', 'target_ids') }}, {{ json_text_list('record', 'target_id') }}) as target_ids,
    record ->> '$.pseudonym' as author,
    try_cast(record ->> '$.viewed_at' as timestamp) as viewed_at,
    try_cast(record ->> '$.submitted_at' as timestamp) as submitted_at,
    try_cast(record ->> '$.delay_seconds' as double) as delay_seconds,
    record ->> '$.found_by' as found_by,
    record ->> '$.snapshot_version' as snapshot_version,
    record ->> '$.app_version' as app_version,
    coalesce(problem, case when json_type(record) <> 'OBJECT' then 'not a JSON object' end) as problem
from {{ read_records(['queries.ndjson', 'queries/*.ndjson']) }} as raw_records
