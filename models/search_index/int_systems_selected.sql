{# One row for each retrieval system that this build makes: those of the seed that suit the collection at hand. #}
with

systems as (select * from {{ ref('system_definitions') }}),

texts as (select doc_id from {{ ref('stg_collection__documents') }}),

collection as (
    select case when count(*) > 0 then 'text' else 'tiktok' end as collection_kind
    from texts
),

systems_selected as (
    select systems.*
    from systems
    inner join collection
        on
            systems.collection_kind = 'any'
            or systems.collection_kind = collection.collection_kind
    where
        systems.is_default
        or {{ var('all_systems', false) }}
)

select * from systems_selected
