{# One row for each document, field and normalisation scheme. #}
with

texts as (select * from {{ ref('int_texts_collected') }}),

texts_normalised as (select * from {{ ref('int_texts_normalised') }}),

document_fields as (
    select
        texts.text_number as document_number,
        texts.field,
        texts_normalised.scheme,
        texts.raw_text,
        texts_normalised.normalised_text
    from texts
    inner join texts_normalised on texts.content_id = texts_normalised.content_id
    where
        texts.field <> 'query'
        and texts.field = {{ whole_field('texts.field') }}
)

select * from document_fields
