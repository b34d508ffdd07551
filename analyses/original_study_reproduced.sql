-- Are the original study's published figures found again?
-- One row: published vocabulary sizes and ranks, and how many of them the rebuilt study agrees with. A published rank
-- agrees when it lies among those that documents of equal scores can have.
{{ config(enabled=var('original_study', false)) }}
with

original_study_indexes as (select * from {{ ref('original_study_indexes') }}),

original_study_ranks as (select * from {{ ref('original_study_ranks') }}),

vocabularies as (
    select
        count(*) as indexes,
        count(published_vocabulary_size) as published_indexes,
        count(*) filter (
            where abs(vocabulary_size - published_vocabulary_size) <= 0.0005 * published_vocabulary_size
        ) as equal_vocabularies
    from original_study_indexes
),

ranks as (
    select
        count(*) as ranks,
        count(*) filter (where is_published) as published_ranks,
        count(*) filter (where is_published and is_told_as_published) as comparable_ranks,
        count(*) filter (
            where
            is_published
            and is_told_as_published
            and (
                published_rank between rank_low_as_published and rank_high_as_published
                or (published_rank is null and rank_low_as_published is null)
            )
        ) as equal_ranks
    from original_study_ranks
)

select
    vocabularies.indexes,
    vocabularies.published_indexes,
    vocabularies.equal_vocabularies,
    ranks.ranks,
    ranks.published_ranks,
    ranks.comparable_ranks,
    ranks.equal_ranks
from vocabularies
cross join ranks
