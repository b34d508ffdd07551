{# One row for each pair of documents that share half of their words or more. #}
{%- set least_jaccard = 0.5 %}
{%- set fewest_words = 5 %}
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

words_by_rarity as (
    select
        words.document_number,
        words.term_id,
        count(*) over (partition by words.document_number) as word_count,
        row_number() over (
            partition by words.document_number
            order by frequencies.document_frequency, words.term_id
        ) as place
    from words
    inner join frequencies on words.term_id = frequencies.term_id
),

{#
    Two documents that share so much share at least one of the rarest words of both: all others need not be compared
    (the prefix filter of Chaudhuri, Ganti, Kaushik: A primitive operator for similarity joins, ICDE 2006). It loses none.
#}
rarest_words as (
    select *
    from words_by_rarity
    where
        word_count >= {{ fewest_words }}
        and place <= word_count - ceil({{ least_jaccard }} * word_count) + 1
),

candidates as (
    select distinct
        rarest_words.document_number,
        others.document_number as other_document_number,
        rarest_words.word_count,
        others.word_count as other_word_count
    from rarest_words
    inner join rarest_words as others
        on
            rarest_words.term_id = others.term_id
            and rarest_words.document_number < others.document_number
    where
        rarest_words.word_count >= {{ least_jaccard }} * others.word_count
        and others.word_count >= {{ least_jaccard }} * rarest_words.word_count
),

pairs as (
    select
        candidates.document_number,
        candidates.other_document_number,
        candidates.word_count,
        candidates.other_word_count,
        count(*) as shared_word_count
    from candidates
    inner join words on candidates.document_number = words.document_number
    inner join words as other_words
        on
            candidates.other_document_number = other_words.document_number
            and words.term_id = other_words.term_id
    group by
        candidates.document_number, candidates.other_document_number,
        candidates.word_count, candidates.other_word_count
),

near_duplicates as (
    select
        documents.doc_id,
        other_documents.doc_id as other_doc_id,
        pairs.shared_word_count
        / cast(pairs.word_count + pairs.other_word_count - pairs.shared_word_count as double) as jaccard,
        cast(pairs.shared_word_count as integer) as shared_word_count,
        cast(pairs.word_count as integer) as word_count,
        cast(pairs.other_word_count as integer) as other_word_count
    from pairs
    inner join documents on pairs.document_number = documents.document_number
    inner join documents as other_documents on pairs.other_document_number = other_documents.document_number
)

select *
from near_duplicates
where jaccard >= {{ least_jaccard }}
