{# One row for each document, with its lengths and with what a list of results shows of it. #}
with

documents as (select * from {{ ref('documents') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

texts as (select * from {{ ref('stg_collection__documents') }}),

document_lengths as (select * from {{ ref('int_document_lengths') }}),

length_lists as (
    select
        document_number,
        {{ ordered_list('document_length', 'index_id, field_weights_id') }} as lengths
    from document_lengths
    group by document_number
),

searchable_documents as (
    select
        documents.document_number,
        documents.doc_id,
        tiktoks.creator_username,
        tiktoks.creator_nickname,
        case when texts.doc_id is not null then coalesce(texts.title, texts.text) else tiktoks.description end
            as description,
        tiktoks.posted_at,
        case when texts.doc_id is not null then 'text' else tiktoks.media_type end as media_type,
        length_lists.lengths
    from documents
    left join tiktoks on documents.doc_id = tiktoks.tiktok_id
    left join texts on documents.doc_id = texts.doc_id
    left join length_lists on documents.document_number = length_lists.document_number
)

select * from searchable_documents
