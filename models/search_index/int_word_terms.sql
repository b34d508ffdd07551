{# One row for each tokenizer made of words, distinct word and term that the tokenizer makes of it. #}
with

words as (select * from {{ ref('int_words_counted') }}),

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

word_terms as (
    select
        tokenizers.tokenizer_number,
        distinct_words.cleaning_number,
        distinct_words.word,
        case
            when tokenizers.stemmer = 'english' then snowball_stem(distinct_words.word)
            else distinct_words.word
        end as term,
        cast(1 as bigint) as term_count
    from distinct_words
    inner join tokenizers
        on
            distinct_words.cleaning_number = tokenizers.cleaning_number
            and tokenizers.unit = 'word'
    left join stop_words
        on
            tokenizers.stop_words = stop_words.list_id
            and distinct_words.word = stop_words.word
    where stop_words.word is null
),

marked_words as (
    select
        tokenizers.tokenizer_number,
        tokenizers.ngram_size,
        distinct_words.cleaning_number,
        distinct_words.word,
        '_' || distinct_words.word || '_' as marked_word
    from distinct_words
    inner join tokenizers
        on
            distinct_words.cleaning_number = tokenizers.cleaning_number
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
        {{ ngram_at('marked_word', 'position', 'ngram_size') }} as term,
        count(*) as term_count
    from marked_word_positions
    group by tokenizer_number, cleaning_number, word, term
),

terms_of_words as (
    select * from word_terms
    union all
    select * from bounded_ngrams
)

select * from terms_of_words
