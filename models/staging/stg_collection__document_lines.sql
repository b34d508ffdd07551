{# One row for each line of the text collection's documents. #}
with

lines as (
    select * from {{ raw_lines(['collection/documents.jsonl', 'collection/corpus.jsonl']) }} as raw_lines
),

records as (
    select
        file,
        position,
        line,
        case when json_valid(line) then cast(line as json) end as record
    from lines
    where line is null or trim(line) <> ''
),

documents as (
    select
        file,
        position,
        line,
        record,
        coalesce(record ->> '$._id', record ->> '$.id') as doc_id,
        record ->> '$.title' as title,
        record ->> '$.text' as text
    from records
),

numbered as (
    select
        *,
        row_number() over (partition by doc_id order by file, position) as occurrence
    from documents
)

select
    file,
    position,
    doc_id,
    title,
    text,
    case
        when line is null then 'the file is not UTF-8 text'
        when record is null then 'not a JSON record'
        when json_type(record) <> 'OBJECT' then 'not a JSON object'
        when doc_id is null or trim(doc_id) = '' then 'a document without an id (_id or id)'
        when occurrence > 1 then 'the document id was given before: ' || doc_id
    end as problem
from numbered
