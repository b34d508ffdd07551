{# One row for each record of the known-item query sets (queries.json, queries/*.json). #}
with

texts as (
    select * from {{ raw_texts(['queries.json', 'queries/*.json']) }} as raw_texts
),

parsed as (
    select
        file,
        case when json_valid(text) then cast(text as json) end as content,
        text is not null as is_text
    from texts
),

record_lists as (
    select
        file,
        case
            when not is_text then 'the file is not UTF-8 text'
            when content is null then 'the file is not JSON'
            when json_type(content) <> 'ARRAY' then 'the file is not a list of queries'
        end as file_problem,
        case when json_type(content) = 'ARRAY' then json_extract(content, '$[*]') else [null] end as records
    from parsed
),

records as (
    select
        file,
        file_problem,
        unnest(records) as record,
        case when file_problem is null then generate_subscripts(records, 1) end as position
    from record_lists
)

select
    file,
    position,
    case
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
    case
        when file_problem is not null then file_problem
        when json_type(record) <> 'OBJECT' then 'not a JSON object'
    end as problem
from records
