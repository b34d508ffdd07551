{# One row for each tokenizer, text and term, with how often the term stands in the text. #}
with

texts as (select * from {{ ref('int_texts_collected') }}),

words as (select * from {{ ref('int_words_counted') }}),

word_terms as (select * from {{ ref('int_word_terms') }}),

ngrams as (select * from {{ ref('int_ngrams_counted') }}),

terms as (select * from {{ ref('int_terms_numbered') }}),

numbered_word_terms as (
    select
        word_terms.cleaning_number,
        word_terms.word,
        terms.term_id,
        word_terms.term_count
    from word_terms
    inner join terms
        on
            word_terms.tokenizer_number = terms.tokenizer_number
            and word_terms.term = terms.term
),

tokens_of_words as (
    select
        texts.text_id,
        numbered_word_terms.term_id,
        cast(sum(words.word_frequency * numbered_word_terms.term_count) as integer) as term_frequency
    from texts
    inner join words on texts.content_id = words.content_id
    inner join numbered_word_terms
        on
            words.cleaning_number = numbered_word_terms.cleaning_number
            and words.word = numbered_word_terms.word
    group by texts.text_id, numbered_word_terms.term_id
),

tokens_of_ngrams as (
    select
        texts.text_id,
        terms.term_id,
        ngrams.ngram_frequency as term_frequency
    from texts
    inner join ngrams on texts.content_id = ngrams.content_id
    inner join terms
        on
            ngrams.tokenizer_number = terms.tokenizer_number
            and ngrams.ngram = terms.term
),

tokens_counted as (
    select * from tokens_of_words
    union all
    select * from tokens_of_ngrams
)

select * from tokens_counted
