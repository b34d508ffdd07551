{# One row for each n-gram size and document, with the squared length of its vector by each field set and weighting. #}
with

postings as (select * from {{ ref('int_original_study_postings') }}),

terms as (select * from {{ ref('int_original_study_terms') }}),

documents as (select count(*) as document_count from {{ ref('documents') }}),

{# Weights are squared here, where there is a row for each term, and not below, where there is one for each posting; a
   product costs a tenth of power(weight, 2). #}
squared_collection_weights as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for collection_weight in ['f', 'p'] -%}
        {% set document_frequency = 'terms.document_frequency_' ~ field_set -%}
        {% set weight -%}
        {{ original_study_collection_weight(collection_weight, document_frequency, 'documents.document_count') }}
        {%- endset -%}
        ({{ weight }}) * ({{ weight }}) as {{ collection_weight }}_{{ field_set }},
        {% endfor -%}
        {% endfor -%}
        terms.ngram_size,
        terms.term
    from terms
    cross join documents
),

squared_term_weights as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for term_weight in ['b', 't'] -%}
        {% set weight = original_study_term_weight(term_weight, field_set) -%}
        {{ weight }} * {{ weight }} as {{ term_weight }}_{{ field_set }},
        {% endfor -%}
        {% endfor -%}
        ngram_size,
        document_number,
        term
    from postings
),

lengths as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for term_weight, collection_weight in original_study_weightings() -%}
        sum(
            squared_term_weights.{{ term_weight }}_{{ field_set }}
            {%- if collection_weight != 'x' %}
            * squared_collection_weights.{{ collection_weight }}_{{ field_set }}
            {%- endif %}
        ) as squared_length_{{ field_set }}_{{ term_weight }}_{{ collection_weight }},
        {% endfor -%}
        {% endfor -%}
        squared_term_weights.ngram_size,
        squared_term_weights.document_number
    from squared_term_weights
    inner join squared_collection_weights
        on
            squared_term_weights.ngram_size = squared_collection_weights.ngram_size
            and squared_term_weights.term = squared_collection_weights.term
    group by squared_term_weights.ngram_size, squared_term_weights.document_number
)

select * from lengths
