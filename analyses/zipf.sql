-- Are few words most of the text, as Zipf's law says?
-- One row for each word on the ranks 1, 2, 5, 10, 20, 50 ... of the frequencies, with the share of all tokens so far.
-- Under Zipf's law rank x frequency is the same everywhere, and zipf_exponent is 1.
with

postings as (
    select *
    from {{ ref('postings') }}
    where tokenizer_id = 'words'
),

terms as (select * from {{ ref('int_terms_numbered') }}),

frequencies as (
    select
        term_id,
        sum(term_frequency) as collection_frequency,
        count(distinct document_number) as document_frequency
    from postings
    group by term_id
),

ranked as (
    select
        terms.term,
        frequencies.collection_frequency,
        frequencies.document_frequency,
        row_number() over (order by frequencies.collection_frequency desc, terms.term asc) as frequency_rank,
        sum(frequencies.collection_frequency) over () as token_count
    from frequencies
    inner join terms on frequencies.term_id = terms.term_id
),

zipf as (
    select
        frequency_rank,
        term,
        cast(collection_frequency as bigint) as collection_frequency,
        document_frequency,
        cast(frequency_rank * collection_frequency as bigint) as rank_times_frequency,
        round(sum(collection_frequency) over (order by frequency_rank) / token_count, 4) as share_so_far,
        round(-regr_slope(ln(collection_frequency), ln(frequency_rank)) over (), 3) as zipf_exponent
    from ranked
)

select *
from zipf
where
    frequency_rank in (
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000
    )
order by frequency_rank
