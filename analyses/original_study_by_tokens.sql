-- Which of the original study's formulas goes with which kind of tokens?
-- One row for each formula and kind of tokens: the mean over its 16 choices of fields.
{{ config(enabled=var('original_study', false)) }}
with

original_study_ranks as (select * from {{ ref('original_study_ranks') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

settings as (select * from {{ ref('original_study_index_settings') }}),

original_study_by_tokens as (
    select
        experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
        coalesce(settings.ngram_size || '-grams', 'words') as tokens,
        avg(original_study_ranks.expected_reciprocal_rank) as mean_reciprocal_rank,
        count(distinct settings.index_id) as indexes
    from original_study_ranks
    inner join experiments on original_study_ranks.experiment_id = experiments.experiment_id
    inner join settings on experiments.index_id = settings.index_id
    group by
        experiments.term_weight || experiments.collection_weight || experiments.normaliser,
        coalesce(settings.ngram_size || '-grams', 'words')
)

select * from original_study_by_tokens
order by avg(mean_reciprocal_rank) over (partition by formula) desc, formula asc, tokens desc
