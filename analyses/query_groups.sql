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

query_groups as (
    select
        ablations.axis,
        case
            when ablations.axis = 'author'
                then
                    'author '
                    || lpad(
                        cast(dense_rank() over (partition by ablations.axis order by ablations.level) as varchar), 2, '0'
                    )
            else replace(ablations.level, '_', ' ')
        end as query_group,
        ablations.query_count,
        ablations.value,
        ablations.ci_low,
        ablations.ci_high,
        ablations.difference,
        ablations.difference_ci_low,
        ablations.difference_ci_high,
        ablations.metric,
        ablations.system_id
    from ablations
    inner join best_system
        on ablations.system_id = best_system.system_id and ablations.metric = best_system.leading_metric
    where ablations.axis in ('query attribute', 'query length', 'author')
)

select * from query_groups
order by axis desc, query_group asc
