-- How far does the rebuilt study agree with each part of the published one?
{{ config(enabled=var('original_study', false)) }}
with

original_study_agreement as (select * from {{ ref('original_study_agreement') }}),

parts as (
    select
        part,
        cells,
        compared_count,
        agreeing_count,
        agreeing_share,
        mean_interval_width,
        largest_difference
    from original_study_agreement
)

select * from parts
order by cells asc, agreeing_share desc nulls last, part asc
