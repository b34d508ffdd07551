{# Where no judged document shares its score with another, random order of ties changes nothing. #}
with

query_metrics as (select * from {{ ref('query_metrics') }}),

tied as (
    select distinct
        system_id,
        query_id
    from {{ ref('int_judged_documents_ranked') }}
    where tied_low < tied_high
),

untied as (
    select query_metrics.*
    from query_metrics
    left join tied
        on query_metrics.system_id = tied.system_id and query_metrics.query_id = tied.query_id
    where tied.query_id is null
)

select
    by_rule.system_id,
    by_rule.query_id,
    by_rule.metric,
    by_rule.cutoff,
    by_rule.value,
    expected.value as expected_value
from untied as by_rule
inner join untied as expected
    on
        by_rule.system_id = expected.system_id
        and by_rule.query_id = expected.query_id
        and 'expected_' || by_rule.metric = expected.metric
        and by_rule.cutoff is not distinct from expected.cutoff
where abs(by_rule.value - expected.value) > 1e-9
