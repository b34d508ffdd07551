{# One row for each n-gram size, document and term, with its frequency in each of the study's field groups. #}
with

tokens as (
    {{ original_study_tokens(ref('int_original_study_texts'), ['text_number', 'field_group'], 'not is_query') }}
),

{# Four counters in one sum of doubles cost a third of four sums. Each has 13 bits; the last, of the comments, which can
   be long, has 14. #}
packed_counts as (
    select
        ngram_size,
        text_number as document_number,
        term,
        cast(
            sum(
                case field_group
                    when 1 then cast(1 as double)
                    when 2 then cast(8192 as double)
                    when 4 then cast(67108864 as double)
                    when 8 then cast(549755813888 as double)
                end
            ) as bigint
        ) as packed_count
    from tokens
    where term <> ''
    group by ngram_size, text_number, term
),

postings as (
    select
        ngram_size,
        document_number,
        term,
        cast(packed_count & 8191 as integer) as frequency_1,
        cast((packed_count >> 13) & 8191 as integer) as frequency_2,
        cast((packed_count >> 26) & 8191 as integer) as frequency_4,
        cast(packed_count >> 39 as integer) as frequency_8
    from packed_counts
)

select * from postings
