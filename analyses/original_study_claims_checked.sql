-- Which of the original study's conclusions hold?
-- One row for each conclusion, by pairs of experiments that differ in that one setting.
{{ config(enabled=var('original_study', false)) }}
with

original_study_conclusions as (select * from {{ ref('original_study_conclusions') }}),

claims as (
    select
        claim_id,
        claim,
        verdict,
        published_value - published_other_value as published_difference,
        value,
        other_value,
        difference,
        ci_low,
        ci_high,
        pair_count,
        remark
    from original_study_conclusions
)

select * from claims
order by claim_id
