{#
    Whether a measure is one of the few that comparisons, cross-validation and the leaderboard look at. Whichever says
    nothing of its own for known items (average precision is their reciprocal rank) is left out by `leading_metric`.
#}
{% macro is_main_measure(metric, cutoff) -%}
    (
        {{ metric }} in ('reciprocal_rank', 'target_rank', 'average_precision')
        or {{ metric }} = 'success'
        or ({{ metric }} = 'ndcg' and {{ cutoff }} = 10)
        or ({{ metric }} = 'precision' and {{ cutoff }} = 10)
        or ({{ metric }} = 'recall' and {{ cutoff }} = 100)
    )
{%- endmacro %}

{#
    The measure by which systems are chosen and listed: reciprocal rank where no query has more than one relevant
    document (known items), else average precision.
#}
{% macro leading_metric(largest_relevant_count) -%}
    case when {{ largest_relevant_count }} > 1 then 'average_precision' else 'reciprocal_rank' end
{%- endmacro %}
