-- How large is each index?
-- One row for each index that the build made.
with

index_statistics as (select * from {{ ref('index_statistics') }}),

indexes as (select * from {{ ref('indexes') }}),

systems as (select * from {{ ref('systems') }}),

system_counts as (
    select
        index_id,
        count(*) as systems
    from systems
    where index_id is not null
    group by index_id
),

index_sizes as (
    select
        indexes.index_id,
        indexes.tokenizer_id,
        indexes.fields,
        index_statistics.document_count,
        index_statistics.vocabulary_size,
        index_statistics.posting_count,
        cast(round(index_statistics.mean_document_length * index_statistics.document_count) as bigint) as token_count,
        round(index_statistics.mean_document_length, 1) as mean_document_length,
        round(index_statistics.posting_count / nullif(index_statistics.vocabulary_size, 0), 2) as postings_of_a_term,
        system_counts.systems,
        index_statistics.build_seconds,
        indexes.description
    from index_statistics
    inner join indexes on index_statistics.index_id = indexes.index_id
    inner join system_counts on index_statistics.index_id = system_counts.index_id
)

select *
from index_sizes
order by posting_count desc, index_id asc
