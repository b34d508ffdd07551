{# Every ranker names a formula that macros/ranking has, and none gives a null or negative weight. #}
select
    rankers.ranker_id as offender,
    'no macro weight_' || rankers.formula || ' in macros/ranking' as problem
from {{ ref('rankers') }} as rankers
where rankers.formula not in ('{{ ranking_formulas() | join("', '") }}')
union all
select
    systems.system_id as offender,
    'null or negative weight or idf' as problem
from {{ ref('int_term_weights') }} as term_weights
inner join {{ ref('systems') }} as systems on term_weights.system_number = systems.system_number
where
    term_weights.weight is null
    or term_weights.weight < 0
    or term_weights.idf < 0
