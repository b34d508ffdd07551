{# One row for each part of the original study's published figures: how far the rebuilt study agrees with it. #}
with

indexes as (select * from {{ ref('original_study_indexes') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

ranks as (select * from {{ ref('original_study_ranks') }}),

cells as (
    select
        experiments.normaliser,
        ranks.is_published,
        ranks.is_told_as_published,
        ranks.rank_high - ranks.rank_low + 1 as interval_width,
        ranks.rank_high_as_published - ranks.rank_low_as_published + 1 as interval_width_as_published,
        coalesce(
            ranks.published_rank between ranks.rank_low and ranks.rank_high,
            ranks.published_rank is null and ranks.rank_low is null
        ) as is_within,
        coalesce(
            ranks.published_rank between ranks.rank_low_as_published and ranks.rank_high_as_published,
            ranks.published_rank is null and ranks.rank_low_as_published is null
        ) as is_within_as_published
    from ranks
    inner join experiments on ranks.experiment_id = experiments.experiment_id
),

judged_cells as (
    select
        'ranks without a normaliser' as part,
        is_published,
        is_within,
        interval_width
    from cells
    where normaliser = 'x'
    union all
    select
        'ranks of binary cosines, by the lengths of the study' as part,
        is_published,
        is_within_as_published as is_within,
        interval_width_as_published as interval_width
    from cells
    where
        normaliser = 'c'
        and is_told_as_published
    union all
    select
        'ranks of cosines, by the formula' as part,
        is_published,
        is_within,
        interval_width
    from cells
    where normaliser = 'c'
),

cell_agreement as (
    select
        part,
        'all cells' as cells,
        count(case when is_published then 1 end) as compared_count,
        count(case when is_published and is_within then 1 end) as agreeing_count,
        avg(interval_width) as mean_interval_width
    from judged_cells
    group by part
    union all
    select
        part,
        'cells one rank wide' as cells,
        count(case when is_published then 1 end) as compared_count,
        count(case when is_published and is_within then 1 end) as agreeing_count,
        avg(interval_width) as mean_interval_width
    from judged_cells
    where interval_width = 1
    group by part
),

index_differences as (
    select abs(vocabulary_size / cast(published_vocabulary_size as double) - 1) as difference
    from indexes
    where published_vocabulary_size is not null
),

index_agreement as (
    select
        'vocabulary sizes within .05 %' as part,
        'all cells' as cells,
        count(*) as compared_count,
        count(case when difference <= 0.0005 then 1 end) as agreeing_count,
        cast(null as double) as mean_interval_width,
        max(difference) as largest_difference
    from index_differences
),

agreement as (
    select * from index_agreement
    union all
    select
        *,
        cast(null as double) as largest_difference
    from cell_agreement
)

select
    part,
    cells,
    cast(compared_count as integer) as compared_count,
    cast(agreeing_count as integer) as agreeing_count,
    round(agreeing_count / nullif(cast(compared_count as double), 0), 12) as agreeing_share,
    round(mean_interval_width, 12) as mean_interval_width,
    round(largest_difference, 12) as largest_difference
from agreement
