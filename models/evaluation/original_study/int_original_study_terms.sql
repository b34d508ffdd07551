{# One row for each n-gram size and term, with its document frequency in each set of field groups. #}
with

postings as (select * from {{ ref('int_original_study_postings') }}),

{# The groups of a document that have the term, as one number: every set's document frequency follows from it. #}
group_counts as (
    select
        ngram_size,
        term,
        {% for group in field_groups_of(15) -%}
        {{ '+ ' if not loop.first }}case when frequency_{{ group }} > 0 then {{ group }} else 0 end
        {% endfor -%}
        as present_groups,
        count(*) as document_count
    from postings
    group by ngram_size, term, present_groups
),

terms as (
    select
        ngram_size,
        term,
        {% for field_set in original_study_field_sets() -%}
        cast(
            sum(case when present_groups & {{ field_set }} > 0 then document_count else 0 end) as integer
        ) as document_frequency_{{ field_set }}{{ ',' if not loop.last }}
        {% endfor %}
    from group_counts
    group by ngram_size, term
)

select * from terms
