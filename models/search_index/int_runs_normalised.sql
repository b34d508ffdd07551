{# One row for each scheme and distinct run of non-ASCII characters in a text, with its normalised form. #}
with

texts as (select * from {{ ref('int_texts_collected') }}),

character_forms as (select * from {{ ref('character_forms') }}),

schemes as ({{ schemes_of(ref('int_indexes_selected')) }}),

runs as (
    select distinct {{ explode(all_matches('raw_text', '[^\\x00-\\x7F]+')) }} as run
    from texts
    where not {{ is_ascii('raw_text') }}
),

positions as (
    select
        run,
        {{ explode(integers_to(grapheme_count('run'))) }} as position
    from runs
),

run_clusters as (
    select
        schemes.scheme,
        positions.run,
        positions.position,
        {{ lookup_cluster(grapheme_at('positions.run', 'positions.position'), 'schemes.scheme') }} as cluster
    from positions
    cross join schemes
),

clusters as (
    select distinct
        scheme,
        cluster
    from run_clusters
),

clusters_by_name as (
    select
        clusters.scheme,
        clusters.cluster,
        character_forms.form
    from clusters
    inner join character_forms
        on
            clusters.scheme = character_forms.scheme
            and clusters.cluster = character_forms.sequence
            and character_forms.kind = 'cluster'
),

other_clusters as (
    select
        clusters.scheme,
        clusters.cluster
    from clusters
    left join clusters_by_name
        on
            clusters.scheme = clusters_by_name.scheme
            and clusters.cluster = clusters_by_name.cluster
    where clusters_by_name.cluster is null
),

character_positions as (
    select
        scheme,
        cluster,
        {{ explode(integers_to('length(cluster)')) }} as position
    from other_clusters
),

clusters_by_character as (
    select
        character_positions.scheme,
        character_positions.cluster,
        {{ join_strings("coalesce(character_forms.form, '')", 'character_positions.position') }} as form
    from character_positions
    left join character_forms
        on
            character_positions.scheme = character_forms.scheme
            and substring(character_positions.cluster, character_positions.position, 1) = character_forms.sequence
            and character_forms.kind = 'character'
    group by character_positions.scheme, character_positions.cluster
),

cluster_forms as (
    select * from clusters_by_name
    union all
    select * from clusters_by_character
),

runs_normalised as (
    select
        run_clusters.scheme,
        run_clusters.run,
        {{ join_strings("coalesce(cluster_forms.form, '')", 'run_clusters.position') }} as form
    from run_clusters
    left join cluster_forms
        on
            run_clusters.scheme = cluster_forms.scheme
            and run_clusters.cluster = cluster_forms.cluster
    group by run_clusters.scheme, run_clusters.run
)

select * from runs_normalised
