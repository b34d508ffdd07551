{# One row for each index that a selected system searches, with its tokenizer's settings. #}
with

systems as (select distinct index_id from {{ ref('int_systems_selected') }}),

indexes as (select * from {{ ref('indexes') }}),

tokenizers as (select * from {{ ref('tokenizers') }}),

indexes_selected as (
    select
        indexes.index_id,
        indexes.fields,
        indexes.max_comments,
        tokenizers.tokenizer_id,
        dense_rank() over (order by tokenizers.tokenizer_id) as tokenizer_number,
        tokenizers.scheme,
        tokenizers.cleaning,
        coalesce(tokenizers.split_hashtags, false) as split_hashtags,
        dense_rank() over (
            order by tokenizers.scheme, tokenizers.cleaning, coalesce(tokenizers.split_hashtags, false)
        ) as cleaning_number,
        tokenizers.unit,
        tokenizers.ngram_size,
        tokenizers.stop_words,
        tokenizers.stemmer
    from indexes
    inner join systems on indexes.index_id = systems.index_id
    inner join tokenizers on indexes.tokenizer_id = tokenizers.tokenizer_id
)

select * from indexes_selected
