{# One row for each experiment of the original study and known-item query. #}
{% set experiment_names = original_study_experiments() | map(attribute='name') | list -%}
with

settings as (select * from {{ ref('original_study_index_settings') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

known_items as (select * from {{ ref('int_original_study_known_items') }}),

documents as (select document_number from {{ ref('documents') }}),

queries as (select * from {{ ref('queries') }}),

published_ranks as (
    select * from {{ ref('stg_original__published_ranks') }}
    where problem is null
),

placed as (
    select
        ngram_size,
        query_number,
        name,
        cast(floor(placed / 67108864) as integer) + 1 as rank_low,
        cast(placed % 67108864 as integer) as rank_high
    from {{ unpivoted(ref('int_original_study_targets_placed'), experiment_names, 'name', 'placed') }}
),

{# The study normalised by wrong lengths. What came of it can be told of one weighting alone: where every weight is 1
   all its lengths were the same, and its ranks are those without a normaliser. #}
named_experiments as (
    select
        experiments.experiment_id,
        coalesce(settings.ngram_size, 0) as ngram_size,
        concat_ws(
            '_',
            case when settings.attributed then 'attributed' else 'united' end,
            cast({{ original_study_field_set_of('settings') }} as varchar),
            experiments.term_weight,
            experiments.collection_weight
        ) as weighting_name,
        experiments.normaliser,
        case
            when experiments.normaliser = 'x' or (experiments.term_weight = 'b' and experiments.collection_weight = 'x')
                then 'x'
        end as normaliser_as_published
    from experiments
    inner join settings on experiments.index_id = settings.index_id
),

{# The ranks from 1 to the number of documents, with the sum of their reciprocals up to there. #}
harmonic_numbers as (
    select
        document_number as rank,
        sum(1.0 / document_number) over (
            order by document_number
            rows between unbounded preceding and current row
        ) as harmonic_number
    from documents
),

intervals as (
    select distinct
        rank_low,
        rank_high
    from placed
),

expected_values as (
    select
        intervals.rank_low,
        intervals.rank_high,
        (upper_sums.harmonic_number - coalesce(lower_sums.harmonic_number, 0))
        / (intervals.rank_high - intervals.rank_low + 1) as expected_reciprocal_rank
    from intervals
    inner join harmonic_numbers as upper_sums on intervals.rank_high = upper_sums.rank
    left join harmonic_numbers as lower_sums on intervals.rank_low - 1 = lower_sums.rank
),

{# Queries are numbered as they stand in queries.json, which may be another than the study's. #}
published_targets as (
    select
        published_ranks.experiment_id,
        known_items.query_id,
        published_ranks.target_rank
    from published_ranks
    inner join queries
        on
            cast(published_ranks.query_number as varchar) = queries.query_id
            and queries.source = 'queries.json'
    inner join known_items
        on
            queries.query_id = known_items.query_id
            and published_ranks.target_id = known_items.doc_id
),

original_study_ranks as (
    select
        named_experiments.experiment_id,
        known_items.query_id,
        placed.rank_low,
        placed.rank_high,
        round(coalesce(expected_values.expected_reciprocal_rank, 0), 12) as expected_reciprocal_rank,
        named_experiments.normaliser_as_published is not null as is_told_as_published,
        placed_as_published.rank_low as rank_low_as_published,
        placed_as_published.rank_high as rank_high_as_published,
        published_targets.experiment_id is not null as is_published,
        published_targets.target_rank as published_rank
    from named_experiments
    cross join known_items
    left join placed
        on
            named_experiments.ngram_size = placed.ngram_size
            and known_items.query_number = placed.query_number
            and named_experiments.weighting_name || '_' || named_experiments.normaliser = placed.name
    left join placed as placed_as_published
        on
            named_experiments.ngram_size = placed_as_published.ngram_size
            and known_items.query_number = placed_as_published.query_number
            and named_experiments.weighting_name || '_' || named_experiments.normaliser_as_published
            = placed_as_published.name
    left join expected_values
        on
            placed.rank_low = expected_values.rank_low
            and placed.rank_high = expected_values.rank_high
    left join published_targets
        on
            named_experiments.experiment_id = published_targets.experiment_id
            and known_items.query_id = published_targets.query_id
)

select * from original_study_ranks
