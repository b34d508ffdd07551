{# One row for each tokenizer of n-grams across blanks, text and n-gram, with how often it stands in the text. #}
with

texts as (select * from {{ ref('int_texts_normalised') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

tokenizers as (
    select distinct
        tokenizer_number,
        scheme,
        ngram_size
    from indexes
    where unit = 'ngram'
),

texts_cleaned as (
    select
        texts.scheme,
        texts.text_id,
        {{ clean_text('texts.normalised_text', 'original') }} as cleaned_text
    from texts
    where texts.scheme in (select tokenizers.scheme from tokenizers)
),

positions as (
    select
        tokenizers.tokenizer_number,
        tokenizers.ngram_size,
        texts_cleaned.text_id,
        texts_cleaned.cleaned_text,
        {{ explode(integers_to(ngram_count('texts_cleaned.cleaned_text', 'tokenizers.ngram_size'))) }} as position
    from texts_cleaned
    inner join tokenizers on texts_cleaned.scheme = tokenizers.scheme
),

ngrams_counted as (
    select
        tokenizer_number,
        text_id,
        {{ ngram_at('cleaned_text', 'position', 'ngram_size') }} as ngram,
        cast(count(*) as integer) as ngram_frequency
    from positions
    group by tokenizer_number, text_id, ngram
)

select * from ngrams_counted
