{# One row for each entry of a watch history, of likes or of favourites in a personal data export. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

listed_tiktoks as (
    select {{ disguised({'file': 'text', 'tiktok_id': 'id'}, names) }}
    from {{ ref('stg_imports__listed_tiktoks') }}
),

merged_tiktoks as (select * from {{ ref('int_tiktoks_merged') }})

select
    listed_tiktoks.file,
    listed_tiktoks.list,
    listed_tiktoks.position,
    listed_tiktoks.tiktok_id,
    listed_tiktoks.listed_at,
    merged_tiktoks.tiktok_id is not null as is_scraped
from listed_tiktoks
left join merged_tiktoks on listed_tiktoks.tiktok_id = merged_tiktoks.tiktok_id
