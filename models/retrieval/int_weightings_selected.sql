{# One row for each index, set of field weights and field: how the field counts where a system combines the two. #}
with

systems as (
    select distinct
        index_id,
        field_weights_id
    from {{ ref('int_systems_selected') }}
),

index_fields as (select * from {{ ref('int_index_fields') }}),

field_weights as (select * from {{ ref('field_weights') }}),

field_statistics as (select * from {{ ref('field_statistics') }}),

weightings_selected as (
    select
        index_fields.index_id,
        index_fields.tokenizer_id,
        field_weights.field_weights_id,
        index_fields.field,
        index_fields.whole_field,
        field_weights.weight,
        field_weights.b,
        field_statistics.mean_length
    from systems
    inner join index_fields on systems.index_id = index_fields.index_id
    inner join field_weights
        on
            systems.field_weights_id = field_weights.field_weights_id
            and index_fields.whole_field = field_weights.field
    inner join field_statistics
        on
            index_fields.index_id = field_statistics.index_id
            and index_fields.field = field_statistics.field
)

select * from weightings_selected
