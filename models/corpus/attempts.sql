{# One row for each readable line of a journal: an attempt at one part of one TikTok. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

attempts as (select * from {{ ref('stg_journals__attempts') }})

select {{ disguised({'tiktok_id': 'id', 'reason': 'text', 'text': 'text', 'input_sha256': 'link'}, names) }}
from attempts
