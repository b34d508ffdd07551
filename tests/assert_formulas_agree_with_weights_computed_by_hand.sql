{# Each formula gives the weight and the idf that a calculator gives for a term that 1 of 4 documents has, twice among
   the 6 tokens of a document where the mean is 4. #}
{%- set statistics = {
    'term_frequency': '2',
    'normalised_term_frequency': '1.5',
    'document_frequency': '1',
    'collection_frequency': '2',
    'document_count': '4',
    'document_length': '6',
    'mean_document_length': '4.0',
    'k1': '1.2',
    'b': '0.75',
    'delta': 'delta',
} %}
with

computed_by_hand as (
    select
        'bm25_lucene' as formula,
        cast(null as double) as delta,
        0.659711126 as weight,
        1.203972804 as idf
    union all
    select
        'bm25_robertson' as formula,
        cast(null as double) as delta,
        0.464272800 as weight,
        0.847297860 as idf
    union all
    select
        'bm25_atire' as formula,
        cast(null as double) as delta,
        1.671149367 as weight,
        1.386294361 as idf
    union all
    select
        'bm25l' as formula,
        cast(0.5 as double) as delta,
        1.641150249 as weight,
        1.203972804 as idf
    union all
    select
        'bm25plus' as formula,
        cast(1.0 as double) as delta,
        3.549582245 as weight,
        1.609437912 as idf
    union all
    select
        'bm25f_simple' as formula,
        cast(null as double) as delta,
        0.659711126 as weight,
        1.203972804 as idf
    union all
    select
        'bm25f_zaragoza' as formula,
        cast(null as double) as delta,
        0.668873780 as weight,
        1.203972804 as idf
),

computed as (
    select
        formula,
        weight,
        idf,
        {{ term_weight('formula', statistics) }} as computed_weight,
        {{ term_idf('formula', statistics) }} as computed_idf
    from computed_by_hand
)

select *
from computed
where
    computed_weight is null
    or computed_idf is null
    or abs(weight - computed_weight) > 1e-8
    or abs(idf - computed_idf) > 1e-8
