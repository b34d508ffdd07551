-- What is the choice among the original study's settings worth on queries that it was not chosen on?
{{ config(enabled=var('original_study', false)) }}
with

original_study_comparison as (select * from {{ ref('original_study_comparison') }}),

procedures as (
    select
        procedure_id,
        is_original_study,
        candidate_count,
        query_count,
        reciprocal_rank,
        success_at_1,
        success_at_3,
        success_at_5,
        success_at_8
    from original_study_comparison
)

select * from procedures
order by reciprocal_rank desc, procedure_id asc
