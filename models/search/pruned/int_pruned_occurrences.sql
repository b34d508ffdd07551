{# One row for each term and document, both in one number, with how often: one number is sorted faster than two. #}
with

words as (select * from {{ ref('int_pruned_words') }}),

terms as (select * from {{ ref('int_pruned_terms') }}),

occurrences as (
    select
        word,
        {{ explode('places') }} as place
    from words
),

counted as (
    select
        terms.term_number * {{ pruned_stride() }} + occurrences.place as posting_key,
        cast(count(*) as integer) as term_frequency
    from terms
    inner join occurrences on terms.word = occurrences.word
    group by terms.term_number * {{ pruned_stride() }} + occurrences.place
)

select * from counted
