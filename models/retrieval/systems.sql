{# One row for each retrieval system: an index searched with a ranker, a run that another system made, or a fusion. #}
with

selected_systems as (select * from {{ ref('int_systems_selected') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

rankers as (select * from {{ ref('rankers') }}),

fusions as (select * from {{ ref('fusions') }}),

foreign_runs as (select distinct system_id from {{ ref('stg_runs__results') }}),

own_systems as (
    select
        selected_systems.system_id,
        'search' as system_kind,
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
        cast(null as varchar) as members,
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
        'foreign run' as system_kind,
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
        cast(null as varchar) as members,
        cast(null as varchar) as field_weights_id,
        false as is_default,
        'Run of another system, read from runs/' || system_id || '.trec' as description
    from foreign_runs
),

systems_of_one_ranking as (
    select * from own_systems
    union all
    select * from foreign_systems
),

fusion_members as (
    select
        system_id,
        {{ explode(split_text('members', ' ')) }} as member_id
    from fusions
    where
        is_default
        or {{ var('all_systems', false) }}
),

{# A fusion of fewer systems than its row says would be another system. #}
fusible as (
    select fusion_members.system_id
    from fusion_members
    left join systems_of_one_ranking on fusion_members.member_id = systems_of_one_ranking.system_id
    group by fusion_members.system_id
    having count(*) = count(systems_of_one_ranking.system_id)
),

fusion_systems as (
    select
        fusions.system_id,
        'fusion' as system_kind,
        cast(null as integer) as index_id,
        cast(null as varchar) as ranker_id,
        cast(null as varchar) as tokenizer_id,
        cast(null as varchar) as fields,
        fusions.formula,
        cast(null as double) as k1,
        cast(null as double) as b,
        cast(null as double) as delta,
        cast(null as varchar) as notation,
        fusions.smoothing,
        fusions.members,
        cast(null as varchar) as field_weights_id,
        fusions.is_default,
        fusions.description
    from fusions
    inner join fusible on fusions.system_id = fusible.system_id
),

all_systems as (
    select * from systems_of_one_ranking
    union all
    select * from fusion_systems
),

systems as (
    select
        *,
        cast(row_number() over (order by system_id) as integer) as system_number
    from all_systems
)

select * from systems
