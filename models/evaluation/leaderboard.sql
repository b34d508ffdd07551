{# One row for each system, and for each tuning procedure that chooses among systems. #}
{%- set measures = [
    ('reciprocal_rank', 'reciprocal_rank', none),
    ('success_at_1', 'success', 1),
    ('success_at_3', 'success', 3),
    ('success_at_5', 'success', 5),
    ('success_at_8', 'success', 8),
    ('success_at_10', 'success', 10),
    ('mean_target_rank', 'target_rank', none),
    ('median_target_rank', 'median_target_rank', none),
    ('average_precision', 'average_precision', none),
    ('ndcg_at_10', 'ndcg', 10),
    ('precision_at_10', 'precision', 10),
    ('recall_at_100', 'recall', 100)
] %}
{%- set measures_out_of_sample = measures | rejectattr(0, 'equalto', 'median_target_rank') | list %}
with

system_metrics as (select * from {{ ref('system_metrics') }}),

systems as (select * from {{ ref('systems') }}),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

candidates_valued as (select * from {{ ref('int_candidates_valued') }}),

cross_validation as (select * from {{ ref('cross_validation') }}),

procedures as (select * from {{ ref('tuning_procedures') }}),

collection as (
    select {{ leading_metric('max(relevant_count)') }} as leading_metric
    from query_runs
),

system_values as (
    select
        system_metrics.system_id,
        max(system_metrics.query_count) as query_count,
        {% for name, metric, cutoff in measures -%}
        max(
            case
                when
                    system_metrics.metric = '{{ metric }}'
                    and system_metrics.cutoff is not distinct from {{ cutoff if cutoff else 'null' }}
                    then system_metrics.value
            end
        ) as {{ name }},
        {% endfor -%}
        max(
            case when system_metrics.metric = collection.leading_metric then system_metrics.value end
        ) as leading_value,
        max(case when system_metrics.metric = collection.leading_metric then system_metrics.ci_low end) as ci_low,
        max(case when system_metrics.metric = collection.leading_metric then system_metrics.ci_high end) as ci_high
    from system_metrics
    cross join collection
    group by system_metrics.system_id
),

{# What a procedure chooses when it sees every query: the in-sample figure, which flatters it. #}
merits_on_all_queries as (
    select
        procedure_id,
        system_id,
        round(avg(merit), 9) as mean_merit
    from candidates_valued
    where is_choice_metric
    group by procedure_id, system_id
),

choices as (
    select
        procedure_id,
        system_id as chosen_system_id,
        row_number() over (partition by procedure_id order by mean_merit desc, system_id asc) as place,
        count(*) over (partition by procedure_id) as candidate_count
    from merits_on_all_queries
),

{# Each query counts once, whatever the size of its fold. #}
procedure_values as (
    select
        procedure_id,
        {% for name, metric, cutoff in measures_out_of_sample -%}
        sum(
            case
                when metric = '{{ metric }}' and cutoff is not distinct from {{ cutoff if cutoff else 'null' }}
                    then value * query_count
            end
        ) as {{ name }}_sum,
        {% endfor -%}
        sum(case when metric = 'reciprocal_rank' then query_count end) as query_count
    from cross_validation
    group by procedure_id
),

entries as (
    select
        systems.system_id as entry_id,
        'system' as entry_kind,
        case
            when systems.system_kind = 'foreign run' then 'foreign run: in sample'
            when systems.is_default then 'default system: in sample'
            else 'one of a sweep: in sample'
        end as evidence,
        systems.system_id as in_sample_system_id,
        cast(null as varchar) as procedure_id,
        systems.description
    from systems
    union all
    select
        choices.procedure_id as entry_id,
        'tuning procedure' as entry_kind,
        'best of ' || choices.candidate_count
        || ' candidates: in sample chosen on all queries, out of sample chosen without the fold' as evidence,
        choices.chosen_system_id as in_sample_system_id,
        choices.procedure_id,
        procedures.description
    from choices
    inner join procedures on choices.procedure_id = procedures.procedure_id
    where choices.place = 1
)

select
    cast(
        row_number() over (order by system_values.leading_value desc, entries.entry_kind asc, entries.entry_id asc)
        as integer
    ) as position,
    entries.entry_id,
    entries.entry_kind,
    entries.evidence,
    entries.in_sample_system_id,
    system_values.query_count,
    collection.leading_metric,
    system_values.leading_value,
    system_values.ci_low as leading_value_ci_low,
    system_values.ci_high as leading_value_ci_high,
    {% for name, metric, cutoff in measures -%}
    {% if metric == 'average_precision' -%}
    {# For known items average precision is the reciprocal rank: one of them is shown. #}
    case
        when collection.leading_metric = 'average_precision' then system_values.{{ name }}
    end as {{ name }},
    {% else -%}
    system_values.{{ name }},
    {% endif -%}
    {% endfor -%}
    {% for name, metric, cutoff in measures_out_of_sample -%}
    round(procedure_values.{{ name }}_sum / procedure_values.query_count, 12) as {{ name }}_out_of_sample,
    {% endfor -%}
    entries.description
from entries
cross join collection
inner join system_values on entries.in_sample_system_id = system_values.system_id
left join procedure_values on entries.procedure_id = procedure_values.procedure_id
