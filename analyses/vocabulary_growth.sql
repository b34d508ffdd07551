-- How does the vocabulary grow with the collection?
-- One row for each tokenizer and twentieth of the documents, in the order of their ids (of TikToks: of their upload).
-- Heaps' law says that the vocabulary grows with a power of the tokens; heaps_exponent is that power.
with

postings as (select * from {{ ref('postings') }}),

token_counts as (
    select
        tokenizer_id,
        document_number,
        sum(term_frequency) as tokens
    from postings
    group by tokenizer_id, document_number
),

first_occurrences as (
    select
        tokenizer_id,
        term_id,
        min(document_number) as document_number
    from postings
    group by tokenizer_id, term_id
),

new_term_counts as (
    select
        tokenizer_id,
        document_number,
        count(*) as new_terms
    from first_occurrences
    group by tokenizer_id, document_number
),

growth as (
    select
        token_counts.tokenizer_id,
        token_counts.document_number,
        sum(token_counts.tokens) over growing as tokens,
        sum(coalesce(new_term_counts.new_terms, 0)) over growing as vocabulary_size
    from token_counts
    left join new_term_counts
        on
            token_counts.tokenizer_id = new_term_counts.tokenizer_id
            and token_counts.document_number = new_term_counts.document_number
    window
        growing as (
            partition by token_counts.tokenizer_id
            order by token_counts.document_number
            rows between unbounded preceding and current row
        )
),

twentieths as (
    select
        growth.*,
        ceil(20.0 * growth.document_number / count(*) over (partition by growth.tokenizer_id)) as twentieth,
        regr_slope(ln(growth.vocabulary_size), ln(growth.tokens)) over (
            partition by growth.tokenizer_id
        ) as heaps_exponent
    from growth
),

vocabulary_growth as (
    select
        tokenizer_id,
        max(document_number) as documents,
        cast(max(tokens) as bigint) as tokens,
        cast(max(vocabulary_size) as bigint) as vocabulary_size,
        round(max(heaps_exponent), 3) as heaps_exponent
    from twentieths
    group by tokenizer_id, twentieth
)

select *
from vocabulary_growth
order by tokenizer_id, documents
