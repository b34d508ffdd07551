{# One row for each system, query, top result, query term and field: what the term in that field adds to the score. #}
with

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

systems as (select * from {{ ref('systems') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

documents as (select * from {{ ref('documents') }}),

query_weights as (select * from {{ ref('int_query_weights') }}),

term_weights as (select * from {{ ref('int_term_weights') }}),

field_occurrences as (select * from {{ ref('int_field_occurrences') }}),

terms as (select * from {{ ref('terms') }}),

top_results as (
    select
        systems.system_id,
        systems.system_number,
        systems.index_id,
        systems.field_weights_id,
        systems.formula,
        queries.query_id,
        queries.query_number,
        documents.doc_id,
        documents.document_number,
        documents_ranked.document_part
    from documents_ranked
    inner join systems on documents_ranked.system_id = systems.system_id
    inner join queries on documents_ranked.query_id = queries.query_id
    inner join documents on documents_ranked.doc_id = documents.doc_id
    where
        documents_ranked.rank <= {{ var('explained_depth') }}
        and systems.index_id is not null
),

term_contributions as (
    select
        top_results.system_id,
        top_results.query_id,
        top_results.doc_id,
        terms.term,
        field_occurrences.field,
        field_occurrences.occurrences as term_frequency,
        term_weights.document_frequency,
        term_weights.idf,
        query_weights.query_weight
        * term_weights.weight
        * {{ field_share(
            'top_results.formula',
            'field_occurrences.term_frequency',
            'field_occurrences.normalised_term_frequency',
            'top_results.system_number, top_results.query_number, top_results.document_number, query_weights.term_id',
        ) }} as contribution
    from top_results
    inner join query_weights
        on
            top_results.system_number = query_weights.system_number
            and top_results.query_number = query_weights.query_number
    inner join term_weights
        on
            top_results.system_number = term_weights.system_number
            and top_results.document_number = term_weights.document_number
            and query_weights.term_id = term_weights.term_id
    inner join field_occurrences
        on
            top_results.index_id = field_occurrences.index_id
            and top_results.field_weights_id = field_occurrences.field_weights_id
            and top_results.document_number = field_occurrences.document_number
            and query_weights.term_id = field_occurrences.term_id
    inner join terms
        on
            top_results.index_id = terms.index_id
            and query_weights.term_id = terms.term_id
),

explanations as (
    select * from term_contributions
    union all
    select
        system_id,
        query_id,
        doc_id,
        null as term,
        null as field,
        null as term_frequency,
        null as document_frequency,
        null as idf,
        document_part as contribution
    from top_results
    where document_part is not null
)

select * from explanations
