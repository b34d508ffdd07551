-- How far do the judges of pooled results agree?
-- One row: questions that two judges or more answered with yes or no, the share of pairs of judges who agree, and
-- Krippendorff's alpha for nominal data (Computing Krippendorff's Alpha-Reliability, 2011): 1 is full agreement, 0 what
-- chance would give, null where only one answer ever occurs. Any number of judges may have answered a question.
with

judged as (
    select
        *,
        yes_count + no_count as answer_count
    from {{ ref('pooled_judgements') }}
    where yes_count + no_count >= 2
),

sums as (
    select
        count(*) as questions,
        coalesce(sum(answer_count), 0) as answers,
        sum(yes_count) as yes_answers,
        sum(no_count) as no_answers,
        sum(answer_count * (answer_count - 1) / 2) as pairs,
        sum(yes_count * no_count) as disagreeing_pairs,
        sum(2.0 * yes_count * no_count / (answer_count - 1)) as observed_disagreement
    from judged
)

select
    questions,
    answers,
    round(1 - disagreeing_pairs / nullif(pairs, 0), 4) as agreeing_share,
    round(1 - observed_disagreement / nullif(2.0 * yes_answers * no_answers / nullif(answers - 1, 0), 0), 4) as alpha
from sums
