{# One row for each n-gram size and known-item query: how many documents score higher than the target in each
   experiment, and how many no lower, as one number. Null where the target is not retrieved. #}
with

scores as (select * from {{ ref('int_original_study_scores') }}),

lengths as (select * from {{ ref('int_original_study_lengths') }}),

known_items as (select * from {{ ref('int_original_study_known_items') }}),

{# Only documents that have a term of the query in the index's fields are retrieved, whatever the sign of the score. #}
experiment_scores as (
    select
        {% for experiment in original_study_experiments() -%}
        case
            when scores.score_{{ experiment.field_set }}_b_x > 0
                then round({{ original_study_score(experiment, 'scores', 'lengths') }}, 9)
        end as {{ experiment.name }},
        {% endfor -%}
        scores.ngram_size,
        scores.query_number,
        scores.document_number
    from scores
    inner join lengths
        on
            scores.ngram_size = lengths.ngram_size
            and scores.document_number = lengths.document_number
),

targets as (
    select experiment_scores.*
    from experiment_scores
    inner join known_items
        on
            experiment_scores.query_number = known_items.query_number
            and experiment_scores.document_number = known_items.document_number
),

{# Counting needs no sort, and two counters in one sum cost half. #}
targets_placed as (
    select
        {% for experiment in original_study_experiments() -%}
        sum(
            case
                when experiment_scores.{{ experiment.name }} > targets.{{ experiment.name }}
                    then cast(67108865 as double)
                when experiment_scores.{{ experiment.name }} = targets.{{ experiment.name }} then cast(1 as double)
            end
        ) as {{ experiment.name }},
        {% endfor -%}
        targets.ngram_size,
        targets.query_number
    from targets
    inner join experiment_scores
        on
            targets.ngram_size = experiment_scores.ngram_size
            and targets.query_number = experiment_scores.query_number
    group by targets.ngram_size, targets.query_number
)

select * from targets_placed
