{# One row for each line of the text collection's queries. #}
with

lines as (
    select * from {{ raw_lines(['collection/queries.tsv', 'collection/queries.jsonl']) }} as raw_lines
),

records as (
    select
        file,
        position,
        line,
        file like '%.tsv' as is_tsv,
        case when file like '%.jsonl' and json_valid(line) then cast(line as json) end as record
    from lines
    where line is null or trim(line) <> ''
)

select
    file,
    position,
    case when is_tsv then split_part(line, chr(9), 1) else coalesce(record ->> '$._id', record ->> '$.id') end as query_id,
    case
        when is_tsv then substr(line, strpos(line, chr(9)) + 1) else coalesce(record ->> '$.text', record ->> '$.query')
    end as query_text,
    record ->> '$.author' as author,
    case
        when line is null then 'the file is not UTF-8 text'
        when is_tsv and strpos(line, chr(9)) = 0 then 'no tab between the query id and the text'
        when is_tsv then case when trim(split_part(line, chr(9), 1)) = '' then 'a query without an id' end
        when record is null then 'not a JSON record'
        when json_type(record) <> 'OBJECT' then 'not a JSON object'
        when coalesce(trim(coalesce(record ->> '$._id', record ->> '$.id')), '') = ''
            then 'a query without an id (_id or id)'
    end as problem
from records
