{# One row for each build, with fingerprints of what it was made from. #}
{{ config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}
{%- set seed_checksums = [] %}
{%- for node in graph.nodes.values() | sort(attribute='unique_id') if node.resource_type == 'seed' %}
{%- do seed_checksums.append(node.checksum.checksum) %}
{%- endfor %}
with

tiktoks as (select {{ fingerprint('tiktoks', 'tiktok_id') }} as fingerprint from {{ ref('tiktoks') }} as tiktoks),

comments as (select {{ fingerprint('comments', 'comment_id') }} as fingerprint from {{ ref('comments') }} as comments),

documents as (select count(*) as document_count from {{ ref('documents') }}),

texts as (
    select {{ fingerprint('texts', 'doc_id') }} as fingerprint
    from {{ ref('stg_collection__documents') }} as texts
),

queries as (
    select
        count(*) as query_count,
        {{ fingerprint('queries', 'query_id') }} as fingerprint
    from {{ ref('queries') }} as queries
),

qrels as (select {{ fingerprint('qrels', 'query_id, doc_id') }} as fingerprint from {{ ref('qrels') }} as qrels),

builds as (
    select
        '{{ invocation_id }}' as build_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
        '{{ var("project_version") }}' as project_version,
        'dbt {{ dbt_version }}, ' || {{ engine_version() }} as engine_versions,
        md5(tiktoks.fingerprint || comments.fingerprint || texts.fingerprint) as corpus_fingerprint,
        md5(queries.fingerprint || qrels.fingerprint) as queries_fingerprint,
        '{{ local_md5(seed_checksums | join) }}' as seeds_fingerprint,
        documents.document_count,
        queries.query_count
    from tiktoks
    cross join comments
    cross join texts
    cross join documents
    cross join queries
    cross join qrels
)

select * from builds
