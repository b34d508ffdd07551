{# One row for each tuning procedure, fold and measure: what the candidate chosen without the fold does on the fold. #}
with

candidates_valued as (select * from {{ ref('int_candidates_valued') }}),

folds as (
    select distinct
        procedure_id,
        fold
    from candidates_valued
),

{# The choice sees the other folds and nothing of its own. #}
training_merits as (
    select
        folds.procedure_id,
        folds.fold,
        candidates_valued.system_id,
        round(avg(candidates_valued.merit), 9) as mean_merit
    from folds
    inner join candidates_valued
        on folds.procedure_id = candidates_valued.procedure_id and folds.fold <> candidates_valued.fold
    where candidates_valued.is_choice_metric
    group by folds.procedure_id, folds.fold, candidates_valued.system_id
),

choices as (
    select
        procedure_id,
        fold,
        system_id as chosen_system_id,
        row_number() over (partition by procedure_id, fold order by mean_merit desc, system_id asc) as place
    from training_merits
),

cross_validation as (
    select
        candidates_valued.procedure_id,
        candidates_valued.fold,
        candidates_valued.held_out_author,
        choices.chosen_system_id,
        candidates_valued.metric,
        candidates_valued.cutoff,
        avg(candidates_valued.value) as value,
        cast(count(*) as integer) as query_count
    from candidates_valued
    inner join choices
        on
            candidates_valued.procedure_id = choices.procedure_id
            and candidates_valued.fold = choices.fold
            and candidates_valued.system_id = choices.chosen_system_id
    where choices.place = 1
    group by
        candidates_valued.procedure_id, candidates_valued.fold, candidates_valued.held_out_author,
        choices.chosen_system_id, candidates_valued.metric, candidates_valued.cutoff
)

select
    procedure_id,
    fold,
    held_out_author,
    chosen_system_id,
    metric,
    cutoff,
    round(value, 12) as value,
    query_count
from cross_validation
