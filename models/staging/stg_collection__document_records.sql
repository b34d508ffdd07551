{# One row for each record of the text collection's documents. #}
with

records as (
    select * from {{ read_records(['collection/documents.jsonl', 'collection/corpus.jsonl']) }} as raw_records
),

documents as (
    select
        file,
        position,
        record,
        problem,
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
        when problem is not null then problem
        when json_type(record) <> 'OBJECT' then 'not a JSON object'
        when doc_id is null or trim(doc_id) = '' then 'a document without an id (_id or id)'
        when occurrence > 1 then 'the document id was given before: ' || doc_id
    end as problem
from numbered
