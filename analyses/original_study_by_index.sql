-- Which of the original study's indexes retrieve best, each with its best formula?
-- One row for each of the 80 indexes. Ranks are by the formulas, the corrected cosine among them, ties at their mean.
{{ config(enabled=var('original_study', false)) }}
with

original_study_ranks as (select * from {{ ref('original_study_ranks') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

settings as (select * from {{ ref('original_study_index_settings') }}),

experiment_means as (
    select
        experiment_id,
        avg(expected_reciprocal_rank) as mean_reciprocal_rank,
        count(*) as queries
    from original_study_ranks
    group by experiment_id
),

best_experiments as (
    select
        experiments.index_id,
        experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
        experiment_means.experiment_id,
        experiment_means.mean_reciprocal_rank,
        experiment_means.queries
    from experiment_means
    inner join experiments on experiment_means.experiment_id = experiments.experiment_id
    qualify
        row_number() over (
            partition by experiments.index_id
            order by round(experiment_means.mean_reciprocal_rank, 9) desc, experiment_means.experiment_id asc
        ) = 1
),

original_study_by_index as (
    select
        settings.index_id,
        coalesce(settings.ngram_size || '-grams', 'words') as tokens,
        concat(
            'basic',
            case when settings.speech then ' + speech' else '' end,
            case when settings.cover_text then ' + cover' else '' end,
            case when settings.comments then ' + comments' else '' end
        ) as fields,
        settings.attributed,
        best_experiments.formula,
        best_experiments.experiment_id,
        best_experiments.mean_reciprocal_rank,
        best_experiments.queries
    from settings
    inner join best_experiments on settings.index_id = best_experiments.index_id
)

select * from original_study_by_index
order by attributed asc, length(fields) asc, fields asc, tokens desc
