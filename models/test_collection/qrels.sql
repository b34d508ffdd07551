{# One row for each judged pair of a query and a document. #}
with

submitted as (
    select *
    from {{ ref('int_queries_submitted') }}
    where reason is null
),

judgements as (
    select *
    from {{ ref('stg_collection__qrels') }}
    where problem is null
),

known_items as (
    select
        query_id,
        unnest(found_target_ids) as doc_id,
        {{ 2 if var('pooled_judgements') else 1 }} as relevance
    from submitted
    where not is_of_collection
),
{% if var('pooled_judgements') %}
pooled_judgements as (
    select
        query_id,
        doc_id,
        relevance
    from {{ ref('pooled_judgements') }}
    where reason is null
),
{% endif %}
collection_judgements as (
    select
        judgements.query_id,
        judgements.doc_id,
        judgements.relevance
    from judgements
    inner join submitted on judgements.query_id = submitted.query_id
    where submitted.is_of_collection
),

qrels as (
    select * from known_items
    union all
    select * from collection_judgements
    {% if var('pooled_judgements') -%}
    union all
    select * from pooled_judgements
    {%- endif %}
)

select * from qrels
