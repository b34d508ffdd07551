{# One row for each index and field of it. #}
with

documents as (select count(*) as document_count from {{ ref('documents') }}),

index_fields as (select * from {{ ref('int_index_fields') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

lengths as (
    select
        index_fields.index_id,
        index_fields.field,
        count(field_lengths.document_number) as document_count,
        coalesce(sum(field_lengths.field_length), 0) as token_count
    from index_fields
    left join field_lengths
        on
            index_fields.tokenizer_id = field_lengths.tokenizer_id
            and index_fields.field = field_lengths.field
    group by index_fields.index_id, index_fields.field
),

field_statistics as (
    select
        lengths.index_id,
        lengths.field,
        lengths.document_count,
        lengths.token_count / nullif(documents.document_count, 0) as mean_length
    from lengths
    cross join documents
)

select * from field_statistics
