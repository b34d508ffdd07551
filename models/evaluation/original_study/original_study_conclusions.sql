{# One row for each conclusion of the original study: what its published ranks and the rebuilt ones say of it. #}
{% set factors = [
    'ngram_size', 'speech', 'cover_text', 'comments', 'attributed', 'term_weight', 'collection_weight', 'normaliser'
] -%}
with

claims as (select * from {{ ref('original_study_claims') }}),

settings as (select * from {{ ref('original_study_index_settings') }}),

experiments as (select * from {{ ref('original_study_experiments') }}),

ranks as (select * from {{ ref('original_study_ranks') }}),

units as (select * from {{ ref('int_query_units_numbered') }}),

experiment_levels as (
    select
        experiments.experiment_id,
        coalesce(cast(settings.ngram_size as varchar), 'words') as ngram_size,
        cast(settings.speech as varchar) as speech,
        cast(settings.cover_text as varchar) as cover_text,
        cast(settings.comments as varchar) as comments,
        cast(settings.attributed as varchar) as attributed,
        experiments.term_weight,
        experiments.collection_weight,
        experiments.normaliser,
        experiments.term_weight || '_' || experiments.collection_weight as weighting
    from experiments
    inner join settings on experiments.index_id = settings.index_id
),

{# Two experiments make a pair for a setting when they differ in it alone: all others, as one text, are the same. #}
factor_levels as (
    {% for factor in factors -%}
    select
        experiment_id,
        weighting,
        '{{ factor }}' as factor,
        {{ factor }} as level,
        concat_ws('|', {{ factors | reject('equalto', factor) | join(', ') }}) as other_settings
    from experiment_levels
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

experiment_means as (
    select
        experiment_id,
        avg(expected_reciprocal_rank) as mean_reciprocal_rank,
        avg(case when is_published then coalesce(1.0 / published_rank, 0) end) as published_mean_reciprocal_rank
    from ranks
    group by experiment_id
),

{# The rival of a named experiment is the best of all others. #}
rivals as (
    select
        claims.claim_id,
        cast(claims.level as integer) as experiment_id,
        experiment_means.experiment_id as other_experiment_id,
        row_number() over (
            partition by claims.claim_id
            order by round(experiment_means.mean_reciprocal_rank, 9) desc, experiment_means.experiment_id asc
        ) as place
    from claims
    inner join experiment_means on cast(claims.level as integer) <> experiment_means.experiment_id
    where claims.factor = 'experiment_id'
),

pairs as (
    select
        claims.claim_id,
        chosen.experiment_id,
        others.experiment_id as other_experiment_id
    from claims
    inner join factor_levels as chosen
        on
            claims.factor = chosen.factor
            and claims.level = chosen.level
            and coalesce(claims.weighting, chosen.weighting) = chosen.weighting
    inner join factor_levels as others
        on
            claims.factor = others.factor
            and claims.other_level = others.level
            and chosen.other_settings = others.other_settings
    union all
    select
        claim_id,
        experiment_id,
        other_experiment_id
    from rivals
    where place = 1
),

query_values as (
    select
        pairs.claim_id,
        chosen.query_id,
        count(*) as pair_count,
        avg(chosen.expected_reciprocal_rank) as value,
        avg(others.expected_reciprocal_rank) as other_value,
        avg(case when chosen.is_published then coalesce(1.0 / chosen.published_rank, 0) end) as published_value,
        avg(case when others.is_published then coalesce(1.0 / others.published_rank, 0) end) as published_other_value,
        avg(
            case
                when
                    chosen.rank_low is not distinct from others.rank_low
                    and chosen.rank_high is not distinct from others.rank_high
                    then 1.0
                else 0.0
            end
        ) as same_share,
        avg(
            case
                when not (chosen.is_published and others.is_published) then null
                when chosen.published_rank is not distinct from others.published_rank then 1.0
                else 0.0
            end
        ) as published_same_share
    from pairs
    inner join ranks as chosen on pairs.experiment_id = chosen.experiment_id
    inner join ranks as others
        on
            pairs.other_experiment_id = others.experiment_id
            and chosen.query_id = others.query_id
    group by pairs.claim_id, chosen.query_id
),

claim_values as (
    select
        claim_id,
        max(pair_count) as pair_count,
        count(*) as query_count,
        avg(value) as value,
        avg(other_value) as other_value,
        avg(value - other_value) as difference,
        avg(published_value) as published_value,
        avg(published_other_value) as published_other_value,
        avg(same_share) as same_share,
        avg(published_same_share) as published_same_share
    from query_values
    group by claim_id
),

{# Queries of one author are alike: authors are the units where they are known. #}
unit_kinds as (select min(unit_kind) as unit_kind from units),

query_units as (
    select
        units.query_id,
        units.unit_number
    from units
    inner join unit_kinds on units.unit_kind = unit_kinds.unit_kind
),

unit_deviations as (
    select
        query_values.claim_id,
        query_units.unit_number,
        sum(query_values.value - query_values.other_value - claim_values.difference) as deviation
    from query_values
    inner join claim_values on query_values.claim_id = claim_values.claim_id
    inner join query_units on query_values.query_id = query_units.query_id
    group by query_values.claim_id, query_units.unit_number
),

{# The standard error of a mean over clusters, and Student's t for their number. #}
margins as (
    select
        unit_deviations.claim_id,
        count(*) as unit_count,
        {{ student_t_quantile(normal_quantile_975(), '(count(*) - 1.0)') }}
        * sqrt(count(*) / (count(*) - 1.0) * sum(unit_deviations.deviation * unit_deviations.deviation))
        / max(claim_values.query_count) as margin
    from unit_deviations
    inner join claim_values on unit_deviations.claim_id = claim_values.claim_id
    group by unit_deviations.claim_id
    having count(*) > 1
),

original_study_conclusions as (
    select
        claims.claim_id,
        claims.claim,
        case
            when claims.says = 'same' and claim_values.same_share = 1 then 'holds'
            when claims.says = 'same' then 'does not hold'
            when claim_values.difference - margins.margin > 0 then 'holds'
            when claim_values.difference + margins.margin < 0 then 'does not hold'
            else 'cannot be told'
        end as verdict,
        cast(claim_values.pair_count as integer) as pair_count,
        round(claim_values.published_value, 12) as published_value,
        round(claim_values.published_other_value, 12) as published_other_value,
        round(claim_values.published_same_share, 12) as published_same_share,
        round(claim_values.value, 12) as value,
        round(claim_values.other_value, 12) as other_value,
        round(claim_values.same_share, 12) as same_share,
        round(claim_values.difference, 12) as difference,
        round(claim_values.difference - margins.margin, 12) as ci_low,
        round(claim_values.difference + margins.margin, 12) as ci_high,
        claims.remark
    from claims
    inner join claim_values on claims.claim_id = claim_values.claim_id
    left join margins on claims.claim_id = margins.claim_id
)

select * from original_study_conclusions
