{# One row for each fold and measure: what the original study's experiment that is best without the fold does on it.
   Folds are those of our own tuning procedures, so that both can stand side by side. #}
with

ranks as (select * from {{ ref('original_study_ranks') }}),

candidates_valued as (select * from {{ ref('int_candidates_valued') }}),

folds as (
    select distinct
        query_id,
        fold,
        held_out_author
    from candidates_valued
),

{# The choice sees the other folds and nothing of its own. #}
fold_sums as (
    select
        ranks.experiment_id,
        folds.fold,
        sum(ranks.expected_reciprocal_rank) as reciprocal_rank_sum,
        count(*) as query_count
    from ranks
    inner join folds on ranks.query_id = folds.query_id
    group by ranks.experiment_id, folds.fold
),

training_means as (
    select
        held_out.fold,
        others.experiment_id,
        round(sum(others.reciprocal_rank_sum) / sum(others.query_count), 9) as mean_reciprocal_rank
    from (select distinct fold from folds) as held_out
    inner join fold_sums as others on held_out.fold <> others.fold
    group by held_out.fold, others.experiment_id
),

choices as (
    select
        fold,
        experiment_id,
        row_number() over (partition by fold order by mean_reciprocal_rank desc, experiment_id asc) as place
    from training_means
),

fold_values as (
    select
        folds.fold,
        folds.held_out_author,
        choices.experiment_id as chosen_experiment_id,
        'expected_reciprocal_rank' as metric,
        cast(null as integer) as cutoff,
        ranks.expected_reciprocal_rank as value
    from folds
    inner join choices on folds.fold = choices.fold and choices.place = 1
    inner join ranks on choices.experiment_id = ranks.experiment_id and folds.query_id = ranks.query_id
    {% for cutoff in success_cutoffs() -%}
    union all
    select
        folds.fold,
        folds.held_out_author,
        choices.experiment_id as chosen_experiment_id,
        'expected_success' as metric,
        {{ cutoff }} as cutoff,
        coalesce(
            {{ ranks_within('ranks.rank_low', 'ranks.rank_high', cutoff) }}
            / cast(ranks.rank_high - ranks.rank_low + 1 as double),
            0
        ) as value
    from folds
    inner join choices on folds.fold = choices.fold and choices.place = 1
    inner join ranks on choices.experiment_id = ranks.experiment_id and folds.query_id = ranks.query_id
    {% endfor %}
),

cross_validation as (
    select
        fold,
        held_out_author,
        chosen_experiment_id,
        metric,
        cutoff,
        round(avg(value), 12) as value,
        cast(count(*) as integer) as query_count
    from fold_values
    group by fold, held_out_author, chosen_experiment_id, metric, cutoff
)

select * from cross_validation
