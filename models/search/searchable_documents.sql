{# One row for each document, with what a list of results shows of it. #}
with

documents as (select * from {{ ref('documents') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

texts as (select * from {{ ref('stg_collection__documents') }}),

searchable_documents as (
    select
        documents.document_number,
        documents.doc_id,
        tiktoks.creator_username,
        tiktoks.creator_nickname,
        case when texts.doc_id is not null then coalesce(texts.title, texts.text) else tiktoks.description end
            as description,
        tiktoks.posted_at,
        case when texts.doc_id is not null then 'text' else tiktoks.media_type end as media_type
    from documents
    left join tiktoks on documents.doc_id = tiktoks.tiktok_id
    left join texts on documents.doc_id = texts.doc_id
)

select * from searchable_documents
