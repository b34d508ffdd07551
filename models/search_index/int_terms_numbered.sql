{# One row for each tokenizer and term, of documents or queries, with the number that stands for it everywhere else. #}
with

word_terms as (select * from {{ ref('int_word_terms') }}),

ngrams as (select * from {{ ref('int_ngrams_counted') }}),

terms as (
    select
        tokenizer_number,
        term
    from word_terms
    union
    select
        tokenizer_number,
        ngram as term
    from ngrams
),

terms_numbered as (
    select
        tokenizer_number,
        term,
        cast(row_number() over (order by tokenizer_number, term) as integer) as term_id
    from terms
)

select * from terms_numbered
