{# One warehouse holds one collection: TikToks, or the texts of collection/, not both. #}
select
    doc_id,
    'collection/ stands beside TikToks: give each its own TIKTOK_DATA' as problem
from {{ ref('stg_collection__documents') }}
where exists (select 1 from {{ ref('tiktoks') }})
