{# One row for each line of the text collection's queries. #}
with

tab_lines as (
    select
        file,
        position,
        split_part(line, chr(9), 1) as query_id,
        substr(line, strpos(line, chr(9)) + 1) as query_text,
        cast(null as varchar) as author,
        coalesce(
            problem, case when strpos(line, chr(9)) = 0 then 'no tab between the query id and the text' end
        ) as problem
    from {{ read_lines_and_problems(['collection/queries.tsv']) }} as raw_lines
),

records as (
    select
        file,
        position,
        coalesce(record ->> '$._id', record ->> '$.id') as query_id,
        coalesce(record ->> '$.text', record ->> '$.query') as query_text,
        record ->> '$.author' as author,
        coalesce(problem, case when json_type(record) <> 'OBJECT' then 'not a JSON object' end) as problem
    from {{ read_records(['collection/queries.jsonl']) }} as raw_records
),

queries as (
    select * from tab_lines
    union all
    select * from records
)

select
    file,
    position,
    query_id,
    query_text,
    author,
    coalesce(problem, case when coalesce(trim(query_id), '') = '' then 'a query without an id' end) as problem
from queries
