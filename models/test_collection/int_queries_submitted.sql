{# One row for each query that was submitted, whether it can be judged or not. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

known_items as (
    select {{ disguised({'target_ids': 'ids'}, names) }}
    from {{ ref('stg_known_items__queries') }}
    where problem is null
),

viewer_lines as (
    select {{ disguised({'target_ids': 'ids'}, names) }}
    from {{ ref('stg_viewer__queries') }}
    where problem is null
),

collection_queries as (
    select *
    from {{ ref('stg_collection__queries') }}
    where problem is null
),

qrels as (
    select *
    from {{ ref('stg_collection__qrels') }}
    where problem is null
),

withdrawals as (
    select distinct withdrawn_query_id
    from viewer_lines
    where withdrawn_query_id is not null
),

submitted as (
    select
        query_id,
        query_text,
        target_ids,
        author,
        file as source,
        case when file = 'queries.json' then 1 else 2 end as precedence,
        position,
        false as is_withdrawn
    from known_items
    union all
    select
        viewer_lines.query_id,
        viewer_lines.query_text,
        viewer_lines.target_ids,
        viewer_lines.author,
        viewer_lines.file as source,
        3 as precedence,
        viewer_lines.position,
        withdrawals.withdrawn_query_id is not null as is_withdrawn
    from viewer_lines
    left join withdrawals on viewer_lines.query_id = withdrawals.withdrawn_query_id
    where viewer_lines.withdrawn_query_id is null
    union all
    select
        query_id,
        query_text,
        null as target_ids,
        author,
        file as source,
        4 as precedence,
        position,
        false as is_withdrawn
    from collection_queries
    union all
    {# Judged, but its text is nowhere: only foreign runs can answer it. #}
    select
        qrels.query_id,
        null as query_text,
        null as target_ids,
        null as author,
        min(qrels.file) as source,
        5 as precedence,
        min(qrels.position) as position,
        false as is_withdrawn
    from qrels
    left join collection_queries on qrels.query_id = collection_queries.query_id
    where collection_queries.query_id is null
    group by qrels.query_id
),

tiktoks as (select * from {{ ref('tiktoks') }}),

documents as (select * from {{ ref('stg_collection__documents') }}),

corpus_ids as (
    select tiktok_id as doc_id from tiktoks
    union
    select doc_id from documents
),

targets as (
    select distinct
        source,
        position,
        target_id
    from (
        select
            source,
            position,
            unnest(target_ids) as target_id
        from submitted
    ) as unnested
),

{# Of several targets those that are in the corpus count. #}
found_targets as (
    select
        targets.source,
        targets.position,
        array_agg(targets.target_id order by targets.target_id) as found_target_ids
    from targets
    inner join corpus_ids on targets.target_id = corpus_ids.doc_id
    group by targets.source, targets.position
),

judgeable as (
    select
        submitted.*,
        found_targets.found_target_ids,
        known_items.useful_description,
        known_items.comments_on_topic,
        known_items.purely_visual,
        known_items.important_lyrics,
        known_items.subtextual,
        submitted.precedence >= 4 as is_of_collection,
        case
            when submitted.is_withdrawn then 'withdrawn by its author'
            when submitted.precedence < 4 and coalesce(trim(submitted.query_text), '') = '' then 'no query text'
            when submitted.precedence < 4 and coalesce(len(submitted.target_ids), 0) = 0 then 'no target'
            when submitted.precedence < 4 and found_targets.found_target_ids is null
                then 'the target is not in the corpus: ' || array_to_string(submitted.target_ids, ', ')
        end as own_reason
    from submitted
    left join found_targets
        on submitted.source = found_targets.source and submitted.position = found_targets.position
    left join known_items
        on submitted.source = known_items.file and submitted.position = known_items.position
),

{# What cannot be judged for its own sake does not make another a duplicate. #}
numbered as (
    select
        *,
        row_number() over (
            partition by query_id, own_reason is null
            order by precedence, source, position
        ) as occurrence_of_id,
        first_value(query_id) over (
            partition by query_text, found_target_ids, author, own_reason is null
            order by precedence, source, position
        ) as first_query_id,
        row_number() over (
            partition by query_text, found_target_ids, author, own_reason is null
            order by precedence, source, position
        ) as occurrence_of_content
    from judgeable
),

queries as (
    select
        query_id,
        query_text,
        author,
        source,
        position,
        is_of_collection,
        found_target_ids,
        useful_description,
        comments_on_topic,
        purely_visual,
        important_lyrics,
        subtextual,
        case
            when own_reason is not null then own_reason
            when occurrence_of_id > 1 then 'the query id was given before: ' || query_id
            when not is_of_collection and occurrence_of_content > 1
                then 'a duplicate of query ' || first_query_id || ' by the same author'
        end as reason
    from numbered
)

select {{ disguised({
    'query_id': 'query_id', 'query_text': 'text', 'author': 'person', 'source': 'query_id', 'reason': 'query_id'
}, names) }}
from queries
