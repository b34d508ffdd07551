{# explain(query, doc_id, ...): what each term of the query adds to the score of one document, field by field. #}
{% macro explain_function() -%}
    create or replace macro explain(query, doc_id, system := null) as table
    with

    {{ query_terms() }},

    asked_document as (
        select documents.*
        from search.searchable_documents as documents
        where
            documents.doc_id = coalesce(
                (
                    select asked.doc_id
                    from search.searchable_documents as asked
                    where asked.doc_id = cast(doc_id as varchar)
                ),
                error(
                    'there is no document ''' || coalesce(cast(doc_id as varchar), 'null')
                    || ''': search.searchable_documents lists those that there are'
                )
            )
    ),

    {{ occurrences(documents='asked_document') }},

    term_documents as (
        select
            occurrences.term_key,
            sum(occurrences.term_frequency) as term_frequency,
            sum(occurrences.normalised_term_frequency) as normalised_term_frequency,
            any_value(occurrences.document_frequency) as document_frequency,
            any_value(occurrences.collection_frequency) as collection_frequency
        from occurrences
        group by occurrences.term_key
    )

    select
        occurrences.term,
        chosen.fields[occurrences.field_number] as field,
        occurrences.occurrence_count as term_frequency,
        occurrences.document_frequency,
        {{ searchable_term_idf('chosen.formula', search_statistics()) }} as idf,
        occurrences.query_term_frequency
        * {{ searchable_term_weight('chosen.formula', search_statistics()) }}
        * case
            when chosen.shares_are_normalised
                then occurrences.normalised_term_frequency / term_documents.normalised_term_frequency
            else occurrences.term_frequency / term_documents.term_frequency
        end as contribution
    from occurrences
    inner join term_documents on occurrences.term_key = term_documents.term_key
    cross join chosen
    cross join asked_document as documents
    order by contribution desc, term, field
{%- endmacro %}
