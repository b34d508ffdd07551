{# Every readable query of every source is in queries or, with a reason, in excluded_queries: nothing is lost. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

given as (
    select
        query_id,
        file as source
    from {{ ref('stg_known_items__queries') }}
    where problem is null
    union all
    select
        query_id,
        file as source
    from {{ ref('stg_viewer__queries') }}
    where problem is null and withdrawn_query_id is null
    union all
    select
        query_id,
        file as source
    from {{ ref('stg_collection__queries') }}
    where problem is null
),

submitted as (
    select {{ disguised({'query_id': 'query_id', 'source': 'query_id'}, names) }}
    from given
),

delivered as (
    select
        query_id,
        source
    from {{ ref('queries') }}
    {# Judgements without a query were not submitted as one. #}
    where query_text is not null or source not like 'collection/qrels%'
    union all
    select
        query_id,
        source
    from {{ ref('excluded_queries') }}
    where source not like 'collection/qrels%'
),

lost as (
    select * from submitted
    except all
    select * from delivered
),

invented as (
    select * from delivered
    except all
    select * from submitted
)

select * from lost
union all
select * from invented
