{# One row for each system, query and term of the query that its index has: what the term weighs in the query. #}
{{ config(materialized='view') }}

{%- set statistics = {
    'query_term_frequency': 'query_terms.query_term_frequency',
    'mean_query_term_frequency': 'query_statistics.mean_query_term_frequency',
    'largest_query_term_frequency': 'query_statistics.largest_query_term_frequency',
    'document_frequency': 'query_terms.document_frequency',
    'document_count': 'collection.document_count',
    'query_norm': 'query_norms.query_norm',
    'notation': 'systems.notation',
} %}
with

systems as (select * from {{ ref('systems') }}),

query_terms as (select * from {{ ref('int_query_terms') }}),

collection as (select count(*) as document_count from {{ ref('documents') }}),

query_statistics as (
    select
        index_id,
        query_number,
        sum(query_term_frequency) as query_length,
        avg(query_term_frequency) as mean_query_term_frequency,
        max(query_term_frequency) as largest_query_term_frequency
    from query_terms
    group by index_id, query_number
),

query_norms as (
    select
        systems.system_number,
        query_terms.query_number,
        {{ smart_norm(
            'substring(systems.notation, 7, 1)',
            'sqrt(sum(power(' ~ unnormalised_query_weight_tf_idf(statistics) ~ ', 2)))',
            'count(*)',
        ) }} as query_norm
    from systems
    inner join query_terms on systems.index_id = query_terms.index_id
    inner join query_statistics
        on
            query_terms.index_id = query_statistics.index_id
            and query_terms.query_number = query_statistics.query_number
    cross join collection
    where systems.notation is not null
    group by systems.system_number, systems.notation, query_terms.query_number
),

query_weights as (
    select
        systems.system_number,
        query_terms.query_number,
        query_terms.term_id,
        query_statistics.query_length,
        {{ query_weight('systems.formula', statistics) }} as query_weight
    from systems
    inner join query_terms on systems.index_id = query_terms.index_id
    inner join query_statistics
        on
            query_terms.index_id = query_statistics.index_id
            and query_terms.query_number = query_statistics.query_number
    cross join collection
    left join query_norms
        on
            systems.system_number = query_norms.system_number
            and query_terms.query_number = query_norms.query_number
)

select * from query_weights
