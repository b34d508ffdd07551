{# One row for each query that can be judged or, of a text collection, at least be run. #}
select
    query_id,
    query_text,
    author,
    source,
    useful_description,
    comments_on_topic,
    purely_visual,
    important_lyrics,
    subtextual
from {{ ref('int_queries_submitted') }}
where reason is null
