{# How large is each index, and how long did it take? #}
with

index_statistics as (select * from {{ ref('index_statistics') }}),

indexes as (select * from {{ ref('indexes') }}),

sizes as (
    select
        index_statistics.index_id,
        indexes.tokenizer_id,
        indexes.description,
        index_statistics.document_count,
        index_statistics.vocabulary_size,
        index_statistics.posting_count,
        index_statistics.mean_document_length,
        index_statistics.build_seconds
    from index_statistics
    inner join indexes on index_statistics.index_id = indexes.index_id
)

select * from sizes
order by index_id
