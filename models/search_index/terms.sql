{# One row for each index and term in it. #}
with

postings as (select * from {{ ref('postings') }}),

terms_numbered as (select * from {{ ref('int_terms_numbered') }}),

index_fields as (select * from {{ ref('int_index_fields') }}),

document_terms as (
    select
        index_fields.index_id,
        postings.term_id,
        postings.document_number,
        sum(postings.term_frequency) as term_frequency
    from postings
    inner join index_fields
        on
            postings.tokenizer_id = index_fields.tokenizer_id
            and postings.field = index_fields.field
    group by index_fields.index_id, postings.term_id, postings.document_number
),

term_frequencies as (
    select
        index_id,
        term_id,
        count(*) as document_frequency,
        cast(sum(term_frequency) as bigint) as collection_frequency
    from document_terms
    group by index_id, term_id
),

terms as (
    select
        term_frequencies.index_id,
        term_frequencies.term_id,
        terms_numbered.term,
        term_frequencies.document_frequency,
        term_frequencies.collection_frequency
    from term_frequencies
    inner join terms_numbered on term_frequencies.term_id = terms_numbered.term_id
)

select * from terms
