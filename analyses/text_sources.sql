-- Where does a document's text come from?
with

field_statistics as (select * from {{ ref('field_statistics') }}),

index_statistics as (select * from {{ ref('index_statistics') }}),

-- the first index of every field is of plain words
plain_words as (
    select
        index_id,
        document_count
    from index_statistics
    order by index_id
    limit 1
),

fields as (
    select
        field_statistics.field,
        field_statistics.document_count as documents,
        field_statistics.document_count / nullif(plain_words.document_count, 0) as share,
        field_statistics.mean_length as mean_words
    from field_statistics
    inner join plain_words on field_statistics.index_id = plain_words.index_id
    where field_statistics.document_count > 0
)

select * from fields
order by documents desc, field asc
