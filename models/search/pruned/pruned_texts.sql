{# One row for each document, with all its fields as one normalised text. #}
{{ config(materialized='view') }}

with

document_fields as (select * from {{ ref('document_fields') }}),

documents as (select * from {{ ref('documents') }}),

pruned_texts as (
    select
        documents.document_number,
        documents.doc_id,
        {{ join_strings('document_fields.normalised_text', 'document_fields.field') }} as text
    from documents
    inner join document_fields
        on
            documents.document_number = document_fields.document_number
            and document_fields.scheme = 'standard'
    group by documents.document_number, documents.doc_id
)

select * from pruned_texts
