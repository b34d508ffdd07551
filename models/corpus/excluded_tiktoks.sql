{# One row for each scraped TikTok that is not in the corpus. #}
with

judged_tiktoks as (select * from {{ ref('int_tiktoks_judged') }})

select
    tiktok_id,
    excluded_reason as reason
from judged_tiktoks
where excluded_reason is not null
