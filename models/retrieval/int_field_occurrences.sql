{# One row for each index, set of field weights, term of some query, document and field: how often it occurs there. #}
{{ config(materialized='view') }}

with

query_terms as (
    select distinct
        index_id,
        term_id
    from {{ ref('int_query_terms') }}
),

postings as (select * from {{ ref('postings') }}),

weightings as (select * from {{ ref('int_weightings_selected') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

field_occurrences as (
    select
        query_terms.index_id,
        weightings.field_weights_id,
        query_terms.term_id,
        postings.document_number,
        weightings.whole_field as field,
        postings.term_frequency as occurrences,
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
)

select * from field_occurrences
