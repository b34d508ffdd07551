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
),

packed as (
    select
        {{ occurrence_high('term_number', 'place') }} as occurrence_high,
        {{ occurrence_low('place') }} as occurrence_low
    from occurrences
)

select * from packed
order by occurrence_high, occurrence_low
