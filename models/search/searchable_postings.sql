{# One row for each index and term, of the indexes that SQL alone can search: with an index on the term's number a query
   reads the lists of its own terms and nothing else. The index is macros/search/search_indexes.sql. #}
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
        any_value(terms_keyed.document_frequency) as document_frequency,
        any_value(terms_keyed.collection_frequency) as collection_frequency,
        array_agg(postings.document_number) as document_numbers,
        array_agg({{ packed_occurrence(
            'index_lengths.field_number', 'postings.term_frequency', 'index_lengths.field_length'
        ) }}) as occurrences
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
    group by terms_keyed.term_key
)

select * from searchable_postings
