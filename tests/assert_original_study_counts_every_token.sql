{# Every position of every text is counted once, in its field group: no counter of the original study's has run over. #}
{{ config(enabled=var('original_study')) }}
with

texts as (
    select
        field_group,
        length(cleaned_text) as text_length
    from {{ ref('int_original_study_texts') }}
    where not is_query
),

expected_counts as (
    {% for ngram_size in original_study_ngram_sizes() if ngram_size > 0 -%}
    select
        {% for group in field_groups_of(15) -%}
        sum(
            case when field_group = {{ group }} then greatest(text_length - {{ ngram_size }} + 1, 0) else 0 end
        ) as tokens_{{ group }},
        {% endfor -%}
        {{ ngram_size }} as ngram_size
    from texts
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counts as (
    select
        {% for group in field_groups_of(15) -%}
        sum(frequency_{{ group }}) as tokens_{{ group }},
        {% endfor -%}
        ngram_size
    from {{ ref('int_original_study_postings') }}
    group by ngram_size
)

select
    expected_counts.*,
    counts.ngram_size as counted_ngram_size
from expected_counts
left join counts on expected_counts.ngram_size = counts.ngram_size
where
    expected_counts.tokens_1 <> coalesce(counts.tokens_1, 0)
    or expected_counts.tokens_2 <> coalesce(counts.tokens_2, 0)
    or expected_counts.tokens_4 <> coalesce(counts.tokens_4, 0)
    or expected_counts.tokens_8 <> coalesce(counts.tokens_8, 0)
