-- Which system brings the video back, and how sure is that?
with

leaderboard as (select * from {{ ref('leaderboard') }}),

entries as (
    select
        position,
        entry_id,
        entry_kind,
        in_sample_system_id,
        query_count,
        leading_metric,
        leading_value,
        leading_value_ci_low,
        leading_value_ci_high,
        case leading_metric
            when 'reciprocal_rank' then reciprocal_rank_out_of_sample else average_precision_out_of_sample
        end as value_out_of_sample,
        success_at_1,
        success_at_8,
        median_target_rank,
        description
    from leaderboard
)

select * from entries
order by position
