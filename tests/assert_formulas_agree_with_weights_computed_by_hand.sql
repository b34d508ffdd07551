{# Each formula gives the weight and the idf that a calculator gives for a term that 1 of 4 documents has, twice among
   the 6 tokens of a document where the mean is 4; its norm is given as 2. #}
{%- set statistics = {
    'term_frequency': '2',
    'normalised_term_frequency': '1.5',
    'document_frequency': '1',
    'collection_frequency': '2',
    'document_count': '4',
    'document_length': '6',
    'mean_document_length': '4.0',
    'mean_term_frequency': '1.5',
    'largest_term_frequency': '3',
    'document_norm': '2.0',
    'k1': '1.2',
    'b': '0.75',
    'delta': 'delta',
    'notation': 'notation',
    'smoothing': 'smoothing',
} %}
{%- set by_hand = [
    {'formula': 'bm25_lucene', 'weight': '0.659711126', 'idf': '1.203972804'},
    {'formula': 'bm25_robertson', 'weight': '0.464272800', 'idf': '0.847297860'},
    {'formula': 'bm25_atire', 'weight': '1.671149367', 'idf': '1.386294361'},
    {'formula': 'bm25l', 'delta': '0.5', 'weight': '1.641150249', 'idf': '1.203972804'},
    {'formula': 'bm25plus', 'delta': '1.0', 'weight': '3.549582245', 'idf': '1.609437912'},
    {'formula': 'bm25f_simple', 'weight': '0.659711126', 'idf': '1.203972804'},
    {'formula': 'bm25f_zaragoza', 'weight': '0.668873780', 'idf': '1.203972804'},
    {'formula': 'tf_idf', 'notation': "'lnc.ltc'", 'weight': '0.846573590', 'idf': '1.386294361'},
    {'formula': 'tf_idf', 'notation': "'Ltu.bnn'", 'weight': '0.835026204', 'idf': '1.386294361'},
    {'formula': 'tf_idf', 'notation': "'apn.nnn'", 'weight': '0.457755120', 'idf': '1.098612289'},
    {'formula': 'tf_idf', 'notation': "'btc.bpn'", 'weight': '0.693147181', 'idf': '1.523000021'},
    {'formula': 'tf_idf', 'notation': "'ntn.ltn'", 'weight': '1.386294361', 'idf': '1.921812056'},
    {'formula': 'lm_dirichlet', 'smoothing': '10', 'weight': '0.955511445', 'idf': 'null'},
    {'formula': 'lm_jelinek_mercer', 'smoothing': '0.1', 'weight': '3.218875825', 'idf': 'null'},
] %}
with

computed_by_hand as (
    {%- for row in by_hand %}
    select
        '{{ row.formula }}' as formula,
        cast({{ row.delta or 'null' }} as double) as delta,
        cast({{ row.notation or 'null' }} as varchar) as notation,
        cast({{ row.smoothing or 'null' }} as double) as smoothing,
        {{ row.weight }} as weight,
        {{ row.idf }} as idf
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

computed as (
    select
        formula,
        notation,
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
    or (computed_idf is null) <> (idf is null)
    or abs(weight - computed_weight) > 1e-8
    or abs(idf - computed_idf) > 1e-8
