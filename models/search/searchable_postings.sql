{# One row for each index, term, document and field in which the term occurs, of the indexes that SQL alone can search.
   In the order of the terms' numbers, so that a term's rows lie together and the rest of the file is not read. #}
with

postings as (select * from {{ ref('postings') }}),

terms as (select * from {{ ref('terms') }}),

field_lengths as (select * from {{ ref('int_field_lengths') }}),

index_fields as (select * from {{ ref('int_index_fields') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

fields as (
    select
        field,
        cast(row_number() over (order by field) as integer) as field_number
    from (select distinct field from {{ ref('field_weights') }}) as field_names
),

index_lengths as (
    select
        index_fields.index_id,
        field_lengths.tokenizer_id,
        field_lengths.document_number,
        field_lengths.field,
        fields.field_number,
        field_lengths.field_length
    from field_lengths
    inner join index_fields
        on
            field_lengths.tokenizer_id = index_fields.tokenizer_id
            and field_lengths.field = index_fields.field
    inner join indexes on index_fields.index_id = indexes.index_id
    inner join fields on index_fields.whole_field = fields.field
    where
        indexes.stemmer is null
        and not indexes.split_hashtags
),

terms_keyed as (
    select
        index_id,
        term_id,
        {{ term_key('index_id', 'term') }} as term_key,
        document_frequency,
        collection_frequency
    from terms
),

searchable_postings as (
    select
        terms_keyed.term_key,
        postings.document_number,
        index_lengths.field_number,
        postings.term_frequency,
        index_lengths.field_length,
        terms_keyed.document_frequency,
        terms_keyed.collection_frequency
    from postings
    inner join index_lengths
        on
            postings.tokenizer_id = index_lengths.tokenizer_id
            and postings.document_number = index_lengths.document_number
            and postings.field = index_lengths.field
    inner join terms_keyed
        on
            index_lengths.index_id = terms_keyed.index_id
            and postings.term_id = terms_keyed.term_id
)

select * from searchable_postings
order by term_key, document_number
