-- What are these figures made from?
with

builds as (select * from {{ ref('builds') }}),

last_builds as (
    select
        built_at,
        project_version,
        engine_versions,
        document_count,
        query_count,
        left(corpus_fingerprint, 12) as corpus,
        left(queries_fingerprint, 12) as queries,
        left(seeds_fingerprint, 12) as seeds
    from builds
    order by built_at desc
    limit 10
)

select * from last_builds
order by built_at desc
