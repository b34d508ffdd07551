{# One row for each tuning procedure, candidate system, judged query and measure. #}
with

procedures as (select * from {{ ref('tuning_procedures') }}),

systems as (
    select *
    from {{ ref('systems') }}
    where system_kind <> 'foreign run'
),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

query_metrics as (select * from {{ ref('query_metrics') }}),

units as (select * from {{ ref('int_query_units_numbered') }}),

collection as (
    select
        count(distinct query_id) as query_count,
        {{ leading_metric('max(relevant_count)') }} as leading_metric
    from query_runs
),

{# One fold for each author; where authors are unknown ten folds of queries in an order that looks random. #}
author_folds as (
    select
        query_id,
        author as held_out_author,
        unit_number as fold
    from units
    where unit_kind = 'author'
),

query_folds as (
    select
        query_id,
        cast(null as varchar) as held_out_author,
        cast(row_number() over (order by md5(query_id), query_id) % 10 + 1 as integer) as fold
    from units
    where
        unit_kind = 'query'
        and not exists (select 1 from author_folds)
),

folds as (
    select * from author_folds
    union all
    select * from query_folds
),

candidates as (
    select
        procedures.procedure_id,
        coalesce(procedures.choice_metric, collection.leading_metric) as choice_metric,
        procedures.choice_cutoff,
        systems.system_id,
        count(*) over (partition by procedures.procedure_id) as candidate_count
    from procedures
    cross join collection
    inner join systems on {{ matches_whole('systems.system_id', 'procedures.candidates') }}
),

candidates_valued as (
    select
        candidates.procedure_id,
        candidates.system_id,
        folds.fold,
        folds.held_out_author,
        query_metrics.query_id,
        query_metrics.metric,
        query_metrics.cutoff,
        query_metrics.value,
        coalesce(
            query_metrics.metric = candidates.choice_metric
            and coalesce(query_metrics.cutoff, 0) = coalesce(candidates.choice_cutoff, 0), false
        ) as is_choice_metric,
        {# By a rank less is better. #}
        query_metrics.value * case when query_metrics.metric like '%target_rank' then -1 else 1 end as merit
    from candidates
    inner join query_metrics on candidates.system_id = query_metrics.system_id
    inner join folds on query_metrics.query_id = folds.query_id
    cross join collection
    where
        candidates.candidate_count > 1
        and (
            (
                query_metrics.metric = candidates.choice_metric
                and coalesce(query_metrics.cutoff, 0) = coalesce(candidates.choice_cutoff, 0)
            )
            or (
                {{ is_main_measure('query_metrics.metric', 'query_metrics.cutoff') }}
                and (query_metrics.metric <> 'average_precision' or collection.leading_metric = 'average_precision')
            )
        )
)

select * from candidates_valued
