{# One row for each query and document that judges of pooled results were asked about. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

judgements as (
    select {{ disguised({'query_id': 'query_id', 'query_text': 'text', 'doc_id': 'id'}, names) }}
    from {{ ref('stg_viewer__judgements') }}
    where problem is null
),

known_items as (
    select *
    from {{ ref('int_queries_submitted') }}
    where reason is null and not is_of_collection
),

tiktoks as (select * from {{ ref('tiktoks') }}),

{# Of several answers of one judge to one question the last one counts. #}
last_answers as (
    select
        judgements.query_id,
        judgements.doc_id,
        judgements.answer,
        known_items.found_target_ids,
        known_items.query_id is not null as is_of_query,
        coalesce(judgements.query_text = known_items.query_text, judgements.query_text is null) as is_of_its_words
    from judgements
    left join known_items on judgements.query_id = known_items.query_id
    qualify
        row_number() over (
            partition by judgements.judge, judgements.query_id, judgements.doc_id
            order by judgements.position desc
        ) = 1
),

counted as (
    select
        query_id,
        doc_id,
        cast(count(*) filter (where answer = 'yes') as integer) as yes_count,
        cast(count(*) filter (where answer = 'no') as integer) as no_count,
        cast(count(*) filter (where answer = 'unsure') as integer) as unsure_count,
        bool_and(is_of_query) as is_of_query,
        bool_and(is_of_its_words) as is_of_its_words,
        coalesce(bool_or(list_contains(found_target_ids, doc_id)), false) as is_target
    from last_answers
    group by query_id, doc_id
),

reasons as (
    select
        counted.*,
        case
            when not counted.is_of_query then 'no such known-item query'
            when not counted.is_of_its_words then 'the query had other words when it was judged'
            when tiktoks.tiktok_id is null then 'the document is not in the corpus'
            when counted.is_target then 'the target itself'
            when counted.yes_count = counted.no_count then 'no majority'
        end as reason
    from counted
    left join tiktoks on counted.doc_id = tiktoks.tiktok_id
)

select
    query_id,
    doc_id,
    yes_count,
    no_count,
    unsure_count,
    case when reason is null then case when yes_count > no_count then 1 else 0 end end as relevance,
    reason
from reasons
