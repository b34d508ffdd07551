-- Which of the original study's formulas retrieve best, over all of its indexes?
-- One row for each of the 12 formulas: term weight, collection weight, normaliser.
{{ config(enabled=var('original_study', false)) }}
with

original_study_ranks as (select * from {{ ref('original_study_ranks') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

experiment_means as (
    select
        experiment_id,
        avg(expected_reciprocal_rank) as mean_reciprocal_rank
    from original_study_ranks
    group by experiment_id
),

original_study_by_formula as (
    select
        experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
        experiments.term_weight,
        experiments.collection_weight,
        experiments.normaliser,
        avg(experiment_means.mean_reciprocal_rank) as mean_over_indexes,
        min(experiment_means.mean_reciprocal_rank) as worst_index,
        max(experiment_means.mean_reciprocal_rank) as best_index,
        count(*) as indexes
    from experiment_means
    inner join experiments on experiment_means.experiment_id = experiments.experiment_id
    group by experiments.term_weight, experiments.collection_weight, experiments.normaliser
)

select * from original_study_by_formula
order by mean_over_indexes desc, formula asc
