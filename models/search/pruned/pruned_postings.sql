{# One row for each term and document, in that order, which is that of int_pruned_occurrences: the least and greatest term
   of each row group lead to a term. A posting ends where the next occurrence is of another document or term, and its
   frequency is the way there from the end before it. #}
{%- set in_order = window_in_stored_order('occurrence_high, occurrence_low') %}
with

occurrences as (select * from {{ ref('int_pruned_occurrences') }}),

documents as (select * from {{ ref('pruned_documents') }}),

neighbours as (
    select
        occurrence_high,
        occurrence_low,
        row_number() over {{ in_order }} as position,
        lead(occurrence_high) over {{ in_order }} as next_high,
        lead(occurrence_low) over {{ in_order }} as next_low
    from occurrences
),

ends as (
    select
        occurrence_high,
        occurrence_low,
        position
    from neighbours
    where
        occurrence_low is distinct from next_low
        or occurrence_high is distinct from next_high
),

postings as (
    select
        {{ term_of_occurrence('occurrence_high') }} as term_number,
        {{ place_of_occurrence('occurrence_high', 'occurrence_low') }} as place,
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
