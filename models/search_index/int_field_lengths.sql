{# One row for each tokenizer, document and field with at least one token: how many tokens it has. #}
with

postings as (select * from {{ ref('postings') }}),

field_lengths as (
    select
        tokenizer_id,
        document_number,
        field,
        cast(sum(term_frequency) as integer) as field_length
    from postings
    group by tokenizer_id, document_number, field
)

select * from field_lengths
