{# One row for each index, set of field weights, term of some query and document that has it. #}
with

query_terms as (
    select distinct
        index_id,
        term_id,
        document_frequency,
        collection_frequency
    from {{ ref('int_query_terms') }}
),

postings as (select * from {{ ref('postings') }}),

weightings as (select * from {{ ref('int_weightings_selected') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

document_lengths as (select * from {{ ref('int_document_lengths') }}),

mean_lengths as (
    select
        index_id,
        field_weights_id,
        count(*) as document_count,
        avg(document_length) as mean_document_length
    from document_lengths
    group by index_id, field_weights_id
),

field_occurrences as (
    select
        query_terms.index_id,
        weightings.field_weights_id,
        query_terms.term_id,
        query_terms.document_frequency,
        query_terms.collection_frequency,
        postings.document_number,
        weightings.weight * postings.term_frequency as term_frequency,
        weightings.weight * postings.term_frequency
        / {{ field_length_factor('weightings.b', 'field_lengths.field_length', 'weightings.mean_length') }}
            as normalised_term_frequency
    from query_terms
    inner join postings on query_terms.term_id = postings.term_id
    inner join weightings
        on
            query_terms.index_id = weightings.index_id
            and postings.field = weightings.field
    inner join field_lengths
        on
            postings.tokenizer_id = field_lengths.tokenizer_id
            and postings.document_number = field_lengths.document_number
            and postings.field = field_lengths.field
),

occurrences as (
    select
        index_id,
        field_weights_id,
        term_id,
        document_frequency,
        collection_frequency,
        document_number,
        sum(term_frequency) as term_frequency,
        sum(normalised_term_frequency) as normalised_term_frequency
    from field_occurrences
    group by
        index_id, field_weights_id, term_id, document_frequency, collection_frequency, document_number
),

term_documents as (
    select
        occurrences.index_id,
        occurrences.field_weights_id,
        occurrences.term_id,
        occurrences.document_number,
        occurrences.term_frequency,
        occurrences.normalised_term_frequency,
        occurrences.document_frequency,
        occurrences.collection_frequency,
        document_lengths.document_length,
        mean_lengths.document_count,
        mean_lengths.mean_document_length
    from occurrences
    inner join document_lengths
        on
            occurrences.index_id = document_lengths.index_id
            and occurrences.field_weights_id = document_lengths.field_weights_id
            and occurrences.document_number = document_lengths.document_number
    inner join mean_lengths
        on
            occurrences.index_id = mean_lengths.index_id
            and occurrences.field_weights_id = mean_lengths.field_weights_id
)

select * from term_documents
