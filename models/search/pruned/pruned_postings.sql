{# One row for each term and document, in that order, which is that of int_pruned_occurrences: the least and greatest term
   of each row group lead to a term. A posting ends where the next occurrence is of another document or term, and its
   frequency is the way there from the end before it. #}
{%- set in_order = window_in_stored_order('term_number, place') %}
with

occurrences as (select * from {{ ref('int_pruned_occurrences') }}),

documents as (select * from {{ ref('pruned_documents') }}),

neighbours as (
    select
        term_number,
        place,
        row_number() over {{ in_order }} as position,
        lead(place) over {{ in_order }} as next_place,
        lead(term_number) over {{ in_order }} as next_term_number
    from occurrences
),

ends as (
    select
        term_number,
        place,
        position
    from neighbours
    where
        place is distinct from next_place
        or term_number is distinct from next_term_number
),

postings as (
    select
        term_number,
        place,
        cast(position - coalesce(lag(position) over {{ in_order }}, 0) as integer) as term_frequency
    from ends
),

pruned_postings as (
    select
        postings.term_number,
        postings.place,
        postings.term_frequency,
        documents.document_length
    from postings
    inner join documents on postings.place = documents.place
)

select * from pruned_postings
