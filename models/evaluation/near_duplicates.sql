{# One row for each pair of documents that share half of their words or more. #}
{#
    Of two documents with `m` and `n` words half of the words are shared when 3 * shared >= m + n. In whole numbers it costs
    a tenth of what fractions cost, and compares exactly.
#}
{%- set fewest_words = 5 %}
{%- set parts = range(4) %}
with

documents as (select * from {{ ref('documents') }}),

postings as (select * from {{ ref('postings') }}),

{# What a document itself says and shows: other people's comments and the creator's name make no copy. #}
words as (
    select distinct
        document_number,
        term_id
    from postings
    where
        tokenizer_id = 'words'
        and field in ('description', 'speech', 'cover_text', 'captions', 'title', 'text')
),

frequencies as (
    select
        term_id,
        count(*) as document_frequency
    from words
    group by term_id
),

{# A bit for each word: two documents differ in as many words as bits, or in more. #}
signatures as (
    select
        document_number,
        {% for part in parts -%}
        bit_or(
            case
                when cast(floor(term_id / 60) as integer) % {{ parts | length }} = {{ part }}
                    then cast(power(2, term_id % 60) as bigint)
                else 0
            end
        ) as signature_{{ part }},
        {% endfor -%}
        cast(count(*) as integer) as word_count
    from words
    group by document_number
    having count(*) >= {{ fewest_words }}
),

words_by_rarity as (
    select
        signatures.*,
        words.term_id,
        cast(
            row_number() over (
                partition by words.document_number
                order by frequencies.document_frequency, words.term_id
            ) as integer
        ) as place
    from words
    inner join frequencies on words.term_id = frequencies.term_id
    inner join signatures on words.document_number = signatures.document_number
),

{#
    Two documents that share so much have one of the rarest words of both in common, and after the first such word enough
    is left to share (the prefix and the positional filter: Chaudhuri, Ganti, Kaushik, ICDE 2006; Xiao and others, WWW
    2008). These filters and the signatures leave few pairs to compare in full, and lose none.
#}
candidates as (
    select distinct
        longer.document_number as longer_number,
        shorter.document_number as shorter_number,
        longer.word_count as longer_count,
        shorter.word_count as shorter_count
    from words_by_rarity as longer
    inner join words_by_rarity as shorter on longer.term_id = shorter.term_id
    where
        2 * (longer.word_count - longer.place + 1) >= longer.word_count
        and 3 * (shorter.word_count - shorter.place + 1) >= 2 * shorter.word_count
        and 2 * shorter.word_count >= longer.word_count
        and (
            longer.word_count > shorter.word_count
            or (longer.word_count = shorter.word_count and longer.document_number > shorter.document_number)
        )
        and 3 * (1 + least(longer.word_count - longer.place, shorter.word_count - shorter.place))
        >= longer.word_count + shorter.word_count
        and 3 * (
            {%- for part in parts %}
            {{ '+ ' if not loop.first }}{{ differing_bits('longer.signature_' ~ part, 'shorter.signature_' ~ part) }}
            {%- endfor %}
        ) <= longer.word_count + shorter.word_count
),

pairs as (
    select
        candidates.longer_number,
        candidates.shorter_number,
        candidates.longer_count,
        candidates.shorter_count,
        cast(count(shorter_words.term_id) as integer) as shared_word_count
    from candidates
    inner join words as longer_words on candidates.longer_number = longer_words.document_number
    {# Outer, so that no engine begins with the words that two documents share, which are countless. #}
    left join words as shorter_words
        on
            candidates.shorter_number = shorter_words.document_number
            and longer_words.term_id = shorter_words.term_id
    group by
        candidates.longer_number, candidates.shorter_number, candidates.longer_count, candidates.shorter_count
),

near_duplicates as (
    select
        least(longer.doc_id, shorter.doc_id) as doc_id,
        greatest(longer.doc_id, shorter.doc_id) as other_doc_id,
        pairs.shared_word_count
        / cast(pairs.longer_count + pairs.shorter_count - pairs.shared_word_count as double) as jaccard,
        pairs.shared_word_count,
        case
            when longer.doc_id < shorter.doc_id then pairs.longer_count
            else pairs.shorter_count
        end as word_count,
        case
            when longer.doc_id < shorter.doc_id then pairs.shorter_count
            else pairs.longer_count
        end as other_word_count
    from pairs
    inner join documents as longer on pairs.longer_number = longer.document_number
    inner join documents as shorter on pairs.shorter_number = shorter.document_number
    where 3 * pairs.shared_word_count >= pairs.longer_count + pairs.shorter_count
)

select * from near_duplicates
