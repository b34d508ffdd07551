{# What the terms and fields of a result contribute sums to its score; every top result of our systems is explained. #}
with

contributions as (
    select
        system_id,
        query_id,
        doc_id,
        sum(contribution) as score
    from {{ ref('explanations') }}
    group by system_id, query_id, doc_id
)

select
    runs.*,
    contributions.score as explained_score
from {{ ref('runs') }} as runs
inner join {{ ref('systems') }} as systems on runs.system_id = systems.system_id
left join contributions
    on
        runs.system_id = contributions.system_id
        and runs.query_id = contributions.query_id
        and runs.doc_id = contributions.doc_id
where
    runs.rank <= least({{ var('explained_depth') }}, {{ var('kept_depth') }})
    and systems.index_id is not null
    and (contributions.score is null or abs(runs.score - contributions.score) > 1e-9)
