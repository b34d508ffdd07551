{# One row for each n-gram size and term, with its document frequency in each set of field groups. #}
with

postings as (select * from {{ ref('int_original_study_postings') }}),

{# The groups of a document that have the term, as one number: every set's document frequency follows from it. #}
group_counts as (
    select
        ngram_size,
        term,
        case when frequency_1 > 0 then 1 else 0 end
        + case when frequency_2 > 0 then 2 else 0 end
        + case when frequency_4 > 0 then 4 else 0 end
        + case when frequency_8 > 0 then 8 else 0 end as present_groups,
        count(*) as document_count
    from postings
    group by ngram_size, term, present_groups
),

terms as (
    select
        {% for field_set in original_study_field_sets() -%}
        cast(
            sum(case when present_groups & {{ field_set }} > 0 then document_count else 0 end) as integer
        ) as document_frequency_{{ field_set }},
        {% endfor -%}
        ngram_size,
        term
    from group_counts
    group by ngram_size, term
)

select * from terms
