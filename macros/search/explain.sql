{# explain(query, doc_id, ...): what each term of the query adds to the score of one document, field by field. #}
{% macro explain_function(systems) -%}
    create or replace macro explain(query, doc_id, system := null) as table
    with

    {{ query_terms(systems, asked=["cast(doc_id as varchar) as asked_id"]) }},

    {{ asked_document() }},

    {{ occurrences() }},

    document_occurrences as (
        select occurrences.*
        from occurrences
        inner join asked_document as documents on occurrences.document_number = documents.document_number
        where occurrences.term_frequency is not null
    ),

    term_documents as (
        select
            occurrences.term_key,
            sum(occurrences.term_frequency) as term_frequency,
            any_value(occurrences.document_frequency) as document_frequency,
            any_value(occurrences.collection_frequency) as collection_frequency
        from document_occurrences as occurrences
        group by occurrences.term_key
    )

    select
        occurrences.term,
        chosen.field_names[occurrences.field_number] as field,
        occurrences.occurrence_count as term_frequency,
        occurrences.document_frequency,
        {{ formula_cases('idf', systems, search_statistics()) }} as idf,
        occurrences.query_term_frequency
        * {{ formula_cases('weight', systems, search_statistics()) }}
        * occurrences.term_frequency / term_documents.term_frequency as contribution
    from document_occurrences as occurrences
    inner join term_documents on occurrences.term_key = term_documents.term_key
    cross join chosen
    cross join asked_document as documents
    order by contribution desc, term, field
{%- endmacro %}
