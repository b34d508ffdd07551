{# One row for each way of cleaning that marks hashtags and hashtag, with the words that it is best split into.
   Best is the most probable sequence of words, each as probable as it is frequent in the collection outside hashtags, as
   in Norvig's `segment` (Natural Language Corpus Data, in Segaran and Hammerbacher, Beautiful Data, 2009), found piece by
   piece with Viterbi's algorithm. A hashtag stays whole where no sequence is more probable than itself. #}
{%- set most_pieces = 8 %}
with

words as (select * from {{ ref('int_words_counted') }}),

texts as (select * from {{ ref('int_texts_collected') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

cleanings as (
    select distinct cleaning_number
    from indexes
    where split_hashtags
),

marked_words as (
    select words.*
    from words
    inner join cleanings on words.cleaning_number = cleanings.cleaning_number
),

hashtags as (
    select distinct
        cleaning_number,
        word,
        substring(word, 2) as hashtag
    from marked_words
    where word like '#%'
),

{# Queries say nothing about the language of the documents, and what was indexed must not change with them. #}
document_contents as (
    select
        content_id,
        count(*) as text_count
    from texts
    where
        field <> 'query'
        and field = {{ whole_field('field') }}
    group by content_id
),

frequencies as (
    select
        marked_words.cleaning_number,
        marked_words.word,
        sum(marked_words.word_frequency * document_contents.text_count) as frequency
    from marked_words
    inner join document_contents on marked_words.content_id = document_contents.content_id
    where marked_words.word not like '#%'
    group by marked_words.cleaning_number, marked_words.word
),

totals as (
    select
        cleaning_number,
        sum(frequency) as total_frequency
    from frequencies
    group by cleaning_number
),

{# Anything is made of short enough words. What is seen twice may be a slip, and the fewer letters, the more often their
   sequence comes about without being a word: one word in a hundred must be it for a letter, in 2,000 for two. #}
vocabulary as (
    select
        frequencies.cleaning_number,
        frequencies.word,
        ln(cast(frequencies.frequency as double) / totals.total_frequency) as log_probability
    from frequencies
    inner join totals on frequencies.cleaning_number = totals.cleaning_number
    where
        frequencies.frequency >= 3
        and frequencies.frequency * 100 * power(20, length(frequencies.word) - 1) >= totals.total_frequency
),

first_positions as (
    select
        cleaning_number,
        hashtag,
        {{ explode(integers_to('length(hashtag)')) }} as first_position
    from hashtags
    where length(hashtag) <= 100
),

substrings as (
    select
        cleaning_number,
        hashtag,
        first_position,
        {{ explode(integers_to('length(hashtag) - first_position + 1')) }} as piece_length
    from first_positions
),

pieces as (
    select
        substrings.cleaning_number,
        substrings.hashtag,
        substrings.first_position - 1 as begins_after,
        substrings.first_position + substrings.piece_length - 1 as ends_at,
        vocabulary.word as piece,
        vocabulary.log_probability
    from substrings
    inner join vocabulary
        on
            substrings.cleaning_number = vocabulary.cleaning_number
            and substring(substrings.hashtag, substrings.first_position, substrings.piece_length) = vocabulary.word
),

sequences_of_1 as (
    select
        cleaning_number,
        hashtag,
        ends_at,
        piece as pieces,
        log_probability
    from pieces
    where begins_after = 0
),

{#- The best sequence of so many pieces up to each position. #}
{%- for count in range(2, most_pieces + 1) %}

sequences_of_{{ count }}_ranked as (
    select
        pieces.cleaning_number,
        pieces.hashtag,
        pieces.ends_at,
        sequences.pieces || ' ' || pieces.piece as pieces,
        sequences.log_probability + pieces.log_probability as log_probability,
        row_number() over (
            partition by pieces.cleaning_number, pieces.hashtag, pieces.ends_at
            order by
                round(sequences.log_probability + pieces.log_probability, 9) desc,
                sequences.pieces || ' ' || pieces.piece asc
        ) as place
    from sequences_of_{{ count - 1 }} as sequences
    inner join pieces
        on
            sequences.cleaning_number = pieces.cleaning_number
            and sequences.hashtag = pieces.hashtag
            and sequences.ends_at = pieces.begins_after
),

sequences_of_{{ count }} as (
    select
        cleaning_number,
        hashtag,
        ends_at,
        pieces,
        log_probability
    from sequences_of_{{ count }}_ranked
    where place = 1
),
{%- endfor %}

{#- As a whole it is as probable as the word that it is, or else as Norvig takes an unknown word of its length to be. #}

ways_to_split as (
    select
        hashtags.cleaning_number,
        hashtags.word,
        hashtags.hashtag,
        1 as piece_count,
        cast(null as varchar) as pieces,
        coalesce(
            vocabulary.log_probability,
            ln(10) - ln(totals.total_frequency) - length(hashtags.hashtag) * ln(10)
        ) as log_probability
    from hashtags
    left join totals on hashtags.cleaning_number = totals.cleaning_number
    left join vocabulary
        on
            hashtags.cleaning_number = vocabulary.cleaning_number
            and hashtags.hashtag = vocabulary.word
    {%- for count in range(2, most_pieces + 1) %}
    union all
    select
        cleaning_number,
        '#' || hashtag as word,
        hashtag,
        {{ count }} as piece_count,
        pieces,
        log_probability
    from sequences_of_{{ count }}
    where ends_at = length(hashtag)
    {%- endfor %}
),

ways_ranked as (
    select
        cleaning_number,
        word,
        hashtag,
        pieces,
        log_probability,
        row_number() over (
            partition by cleaning_number, hashtag
            order by round(log_probability, 9) desc, piece_count asc, pieces asc
        ) as place
    from ways_to_split
),

hashtag_splits as (
    select
        cleaning_number,
        word,
        hashtag,
        pieces,
        log_probability
    from ways_ranked
    where place = 1
)

select * from hashtag_splits
