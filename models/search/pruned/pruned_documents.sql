{# One row for each document, with its length in tokens: its words, but for those of which the cleaning leaves no term or
   several. #}
with

texts as (select * from {{ ref('int_pruned_texts') }}),

words as (select * from {{ ref('int_pruned_words') }}),

terms as (select * from {{ ref('int_pruned_terms') }}),

term_counts as (
    select
        word,
        count(*) as term_count
    from terms
    group by word
),

differences as (
    select
        {{ explode('words.places') }} as place,
        coalesce(term_counts.term_count, 0) - 1 as term_count
    from words
    left join term_counts on words.word = term_counts.word
    where coalesce(term_counts.term_count, 0) <> 1
),

summed as (
    select
        place,
        sum(term_count) as term_count
    from differences
    group by place
),

pruned_documents as (
    select
        texts.place,
        texts.document_number,
        texts.doc_id,
        cast(texts.word_count + coalesce(summed.term_count, 0) as integer) as document_length
    from texts
    left join summed on texts.place = summed.place
)

select * from pruned_documents
order by place
