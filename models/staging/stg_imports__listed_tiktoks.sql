{# One row for each entry of a list in a personal data export: a TikTok that somebody watched, liked or kept. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

-- old exports keep all lists in one section, new ones spread them over two
lists as (
    select
        file,
        case list_name
            when 'ItemFavoriteList' then 'liked'
            when 'FavoriteVideoList' then 'favourite'
            else 'watched'
        end as list,
        entries
    from (
        {% for section, list_name in [
            ('Video Browsing History', 'VideoList'), ('Watch History', 'VideoList'),
            ('Like List', 'ItemFavoriteList'), ('Favorite Videos', 'FavoriteVideoList')
        ] -%}
        select
            file,
            '{{ list_name }}' as list_name,
            {{ read_items(read_part('record', '$."' ~ section ~ '"."' ~ list_name ~ '"')) }} as entries
        from records
        where kind = 'import' and problem is null and file like 'imports/personal-export/%'
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as found_lists
),

entries as (
    select
        file,
        list,
        unnest(entries) as entry,
        generate_subscripts(entries, 1) as position
    from lists
),

read_entries as (
    select
        file,
        list,
        position,
        coalesce(
            {{ read_path('entry', '$.Link') }},
            {{ read_path('entry', '$.link') }},
            {{ read_path('entry', '$.VideoLink') }}
        ) as permalink,
        coalesce({{ read_path('entry', '$.Date') }}, {{ read_path('entry', '$.date') }}) as listed_at
    from entries
),

deletions as (
    select tiktok_id
    from records
    where kind = 'deletions' and tiktok_id is not null
)

select
    file,
    list,
    position::integer as position,
    nullif(regexp_extract(permalink, '/(?:video|photo|v|embed)/([0-9]+)', 1), '') as tiktok_id,
    permalink,
    {{ read_time('listed_at') }} as listed_at
from read_entries
where coalesce(nullif(regexp_extract(permalink, '/(?:video|photo|v|embed)/([0-9]+)', 1), ''), '') not in (
    select deletions.tiktok_id from deletions
)
