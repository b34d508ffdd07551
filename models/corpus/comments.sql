{# One row for each comment or reply of a TikTok in the corpus. #}
with

merged_comments as (select * from {{ ref('int_comments_merged') }}),

tiktoks as (select tiktok_id from {{ ref('tiktoks') }})

select merged_comments.*
from merged_comments
inner join tiktoks on merged_comments.tiktok_id = tiktoks.tiktok_id
