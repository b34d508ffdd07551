{# One row for each n-gram size and document, with the squared length of its vector by each field set and weighting. #}
with

postings as (select * from {{ ref('int_original_study_postings') }}),

terms as (select * from {{ ref('int_original_study_terms') }}),

documents as (select count(*) as document_count from {{ ref('documents') }}),

collection_weights as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for collection_weight in ['f', 'p'] -%}
        {% set document_frequency = 'terms.document_frequency_' ~ field_set -%}
        {{ original_study_collection_weight(collection_weight, document_frequency, 'documents.document_count') }}
            as {{ collection_weight }}_{{ field_set }},
        {% endfor -%}
        {% endfor -%}
        terms.ngram_size,
        terms.term
    from terms
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

lengths as (
    select
        {% for field_set in original_study_field_sets() -%}
        {% for term_weight, collection_weight in original_study_weightings() -%}
        {% set weight -%}
        term_weights.{{ term_weight }}_{{ field_set }}
            {%- if collection_weight != 'x' %} * collection_weights.{{ collection_weight }}_{{ field_set }}{% endif -%}
        {% endset -%}
        {# a product costs a tenth of power(weight, 2) #}
        sum({{ weight }} * {{ weight }}) as squared_length_{{ field_set }}_{{ term_weight }}_{{ collection_weight }},
        {% endfor -%}
        {% endfor -%}
        term_weights.ngram_size,
        term_weights.document_number
    from term_weights
    inner join collection_weights
        on
            term_weights.ngram_size = collection_weights.ngram_size
            and term_weights.term = collection_weights.term
    group by term_weights.ngram_size, term_weights.document_number
)

select * from lengths
