-- Which words does a field have more often than the other fields?
-- One row for each field and its ten most distinctive words, by the log odds ratio with a prior (Monroe and others,
-- 2008).
with

postings as (
    select *
    from {{ ref('postings') }}
    where tokenizer_id = 'words'
),

terms as (select * from {{ ref('int_terms_numbered') }}),

group_frequencies as (
    select
        field,
        term_id,
        sum(term_frequency) as frequency
    from postings
    group by field, term_id
),

{{ distinctive_terms('field') }}

select *
from distinctive_terms
order by field, place
