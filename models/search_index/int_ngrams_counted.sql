{# One row for each tokenizer of n-grams across blanks, content and n-gram, with how often it stands in the content. #}
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

tokenizers as (
    select distinct
        tokenizer_number,
        cleaning_number,
        ngram_size
    from indexes
    where unit = 'ngram'
),

positions as (
    select
        tokenizers.tokenizer_number,
        tokenizers.ngram_size,
        texts.content_id,
        texts.cleaned_text,
        {{ explode(integers_to(ngram_count('texts.cleaned_text', 'tokenizers.ngram_size'))) }} as position
    from texts
    inner join tokenizers on texts.cleaning_number = tokenizers.cleaning_number
),

ngrams_counted as (
    select
        tokenizer_number,
        content_id,
        {{ ngram_at('cleaned_text', 'position', 'ngram_size') }} as ngram,
        cast(count(*) as integer) as ngram_frequency
    from positions
    group by tokenizer_number, content_id, ngram
)

select * from ngrams_counted
