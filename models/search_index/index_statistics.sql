{# One row for each index. #}
with

documents as (select count(*) as document_count from {{ ref('documents') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

terms as (select * from {{ ref('terms') }}),

term_counts as (
    select
        index_id,
        count(*) as vocabulary_size,
        cast(sum(document_frequency) as bigint) as posting_count,
        cast(sum(collection_frequency) as bigint) as token_count
    from terms
    group by index_id
),

index_statistics as (
    select
        indexes.index_id,
        documents.document_count,
        coalesce(term_counts.vocabulary_size, 0) as vocabulary_size,
        coalesce(term_counts.posting_count, 0) as posting_count,
        coalesce(term_counts.token_count / nullif(documents.document_count, 0), 0) as mean_document_length,
        cast(null as double) as build_seconds
    from indexes
    cross join documents
    left join term_counts on indexes.index_id = term_counts.index_id
)

select * from index_statistics
