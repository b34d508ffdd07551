-- How much of a tuned figure is left on queries that the tuning has not seen?
-- One row for each tuning procedure: what it chooses on all queries, and each query judged by the choice made without
-- its fold. Then the systems, for comparison: nothing was chosen there.
with

leaderboard as (select * from {{ ref('leaderboard') }}),

compared as (
    select
        entry_id,
        entry_kind,
        evidence,
        in_sample_system_id,
        query_count,
        leading_metric,
        leading_value as in_sample,
        case
            when leading_metric = 'reciprocal_rank' then reciprocal_rank_out_of_sample
            else average_precision_out_of_sample
        end as out_of_sample,
        success_at_1 as success_at_1_in_sample,
        success_at_1_out_of_sample,
        position
    from leaderboard
)

select
    entry_id,
    entry_kind,
    evidence,
    in_sample_system_id,
    query_count,
    leading_metric,
    round(in_sample, 4) as in_sample,
    round(out_of_sample, 4) as out_of_sample,
    round(in_sample - out_of_sample, 4) as lost,
    round(success_at_1_in_sample, 4) as success_at_1_in_sample,
    round(success_at_1_out_of_sample, 4) as success_at_1_out_of_sample
from compared
order by entry_kind desc, position asc
