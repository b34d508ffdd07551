{# One row for each retrieval system: an index searched with a ranker, or a run that another system made. #}
with

selected_systems as (select * from {{ ref('int_systems_selected') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

rankers as (select * from {{ ref('rankers') }}),

foreign_runs as (select distinct system_id from {{ ref('stg_runs__results') }}),

own_systems as (
    select
        selected_systems.system_id,
        selected_systems.index_id,
        selected_systems.ranker_id,
        indexes.tokenizer_id,
        indexes.fields,
        rankers.formula,
        rankers.k1,
        rankers.b,
        rankers.delta,
        rankers.notation,
        rankers.smoothing,
        selected_systems.field_weights_id,
        selected_systems.is_default,
        selected_systems.description
    from selected_systems
    inner join indexes on selected_systems.index_id = indexes.index_id
    inner join rankers on selected_systems.ranker_id = rankers.ranker_id
),

foreign_systems as (
    select
        system_id,
        cast(null as integer) as index_id,
        cast(null as varchar) as ranker_id,
        cast(null as varchar) as tokenizer_id,
        cast(null as varchar) as fields,
        cast(null as varchar) as formula,
        cast(null as double) as k1,
        cast(null as double) as b,
        cast(null as double) as delta,
        cast(null as varchar) as notation,
        cast(null as double) as smoothing,
        cast(null as varchar) as field_weights_id,
        false as is_default,
        'Run of another system, read from runs/' || system_id || '.trec' as description
    from foreign_runs
),

all_systems as (
    select * from own_systems
    union all
    select * from foreign_systems
),

systems as (
    select
        *,
        cast(row_number() over (order by system_id) as integer) as system_number
    from all_systems
)

select * from systems
