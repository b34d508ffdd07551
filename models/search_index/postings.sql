{# One row for each tokenizer, term, document and field in which the term occurs. #}
with

tokens as (select * from {{ ref('int_tokens_counted') }}),

texts as (select * from {{ ref('int_texts_collected') }}),

terms as (select * from {{ ref('int_terms_numbered') }}),

tokenizers as (
    select distinct
        tokenizer_number,
        tokenizer_id
    from {{ ref('int_indexes_selected') }}
),

postings as (
    select
        tokenizers.tokenizer_id,
        tokens.term_id,
        texts.text_number as document_number,
        texts.field,
        tokens.term_frequency
    from tokens
    inner join texts on tokens.text_id = texts.text_id
    inner join terms on tokens.term_id = terms.term_id
    inner join tokenizers on terms.tokenizer_number = tokenizers.tokenizer_number
    where texts.field <> 'query'
)

select * from postings
