{# One row for each distinct word and each time that a term is left of it by the cleaning, with the term's number. #}
with

words as (select * from {{ ref('int_pruned_words') }}),

cleaned as (
    select
        word,
        {{ explode(split_text("trim(" ~ clean_text('lower(word)', 'alphanumeric') ~ ")", ' ')) }} as term
    from words
),

terms as (
    select
        term,
        {{ pruned_number('(row_number - 1)', 'terms') }} as term_number
    from (
        select
            term,
            row_number() over (order by term) as row_number
        from (select distinct term from cleaned where term <> '') as distinct_terms
    ) as numbered
),

word_terms as (
    select
        cleaned.word,
        cleaned.term,
        terms.term_number
    from cleaned
    inner join terms on cleaned.term = terms.term
)

select * from word_terms
