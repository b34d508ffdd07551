{# One row for each document, numbered by its length in words and in that order, so that the lengths beside a term's postings
   hardly change from one to the next and are kept in few bits. #}
with

texts as (select * from {{ ref('pruned_texts') }}),

counted as (
    select
        document_number,
        doc_id,
        text,
        cast({{ list_length(split_text('text', ' ')) }} as integer) as word_count
    from texts
),

in_order as (
    select * from counted
    order by word_count, document_number
),

numbered as (
    select
        *,
        row_number() over {{ window_in_stored_order('word_count, document_number') }} as row_number
    from in_order
)

select
    {{ pruned_number('(numbered.row_number - 1)', 'documents') }} as place,
    numbered.document_number,
    numbered.doc_id,
    numbered.word_count,
    numbered.text
from numbered
