{# One row for each way of cleaning, text and word, with how often the word stands in the text. #}
with

texts as (select * from {{ ref('int_texts_cleaned') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

cleanings as (
    select distinct cleaning_number
    from indexes
    where unit in ('word', 'bounded_ngram')
),

words as (
    select
        texts.cleaning_number,
        texts.text_id,
        {{ explode(split_text('texts.cleaned_text', ' ')) }} as word
    from texts
    inner join cleanings on texts.cleaning_number = cleanings.cleaning_number
),

words_counted as (
    select
        cleaning_number,
        text_id,
        word,
        cast(count(*) as integer) as word_frequency
    from words
    where word <> ''
    group by cleaning_number, text_id, word
)

select * from words_counted
