{# One row for each term, with the documents that it stands in, in order, one element for each time. Sorting within each
   term costs half of what counting and sorting all tokens at once does. #}
with

words as (select * from {{ ref('int_pruned_words') }}),

terms as (select * from {{ ref('int_pruned_terms') }}),

collected as (
    select
        terms.term_number,
        {{ joined_lists('array_agg(words.places)') }} as places
    from terms
    inner join words on terms.word = words.word
    group by terms.term_number
),

term_places as (
    select
        term_number,
        {{ sorted_list('places') }} as places
    from collected
)

select * from term_places
order by term_number
