{# One row for each term, document and field in which the term occurs, of the tokenizers that SQL alone can follow.
   In the order of the terms, so that a term's rows lie together and the rest of the file is never read. #}
with

postings as (select * from {{ ref('postings') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

tokenizers as (
    select distinct
        tokenizer_id,
        stemmer
    from {{ ref('int_indexes_selected') }}
    where stemmer is null
),

fields as (
    select
        field,
        cast(row_number() over (order by field) as integer) as field_number
    from (select distinct field from {{ ref('field_weights') }}) as field_names
),

searchable_lengths as (
    select
        field_lengths.tokenizer_id,
        field_lengths.document_number,
        field_lengths.field,
        fields.field_number,
        field_lengths.field_length
    from field_lengths
    inner join tokenizers on field_lengths.tokenizer_id = tokenizers.tokenizer_id
    inner join fields on field_lengths.field = fields.field
),

searchable_postings as (
    select
        postings.term_id,
        postings.document_number,
        searchable_lengths.field_number,
        postings.term_frequency,
        searchable_lengths.field_length
    from postings
    inner join searchable_lengths
        on
            postings.tokenizer_id = searchable_lengths.tokenizer_id
            and postings.document_number = searchable_lengths.document_number
            and postings.field = searchable_lengths.field
)

select * from searchable_postings
order by term_id, document_number
