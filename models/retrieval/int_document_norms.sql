{# One row for each system whose formula divides by a document's norm and document with at least one token. #}
with

systems as (select * from {{ ref('systems') }}),

postings as (select * from {{ ref('postings') }}),

terms as (select * from {{ ref('terms') }}),

weightings as (select * from {{ ref('int_weightings_selected') }}),

collection as (select count(*) as document_count from {{ ref('documents') }}),

normed_systems as (
    select *
    from systems
    where notation is not null
),

normed_indexes as (
    select distinct
        index_id,
        field_weights_id
    from normed_systems
),

document_terms as (
    select
        weightings.index_id,
        weightings.field_weights_id,
        postings.term_id,
        postings.document_number,
        sum(weightings.weight * postings.term_frequency) as term_frequency
    from normed_indexes
    inner join weightings
        on
            normed_indexes.index_id = weightings.index_id
            and normed_indexes.field_weights_id = weightings.field_weights_id
    inner join postings
        on
            weightings.tokenizer_id = postings.tokenizer_id
            and weightings.field = postings.field
    group by weightings.index_id, weightings.field_weights_id, postings.term_id, postings.document_number
),

document_statistics as (
    select
        index_id,
        field_weights_id,
        document_number,
        count(*) as distinct_terms,
        avg(term_frequency) as mean_term_frequency,
        max(term_frequency) as largest_term_frequency
    from document_terms
    group by index_id, field_weights_id, document_number
),

vectors as (
    select
        normed_systems.system_number,
        document_terms.document_number,
        sqrt(sum(power(
            {{ smart_term_frequency(
                'substring(normed_systems.notation, 1, 1)',
                'document_terms.term_frequency',
                'document_statistics.mean_term_frequency',
                'document_statistics.largest_term_frequency',
            ) }}
            * {{ smart_idf(
                'substring(normed_systems.notation, 2, 1)',
                'collection.document_count',
                'terms.document_frequency',
            ) }},
            2
        ))) as vector_length
    from document_terms
    inner join document_statistics
        on
            document_terms.index_id = document_statistics.index_id
            and document_terms.field_weights_id = document_statistics.field_weights_id
            and document_terms.document_number = document_statistics.document_number
    inner join terms
        on
            document_terms.index_id = terms.index_id
            and document_terms.term_id = terms.term_id
    inner join normed_systems
        on
            document_terms.index_id = normed_systems.index_id
            and document_terms.field_weights_id = normed_systems.field_weights_id
    cross join collection
    group by normed_systems.system_number, document_terms.document_number
),

norms as (
    select
        normed_systems.system_number,
        vectors.document_number,
        normed_systems.b as slope,
        document_statistics.mean_term_frequency,
        document_statistics.largest_term_frequency,
        {{ smart_norm(
            'substring(normed_systems.notation, 3, 1)',
            'vectors.vector_length',
            'document_statistics.distinct_terms',
        ) }} as norm
    from normed_systems
    inner join vectors on normed_systems.system_number = vectors.system_number
    inner join document_statistics
        on
            normed_systems.index_id = document_statistics.index_id
            and normed_systems.field_weights_id = document_statistics.field_weights_id
            and vectors.document_number = document_statistics.document_number
),

{# Empty documents count in the mean, as in that of the lengths. #}
mean_norms as (
    select
        norms.system_number,
        sum(norms.norm) / collection.document_count as mean_norm
    from norms
    cross join collection
    group by norms.system_number, collection.document_count
),

document_norms as (
    select
        norms.system_number,
        norms.document_number,
        norms.mean_term_frequency,
        norms.largest_term_frequency,
        {{ pivoted_norm('norms.norm', 'mean_norms.mean_norm', 'norms.slope') }} as document_norm
    from norms
    inner join mean_norms on norms.system_number = mean_norms.system_number
)

select * from document_norms
