{# One row for each tokenizer made of words, distinct word and term that the tokenizer makes of it. #}
with

words as (select * from {{ ref('int_words_counted') }}),

hashtag_splits as (select * from {{ ref('int_hashtag_splits') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

stop_words as (select * from {{ ref('stop_words') }}),

tokenizers as (
    select distinct
        tokenizer_number,
        cleaning_number,
        unit,
        ngram_size,
        stop_words,
        stemmer
    from indexes
),

distinct_words as (
    select distinct
        cleaning_number,
        word
    from words
),

{# What a word is made of: itself, and a marked hashtag also of the words that it is split into. #}
word_parts as (
    select
        distinct_words.cleaning_number,
        distinct_words.word,
        coalesce(hashtag_splits.hashtag, distinct_words.word) as part
    from distinct_words
    left join hashtag_splits
        on
            distinct_words.cleaning_number = hashtag_splits.cleaning_number
            and distinct_words.word = hashtag_splits.word
    union all
    select
        cleaning_number,
        word,
        {{ explode(split_text('pieces', ' ')) }} as part
    from hashtag_splits
    where pieces is not null
),

word_terms as (
    select
        tokenizers.tokenizer_number,
        word_parts.cleaning_number,
        word_parts.word,
        case
            when tokenizers.stemmer = 'english' then snowball_stem(word_parts.part)
            else word_parts.part
        end as term
    from word_parts
    inner join tokenizers
        on
            word_parts.cleaning_number = tokenizers.cleaning_number
            and tokenizers.unit = 'word'
    left join stop_words
        on
            tokenizers.stop_words = stop_words.list_id
            and word_parts.part = stop_words.word
    where stop_words.word is null
),

marked_words as (
    select
        tokenizers.tokenizer_number,
        tokenizers.ngram_size,
        word_parts.cleaning_number,
        word_parts.word,
        '_' || word_parts.part || '_' as marked_word
    from word_parts
    inner join tokenizers
        on
            word_parts.cleaning_number = tokenizers.cleaning_number
            and tokenizers.unit = 'bounded_ngram'
),

marked_word_positions as (
    select
        tokenizer_number,
        ngram_size,
        cleaning_number,
        word,
        marked_word,
        {{ explode(integers_to(ngram_count('marked_word', 'ngram_size', whole_if_short=true))) }} as position
    from marked_words
),

bounded_ngrams as (
    select
        tokenizer_number,
        cleaning_number,
        word,
        {{ ngram_at('marked_word', 'position', 'ngram_size') }} as term
    from marked_word_positions
),

terms_of_words as (
    select * from word_terms
    union all
    select * from bounded_ngrams
),

terms_counted as (
    select
        tokenizer_number,
        cleaning_number,
        word,
        term,
        count(*) as term_count
    from terms_of_words
    group by tokenizer_number, cleaning_number, word, term
)

select * from terms_counted
