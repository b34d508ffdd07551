{# One row for each way of cleaning, content and word, with how often the word stands in the content. #}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_contents(ref('int_texts_cleaned')) }}",
) }}
with

texts as (
    select *
    from {{ ref('int_texts_cleaned') }}
    {{ where_content_is_new() }}
),

indexes as (select * from {{ ref('int_indexes_selected') }}),

cleanings as (
    select distinct cleaning_number
    from indexes
    where unit in ('word', 'bounded_ngram')
),

words as (
    select
        texts.cleaning_number,
        texts.content_id,
        {{ explode(split_text('texts.cleaned_text', ' ')) }} as word
    from texts
    inner join cleanings on texts.cleaning_number = cleanings.cleaning_number
),

words_counted as (
    select
        cleaning_number,
        content_id,
        word,
        cast(count(*) as integer) as word_frequency
    from words
    where word <> ''
    group by cleaning_number, content_id, word
)

select * from words_counted
