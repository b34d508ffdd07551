{# One row for each system, term of some query and document that has it: the term's weight, for one occurrence of the
   term in the query. #}
{{ config(materialized='view') }}

{%- set statistics = term_statistics('term_documents', 'systems', 'document_norms') %}
with

systems as (select * from {{ ref('systems') }}),

term_documents as (select * from {{ ref('int_term_documents') }}),

document_norms as (select * from {{ ref('int_document_norms') }}),

term_weights as (
    select
        systems.system_number,
        term_documents.index_id,
        term_documents.term_id,
        term_documents.document_number,
        term_documents.document_frequency,
        {{ term_idf('systems.formula', statistics) }} as idf,
        {{ term_weight('systems.formula', statistics) }} as weight
    from term_documents
    inner join systems
        on
            term_documents.index_id = systems.index_id
            and term_documents.field_weights_id = systems.field_weights_id
    left join document_norms
        on
            systems.system_number = document_norms.system_number
            and term_documents.document_number = document_norms.document_number
)

select * from term_weights
