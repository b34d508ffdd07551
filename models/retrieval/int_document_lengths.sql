{# One row for each index, set of field weights and document: its weighted length, 0 where it has no token. #}
with

documents as (select document_number from {{ ref('documents') }}),

weightings as (select * from {{ ref('int_weightings_selected') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

weighted_lengths as (
    select
        weightings.index_id,
        weightings.field_weights_id,
        field_lengths.document_number,
        sum(weightings.weight * field_lengths.field_length) as document_length
    from field_lengths
    inner join weightings
        on
            field_lengths.tokenizer_id = weightings.tokenizer_id
            and field_lengths.field = weightings.field
    group by weightings.index_id, weightings.field_weights_id, field_lengths.document_number
),

weighting_ids as (
    select distinct
        index_id,
        field_weights_id
    from weightings
),

document_lengths as (
    select
        weighting_ids.index_id,
        weighting_ids.field_weights_id,
        documents.document_number,
        coalesce(weighted_lengths.document_length, 0) as document_length
    from documents
    cross join weighting_ids
    left join weighted_lengths
        on
            documents.document_number = weighted_lengths.document_number
            and weighting_ids.index_id = weighted_lengths.index_id
            and weighting_ids.field_weights_id = weighted_lengths.field_weights_id
)

select * from document_lengths
