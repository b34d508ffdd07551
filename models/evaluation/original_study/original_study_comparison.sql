{# One row for each tuning procedure of ours, and for the choice among the original study's experiments. #}
with

cross_validation as (select * from {{ ref('cross_validation') }}),

study_cross_validation as (select * from {{ ref('original_study_cross_validation') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

candidates_valued as (select * from {{ ref('int_candidates_valued') }}),

fold_values as (
    select
        procedure_id,
        metric,
        cutoff,
        value,
        query_count
    from cross_validation
    union all
    select
        'original_study' as procedure_id,
        replace(metric, 'expected_', '') as metric,
        cutoff,
        value,
        query_count
    from study_cross_validation
),

candidate_counts as (
    select
        procedure_id,
        count(distinct system_id) as candidate_count
    from candidates_valued
    group by procedure_id
    union all
    select
        'original_study' as procedure_id,
        count(*) as candidate_count
    from experiments
),

means as (
    select
        procedure_id,
        metric,
        cutoff,
        sum(query_count) as query_count,
        sum(value * query_count) / sum(query_count) as mean_value
    from fold_values
    group by procedure_id, metric, cutoff
),

original_study_comparison as (
    select
        means.procedure_id,
        cast(candidate_counts.candidate_count as integer) as candidate_count,
        cast(max(means.query_count) as integer) as query_count,
        round(max(case when means.metric = 'reciprocal_rank' then means.mean_value end), 12) as reciprocal_rank,
        {% for cutoff in success_cutoffs() -%}
        round(
            max(case when means.metric = 'success' and means.cutoff = {{ cutoff }} then means.mean_value end), 12
        ) as success_at_{{ cutoff }},
        {% endfor -%}
        means.procedure_id = 'original_study' as is_original_study
    from means
    inner join candidate_counts on means.procedure_id = candidate_counts.procedure_id
    group by means.procedure_id, candidate_counts.candidate_count
)

select * from original_study_comparison
