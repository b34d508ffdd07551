{# One row for each index, query and term of the query that the index has. #}
with

tokens as (select * from {{ ref('int_tokens_counted') }}),

texts as (select * from {{ ref('int_texts_collected') }}),

terms as (select * from {{ ref('terms') }}),

query_terms as (
    select
        terms.index_id,
        texts.text_number as query_number,
        terms.term_id,
        tokens.term_frequency as query_term_frequency,
        terms.document_frequency,
        terms.collection_frequency
    from texts
    inner join tokens on texts.text_id = tokens.text_id
    inner join terms on tokens.term_id = terms.term_id
    where texts.field = 'query'
)

select * from query_terms
