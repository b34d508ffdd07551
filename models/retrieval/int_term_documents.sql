{# One row for each index, set of field weights, term of some query and document that has it. #}
with

field_occurrences as (select * from {{ ref('int_field_occurrences') }}),

terms as (select * from {{ ref('terms') }}),

document_lengths as (select * from {{ ref('int_document_lengths') }}),

mean_lengths as (
    select
        index_id,
        field_weights_id,
        count(*) as document_count,
        sum(document_length) / count(*) as mean_document_length
    from document_lengths
    group by index_id, field_weights_id
),

occurrences as (
    select
        index_id,
        field_weights_id,
        term_id,
        document_number,
        sum(term_frequency) as term_frequency,
        sum(normalised_term_frequency) as normalised_term_frequency
    from field_occurrences
    group by index_id, field_weights_id, term_id, document_number
),

collection_frequencies as (
    select
        index_id,
        field_weights_id,
        term_id,
        sum(term_frequency) as collection_frequency
    from occurrences
    group by index_id, field_weights_id, term_id
),

term_documents as (
    select
        occurrences.index_id,
        occurrences.field_weights_id,
        occurrences.term_id,
        occurrences.document_number,
        occurrences.term_frequency,
        occurrences.normalised_term_frequency,
        terms.document_frequency,
        collection_frequencies.collection_frequency,
        document_lengths.document_length,
        mean_lengths.document_count,
        mean_lengths.mean_document_length
    from occurrences
    inner join terms
        on
            occurrences.index_id = terms.index_id
            and occurrences.term_id = terms.term_id
    inner join collection_frequencies
        on
            occurrences.index_id = collection_frequencies.index_id
            and occurrences.field_weights_id = collection_frequencies.field_weights_id
            and occurrences.term_id = collection_frequencies.term_id
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
