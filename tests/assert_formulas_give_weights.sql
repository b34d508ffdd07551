{# Every ranker names a formula that macros/ranking has, and none gives a null or negative weight. #}
with

rankers as (select * from {{ ref('rankers') }}),

systems as (select * from {{ ref('systems') }}),

term_weights as (select * from {{ ref('int_term_weights') }})

select
    ranker_id as offender,
    'no macro weight_' || formula || ' in macros/ranking' as problem
from rankers
where formula not in ({{ "'" ~ ranking_formulas() | join("', '") ~ "'" }})
union all
select
    systems.system_id as offender,
    'null or negative weight or idf' as problem
from term_weights
inner join systems on term_weights.system_number = systems.system_number
where
    term_weights.weight is null
    or term_weights.weight < 0
    or term_weights.idf < 0
