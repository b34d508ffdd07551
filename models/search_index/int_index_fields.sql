{# One row for each selected index and field that it covers. #}
with

indexes as (select * from {{ ref('int_indexes_selected') }}),

fields as (select distinct field from {{ ref('field_weights') }}),

index_fields as (
    select
        indexes.index_id,
        indexes.tokenizer_id,
        case fields.field
            when 'comments' then {{ comments_field('indexes.max_comments') }}
            else fields.field
        end as field,
        fields.field as whole_field
    from indexes
    inner join fields
        on
            indexes.fields = 'all'
            or ' ' || indexes.fields || ' ' like '% ' || fields.field || ' %'
)

select * from index_fields
