-- Which words does a field have more often than the other fields?
-- One row for each field and its ten most distinctive words, by the log odds ratio with a prior (Monroe and others,
-- 2008).
{%- set prior_total = 1000 %}
{%- set words_of_a_group = 10 %}
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

group_totals as (
    select
        field,
        sum(frequency) as total
    from group_frequencies
    group by field
),

collection_frequencies as (
    select
        term_id,
        sum(term_frequency) as frequency
    from postings
    group by term_id
),

collection as (
    select sum(frequency) as total
    from collection_frequencies
),

scored as (
    select
        group_frequencies.field,
        terms.term,
        group_frequencies.frequency,
        collection_frequencies.frequency - group_frequencies.frequency as other_frequency,
        {{ distinctiveness(
            'group_frequencies.frequency',
            'group_totals.total',
            '(collection_frequencies.frequency - group_frequencies.frequency)',
            '(collection.total - group_totals.total)',
            '(' ~ prior_total ~ '.0 * collection_frequencies.frequency / collection.total)',
            prior_total,
        ) }} as z_score
    from group_frequencies
    inner join group_totals on group_frequencies.field = group_totals.field
    inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
    inner join terms on group_frequencies.term_id = terms.term_id
    cross join collection
),

ranked as (
    select
        field,
        row_number() over (partition by field order by z_score desc, term asc) as place,
        term,
        cast(frequency as bigint) as frequency,
        cast(other_frequency as bigint) as other_frequency,
        round(z_score, 3) as z_score
    from scored
)

select *
from ranked
where place <= {{ words_of_a_group }}
order by field, place
