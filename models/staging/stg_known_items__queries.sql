{# One row for each record of the known-item query sets (queries.json, queries/*.json). #}
select
    file,
    position,
    case
        when problem is not null then null
        when file = 'queries.json' then cast(position as varchar)
        else regexp_extract(file, '([^/]+)[.]json$', 1) || '-' || cast(position as varchar)
    end as query_id,
    case when json_type(record, '$.text') = 'VARCHAR' then record ->> '$.text' end as query_text,
    {{ json_text_list('record', 'target') }} as target_ids,
    record ->> '$.author' as author,
    try_cast(record ->> '$.useful-description' as boolean) as useful_description,
    try_cast(record ->> '$.comments-on-topic' as boolean) as comments_on_topic,
    try_cast(record ->> '$.purely-visual' as boolean) as purely_visual,
    try_cast(record ->> '$.important-lyrics' as boolean) as important_lyrics,
    try_cast(record ->> '$.subtextual' as boolean) as subtextual,
    coalesce(problem, case when json_type(record) <> 'OBJECT' then 'not a JSON object' end) as problem
from {{ read_records(['queries.json', 'queries/*.json']) }} as raw_records
