{# One row for each readable line of a journal: an attempt at one part of one TikTok. #}
with

attempts as (select * from {{ ref('stg_journals__attempts') }})

select * from attempts
