{# One row for each document of the collection: a TikTok, or a text of a text collection. #}
with

tiktoks as (select tiktok_id from {{ ref('tiktoks') }}),

texts as (select doc_id from {{ ref('stg_collection__documents') }}),

document_ids as (
    select tiktok_id as doc_id from tiktoks
    union
    select doc_id from texts
),

documents as (
    select
        doc_id,
        cast(row_number() over (order by doc_id) as integer) as document_number
    from document_ids
)

select * from documents
