{# The frequencies of a term, the lengths of documents and the statistics of an index are all sums of the postings. #}
with

postings_of_indexes as (
    select
        index_fields.index_id,
        postings.term_id,
        postings.document_number,
        postings.field,
        postings.term_frequency
    from {{ ref('postings') }} as postings
    inner join {{ ref('int_index_fields') }} as index_fields
        on
            postings.tokenizer_id = index_fields.tokenizer_id
            and postings.field = index_fields.field
),

sums_of_postings as (
    select
        index_id,
        sum(term_frequency) as token_count
    from postings_of_indexes
    group by index_id
),

sums_of_terms as (
    select
        index_id,
        sum(collection_frequency) as token_count,
        max(document_frequency) as highest_document_frequency
    from {{ ref('terms') }}
    group by index_id
),

sums_of_fields as (
    select
        index_id,
        sum(mean_length) as mean_document_length
    from {{ ref('field_statistics') }}
    group by index_id
)

select index_statistics.*
from {{ ref('index_statistics') }} as index_statistics
left join sums_of_postings on index_statistics.index_id = sums_of_postings.index_id
left join sums_of_terms on index_statistics.index_id = sums_of_terms.index_id
left join sums_of_fields on index_statistics.index_id = sums_of_fields.index_id
where
    index_statistics.document_count > 0
    and (
        coalesce(sums_of_postings.token_count, 0) <> coalesce(sums_of_terms.token_count, 0)
        or coalesce(sums_of_terms.highest_document_frequency, 0) > index_statistics.document_count
        or abs(index_statistics.mean_document_length - sums_of_fields.mean_document_length) > 1e-6
        or abs(
            index_statistics.mean_document_length * index_statistics.document_count
            - coalesce(sums_of_postings.token_count, 0)
        ) > 1e-3
    )
