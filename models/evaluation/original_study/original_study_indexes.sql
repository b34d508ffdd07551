{# One row for each index of the original study. #}
with

settings as (select * from {{ ref('original_study_index_settings') }}),

terms as (select * from {{ ref('int_original_study_terms') }}),

published_indexes as (
    select * from {{ ref('stg_original__published_indexes') }}
    where problem is null
),

vocabularies as (
    select
        {% for field_set in original_study_field_sets() -%}
        count(case when document_frequency_{{ field_set }} > 0 then 1 end) as terms_{{ field_set }},
        {% endfor -%}
        ngram_size
    from terms
    group by ngram_size
),

{# An attributed index holds a term once for each group that has it. #}
vocabulary_sizes as (
    select
        settings.*,
        case
            when settings.attributed
                then
                    vocabularies.terms_1
                    + case when settings.speech then vocabularies.terms_2 else 0 end
                    + case when settings.cover_text then vocabularies.terms_4 else 0 end
                    + case when settings.comments then vocabularies.terms_8 else 0 end
            else
                case {{ original_study_field_set_of('settings') }}
                    {% for field_set in original_study_index_sets() -%}
                    when {{ field_set }} then vocabularies.terms_{{ field_set }}
                    {% endfor -%}
                end
        end as vocabulary_size
    from settings
    left join vocabularies on coalesce(settings.ngram_size, 0) = vocabularies.ngram_size
),

original_study_indexes as (
    select
        vocabulary_sizes.index_id,
        vocabulary_sizes.ngram_size,
        vocabulary_sizes.speech,
        vocabulary_sizes.cover_text,
        vocabulary_sizes.comments,
        vocabulary_sizes.attributed,
        cast(coalesce(vocabulary_sizes.vocabulary_size, 0) as integer) as vocabulary_size,
        published_indexes.vocabulary_size as published_vocabulary_size
    from vocabulary_sizes
    left join published_indexes on vocabulary_sizes.index_id = published_indexes.index_id
)

select * from original_study_indexes
