{# Ranks of a system and query count from 1 without a gap, never rise in score, and lie within their tie interval. #}
with

neighbours as (
    select
        system_id,
        query_id,
        doc_id,
        rank,
        score,
        tied_low,
        tied_high,
        lag(rank, 1, 0) over (partition by system_id, query_id order by rank) as rank_before,
        lag(score) over (partition by system_id, query_id order by rank) as score_before
    from {{ ref('int_documents_ranked') }}
)

select *
from neighbours
where
    rank <> rank_before + 1
    or round(cast(score as real), 4) > round(cast(score_before as real), 4)
    or rank not between tied_low and tied_high
