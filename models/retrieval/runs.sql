{# One row for each system, query and retrieved document, down to the depth kept. #}
with

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

runs as (
    select
        system_id,
        query_id,
        doc_id,
        rank,
        score
    from documents_ranked
    where rank <= {{ var('kept_depth') }}
)

select * from runs
