{# One row for each name of a person in the raw files and each part that the person has: creator, commenter, author. #}
{{ config(
    enabled=is_pseudonymised(),
    database='in_memory',
    post_hook='{{ begin_disguise(this) }}'
) }}
with

scraper_tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

imported_tiktoks as (select * from {{ ref('stg_imports__tiktoks') }}),

scraper_comments as (select * from {{ ref('stg_scraper__comments') }}),

imported_comments as (select * from {{ ref('stg_imports__comments') }}),

attempts as (select * from {{ ref('stg_journals__attempts') }}),

original_texts as (select * from {{ ref('stg_original__texts') }}),

known_items as (select * from {{ ref('stg_known_items__queries') }}),

viewer_lines as (select * from {{ ref('stg_viewer__queries') }}),

collection_queries as (select * from {{ ref('stg_collection__queries') }}),

tiktoks as (
    select * exclude (comments)
    from scraper_tiktoks
    union all by name
    select *
    from imported_tiktoks
),

comments as (
    select
        tiktok_id,
        commenter_name,
        comment_text
    from scraper_comments
    union all
    select
        tiktok_id,
        commenter_name,
        comment_text
    from imported_comments
),

names as (
    select
        creator_username as name,
        'creator' as part
    from tiktoks
    union
    select
        creator_nickname as name,
        'creator' as part
    from tiktoks
    union
    select
        commenter_name as name,
        'commenter' as part
    from comments
    union
    select
        author as name,
        'author' as part
    from known_items
    union
    select
        author as name,
        'author' as part
    from viewer_lines
    union
    select
        author as name,
        'author' as part
    from collection_queries
),

texts as (
    select
        tiktok_id,
        description as text
    from tiktoks
    union
    select
        tiktok_id,
        caption_text as text
    from tiktoks
    union
    select
        tiktok_id,
        comment_text as text
    from comments
    union
    select
        tiktok_id,
        text
    from attempts
    union
    select
        tiktok_id,
        text
    from original_texts
),

tiktok_texts as (
    select
        tiktok_id,
        string_agg(text, ' ; ') as text,
        row_number() over (order by tiktok_id) // 2000 as batch
    from texts
    where text is not null
    group by tiktok_id
),

-- a name that stands in many texts without an @ is a word of the language as well
batches as (
    select
        batch,
        list(text) as texts
    from tiktok_texts
    group by batch
),

all_names as (
    select list(distinct name) as names
    from names
    where name is not null
),

found_names as (
    select unnest(map_entries(count_names(all_names.names, batches.texts))) as found
    from batches
    cross join all_names
),

tiktok_counts as (
    select
        found['key'] as name,
        sum(found['value'])::integer as tiktok_count
    from found_names
    group by found['key']
)

select
    names.name,
    names.part,
    coalesce(tiktok_counts.tiktok_count, 0) as tiktok_count
from names
left join tiktok_counts on names.name = tiktok_counts.name
where names.name is not null
