{# Every experiment answers every known-item query; an interval of ranks has two ends, in order, and the expected
   reciprocal rank lies between theirs. #}
{{ config(enabled=var('original_study')) }}
with

ranks as (select * from {{ ref('original_study_ranks') }}),

expected_pairs as (
    select
        experiments.experiment_id,
        known_items.query_id
    from {{ ref('original_study_experiments') }} as experiments
    cross join {{ ref('int_original_study_known_items') }} as known_items
)

select
    expected_pairs.experiment_id,
    expected_pairs.query_id,
    ranks.rank_low,
    ranks.rank_high,
    ranks.expected_reciprocal_rank
from expected_pairs
left join ranks
    on
        expected_pairs.experiment_id = ranks.experiment_id
        and expected_pairs.query_id = ranks.query_id
where
    ranks.query_id is null
    or (ranks.rank_low is null) <> (ranks.rank_high is null)
    or ranks.rank_low not between 1 and ranks.rank_high
    or ranks.expected_reciprocal_rank not between coalesce(1.0 / ranks.rank_high, 0) - 1e-9
    and coalesce(1.0 / ranks.rank_low, 0) + 1e-9
