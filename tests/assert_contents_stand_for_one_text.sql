{# A content that stood for two texts would give one of them the tokens of the other, build after build. #}
with

texts as (select * from {{ ref('int_texts_collected') }})

select
    content_id,
    count(distinct raw_text) as texts
from texts
group by content_id
having count(distinct raw_text) > 1
