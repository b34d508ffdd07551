{# A document's length, with every field counting 1, is the sum of its term frequencies in the fields of the index. #}
with

token_counts as (
    select
        weightings.index_id,
        weightings.field_weights_id,
        postings.document_number,
        sum(weightings.weight * postings.term_frequency) as token_count
    from {{ ref('postings') }} as postings
    inner join {{ ref('int_weightings_selected') }} as weightings
        on
            postings.tokenizer_id = weightings.tokenizer_id
            and postings.field = weightings.field
    group by weightings.index_id, weightings.field_weights_id, postings.document_number
)

select
    document_lengths.*,
    token_counts.token_count
from {{ ref('int_document_lengths') }} as document_lengths
full outer join token_counts
    on
        document_lengths.index_id = token_counts.index_id
        and document_lengths.field_weights_id = token_counts.field_weights_id
        and document_lengths.document_number = token_counts.document_number
where
    document_lengths.document_number is null
    or abs(document_lengths.document_length - coalesce(token_counts.token_count, 0)) > 1e-6
