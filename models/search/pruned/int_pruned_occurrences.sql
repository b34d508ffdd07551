{# One row for each occurrence of a term in a document, in the order of terms and places. #}
with

words as (select * from {{ ref('int_pruned_words') }}),

terms as (select * from {{ ref('int_pruned_terms') }}),

occurrences as (
    select
        terms.term_number,
        {{ explode('words.places') }} as place
    from words
    inner join terms on words.word = terms.word
)

select * from occurrences
order by term_number, place
