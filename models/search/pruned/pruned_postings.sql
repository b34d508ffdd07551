{# One row for each term and document, in that order: the least and greatest term of each row group lead to a term. #}
with

occurrences as (select * from {{ ref('int_pruned_occurrences') }}),

documents as (select * from {{ ref('pruned_documents') }}),

keyed as (
    select
        posting_key,
        cast(posting_key % {{ pruned_stride() }} as integer) as place,
        term_frequency
    from occurrences
),

pruned_postings as (
    select
        cast(floor(keyed.posting_key / {{ pruned_stride() }}) as integer) as term_number,
        keyed.place,
        keyed.term_frequency,
        documents.document_length
    from keyed
    inner join documents on keyed.place = documents.place
)

select * from pruned_postings
order by term_number, place
