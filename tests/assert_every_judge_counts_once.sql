{# The answers of a pair are as many as its judges, what counts has a majority, and what does not has a reason. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

judgements as (
    select {{ disguised({'query_id': 'query_id', 'query_text': 'text', 'doc_id': 'id'}, names) }}
    from {{ ref('stg_viewer__judgements') }}
    where problem is null
),

judges_counted as (
    select
        query_id,
        doc_id,
        count(distinct judge) as judge_count
    from judgements
    group by query_id, doc_id
),

pooled_judgements as (select * from {{ ref('pooled_judgements') }})

select
    judges_counted.query_id,
    judges_counted.doc_id,
    pooled_judgements.reason
from judges_counted
full outer join pooled_judgements
    on
        judges_counted.query_id = pooled_judgements.query_id
        and judges_counted.doc_id = pooled_judgements.doc_id
where
    judges_counted.query_id is null
    or pooled_judgements.query_id is null
    or judges_counted.judge_count
    <> pooled_judgements.yes_count + pooled_judgements.no_count + pooled_judgements.unsure_count
    or (pooled_judgements.relevance is null) <> (pooled_judgements.reason is not null)
    or pooled_judgements.relevance <> cast(pooled_judgements.yes_count > pooled_judgements.no_count as integer)
