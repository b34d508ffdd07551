{# contributions(...): one row for each term of the system's index, document and field, with what the term adds to the
   document's score there for each time that the query has it: whoever sums them has the scores of search(). #}
{% macro contributions_function(systems) -%}
    create or replace macro contributions(system := null) as table
    with

    {{ chosen_system(systems, query='null') }},

    query_terms as (
        select
            terms.term,
            {{ term_key('terms.index_id', 'terms.term') }} as term_key,
            1 as query_term_frequency
        from search_index.terms as terms
        inner join chosen on terms.index_id = chosen.index_id
    ),

    {{ occurrences() }},

    weighed_occurrences as (
        select occurrences.*
        from occurrences
        where occurrences.term_frequency is not null
    ),

    term_documents as (
        select
            occurrences.term_key,
            occurrences.document_number,
            sum(occurrences.term_frequency) as term_frequency,
            any_value(occurrences.document_frequency) as document_frequency,
            any_value(occurrences.collection_frequency) as collection_frequency
        from weighed_occurrences as occurrences
        group by occurrences.term_key, occurrences.document_number
    ),

    document_weights as (
        select
            term_documents.term_key,
            term_documents.document_number,
            term_documents.term_frequency,
            documents.doc_id,
            {{ formula_cases('idf', systems, search_statistics()) }} as idf,
            {{ formula_cases('weight', systems, search_statistics()) }} as weight
        from term_documents
        inner join search.searchable_documents as documents
            on term_documents.document_number = documents.document_number
        cross join chosen
    )

    select
        occurrences.term,
        document_weights.doc_id,
        chosen.field_names[occurrences.field_number] as field,
        occurrences.occurrence_count as term_frequency,
        occurrences.document_frequency,
        document_weights.idf,
        document_weights.weight * occurrences.term_frequency / document_weights.term_frequency as contribution
    from weighed_occurrences as occurrences
    inner join document_weights
        on
            occurrences.term_key = document_weights.term_key
            and occurrences.document_number = document_weights.document_number
    cross join chosen
    order by occurrences.term, document_weights.document_number, field
{%- endmacro %}
