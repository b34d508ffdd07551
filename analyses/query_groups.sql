-- Are some kinds of queries, or some authors' queries, harder than others?
-- One row for each group of queries, under the best default system. Authors are numbered: a figure names nobody.
with

ablations as (select * from {{ ref('ablations') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

systems as (select * from {{ ref('systems') }}),

best_system as (
    select
        leaderboard.entry_id as system_id,
        leaderboard.leading_metric
    from leaderboard
    inner join systems on leaderboard.entry_id = systems.system_id
    where leaderboard.entry_kind = 'system' and systems.is_default
    order by leaderboard.position
    limit 1
),

numbered as (
    select
        *,
        cast(dense_rank() over (partition by axis order by level) as varchar) as level_number
    from ablations
    where axis in ('query attribute', 'query length', 'author')
),

query_groups as (
    select
        numbered.axis,
        case
            when numbered.axis = 'author' then 'author ' || lpad(numbered.level_number, 2, '0')
            else replace(numbered.level, '_', ' ')
        end as query_group,
        numbered.query_count,
        numbered.value,
        numbered.ci_low,
        numbered.ci_high,
        numbered.difference,
        numbered.difference_ci_low,
        numbered.difference_ci_high,
        numbered.metric,
        numbered.system_id
    from numbered
    inner join best_system
        on numbered.system_id = best_system.system_id and numbered.metric = best_system.leading_metric
)

select * from query_groups
order by axis desc, query_group asc
