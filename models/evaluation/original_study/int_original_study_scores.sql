{# One row for each n-gram size, known-item query and document that shares a term, with its score by each field set and
   weighting. #}
with

postings as (select * from {{ ref('int_original_study_postings') }}),

terms as (select * from {{ ref('int_original_study_terms') }}),

documents as (select count(*) as document_count from {{ ref('documents') }}),

known_items as (select * from {{ ref('int_original_study_known_items') }}),

query_tokens as (
    {{ original_study_tokens(ref('int_original_study_texts'), ['text_number'], 'is_query') }}
),

query_terms as (
    select distinct
        query_tokens.ngram_size,
        query_tokens.text_number as query_number,
        query_tokens.term
    from query_tokens
    inner join known_items on query_tokens.text_number = known_items.query_number
    where query_tokens.term <> ''
),

query_term_weights as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for collection_weight in ['f', 'p'] -%}
        {% set document_frequency = 'terms.document_frequency_' ~ field_set -%}
        {{ original_study_collection_weight(collection_weight, document_frequency, 'documents.document_count') }}
            as {{ collection_weight }}_{{ field_set }},
        {% endfor -%}
        {% endfor -%}
        query_terms.ngram_size,
        query_terms.query_number,
        query_terms.term
    from query_terms
    inner join terms
        on
            query_terms.ngram_size = terms.ngram_size
            and query_terms.term = terms.term
    cross join documents
),

term_weights as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for term_weight in ['b', 't'] -%}
        {{ original_study_term_weight(term_weight, field_set) }} as {{ term_weight }}_{{ field_set }},
        {% endfor -%}
        {% endfor -%}
        ngram_size,
        document_number,
        term
    from postings
),

scores as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for term_weight, collection_weight in original_study_weightings() -%}
        sum(
            term_weights.{{ term_weight }}_{{ field_set }}
            {%- if collection_weight != 'x' %} * query_term_weights.{{ collection_weight }}_{{ field_set }}{% endif %}
        ) as score_{{ field_set }}_{{ term_weight }}_{{ collection_weight }},
        {% endfor -%}
        {% endfor -%}
        query_term_weights.ngram_size,
        query_term_weights.query_number,
        term_weights.document_number
    from query_term_weights
    inner join term_weights
        on
            query_term_weights.ngram_size = term_weights.ngram_size
            and query_term_weights.term = term_weights.term
    group by query_term_weights.ngram_size, query_term_weights.query_number, term_weights.document_number
)

select * from scores
