{# One row for each build, with fingerprints of what it was made from. #}
{{ config(materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}
{%- set seed_checksums = [] %}
{%- set nodes = graph.nodes.values() | sort(attribute='unique_id') %}
{%- for node in nodes if node.resource_type == 'seed' %}
{%- do seed_checksums.append(node.checksum.checksum) %}
{%- endfor %}
with

tiktoks as (select * from {{ ref('tiktoks') }}),

comments as (select * from {{ ref('comments') }}),

texts as (select * from {{ ref('stg_collection__documents') }}),

queries as (select * from {{ ref('queries') }}),

qrels as (select * from {{ ref('qrels') }}),

document_counts as (select count(*) as document_count from {{ ref('documents') }}),

tiktoks_read as (select {{ fingerprint('tiktoks', 'tiktok_id') }} as fingerprint from tiktoks),

comments_read as (select {{ fingerprint('comments', 'comment_id') }} as fingerprint from comments),

texts_read as (select {{ fingerprint('texts', 'doc_id') }} as fingerprint from texts),

queries_read as (select {{ fingerprint('queries', 'query_id') }} as fingerprint from queries),

qrels_read as (select {{ fingerprint('qrels', 'query_id, doc_id') }} as fingerprint from qrels),

query_counts as (select count(*) as query_count from queries),

builds as (
    select
        '{{ invocation_id }}' as build_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
        '{{ var("project_version") }}' as project_version,
        'dbt {{ dbt_version }}, ' || {{ engine_version() }} as engine_versions,
        md5(tiktoks_read.fingerprint || comments_read.fingerprint || texts_read.fingerprint) as corpus_fingerprint,
        md5(queries_read.fingerprint || qrels_read.fingerprint) as queries_fingerprint,
        '{{ local_md5(seed_checksums | join) }}' as seeds_fingerprint,
        document_counts.document_count,
        query_counts.query_count
    from tiktoks_read
    cross join comments_read
    cross join texts_read
    cross join document_counts
    cross join query_counts
    cross join queries_read
    cross join qrels_read
)

select * from builds
