{# One row for each term and document, in that order, which is that of int_pruned_term_places: the least and greatest term
   of each row group lead to a term. Nothing here is sorted again, as the engine keeps the order of what it reads; it
   decides over speed alone. #}
with

term_places as (select * from {{ ref('int_pruned_term_places') }}),

documents as (select * from {{ ref('pruned_documents') }}),

with_starts as (
    select
        term_number,
        places,
        {{ run_starts('places') }} as starts
    from term_places
),

postings as (
    select
        term_number,
        {{ explode(elements_at('places', 'starts')) }} as place,
        {{ explode(run_lengths('places', 'starts')) }} as term_frequency
    from with_starts
),

-- A look into one list is a tenth of a join, as the places of a term come in order
lengths as (
    select {{ ordered_list('document_length', 'place') }} as document_lengths
    from documents
),

pruned_postings as (
    select
        postings.term_number,
        postings.place,
        cast(postings.term_frequency as integer) as term_frequency,
        cast({{ list_element('lengths.document_lengths', 'postings.place + 1') }} as integer) as document_length
    from postings
    cross join lengths
)

select * from pruned_postings
