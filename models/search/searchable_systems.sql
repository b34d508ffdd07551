{# One row for each retrieval system, with all that the search functions need to know of it. #}
with

systems as (select * from {{ ref('systems') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

weightings as (select * from {{ ref('int_weightings_selected') }}),

document_lengths as (select * from {{ ref('int_document_lengths') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

fields as (
    select
        field,
        cast(row_number() over (order by field) as integer) as field_number
    from (select distinct field from {{ ref('field_weights') }}) as field_names
),

field_lists as (select string_agg(field, ' ' order by field_number) as field_names from fields),

weighting_ids as (
    select
        index_id,
        field_weights_id,
        count(*) as document_count,
        sum(document_length) / count(*) as mean_document_length
    from document_lengths
    group by index_id, field_weights_id
),

weighting_lists as (
    select
        weighting_ids.index_id,
        weighting_ids.field_weights_id,
        weighting_ids.document_count,
        weighting_ids.mean_document_length,
        {{ ordered_list('weightings.weight', 'fields.field_number') }} as weights,
        {{ ordered_list('weightings.b', 'fields.field_number') }} as field_bs,
        {{ ordered_list('weightings.mean_length', 'fields.field_number') }} as field_mean_lengths
    from weighting_ids
    cross join fields
    left join weightings
        on
            weighting_ids.index_id = weightings.index_id
            and weighting_ids.field_weights_id = weightings.field_weights_id
            and fields.field = weightings.field
    group by
        weighting_ids.index_id,
        weighting_ids.field_weights_id,
        weighting_ids.document_count,
        weighting_ids.mean_document_length
),

systems_described as (
    select
        systems.system_id,
        case
            when systems.index_id is null then 'its ranking was made elsewhere and only read'
            when indexes.stemmer is not null then 'its words are stemmed in Python'
            when systems.formula not in ('{{ searchable_formulas() | join("', '") }}')
                then 'its formula weighs more than the terms that query and document share'
        end as refusal,
        systems.index_id,
        systems.field_weights_id,
        indexes.scheme,
        indexes.cleaning,
        indexes.unit,
        indexes.ngram_size,
        systems.formula,
        systems.k1,
        systems.b,
        systems.delta,
        weighting_lists.document_count,
        weighting_lists.mean_document_length,
        field_lists.field_names,
        weighting_lists.weights,
        weighting_lists.field_bs,
        weighting_lists.field_mean_lengths,
        leaderboard.position,
        systems.is_default
    from systems
    cross join field_lists
    left join indexes on systems.index_id = indexes.index_id
    left join weighting_lists
        on
            systems.index_id = weighting_lists.index_id
            and systems.field_weights_id = weighting_lists.field_weights_id
    left join leaderboard
        on
            systems.system_id = leaderboard.entry_id
            and leaderboard.entry_kind = 'system'
),

searchable_systems as (
    select
        system_id,
        refusal,
        row_number() over (
            order by
                case when refusal is null then 0 else 1 end,
                case when position is null then 1 else 0 end,
                position,
                case when is_default then 0 else 1 end,
                system_id
        ) = 1 and refusal is null as is_best,
        index_id,
        field_weights_id,
        scheme,
        cleaning,
        unit,
        ngram_size,
        formula,
        k1,
        b,
        delta,
        document_count,
        mean_document_length,
        field_names,
        weights,
        field_bs,
        field_mean_lengths
    from systems_described
)

select * from searchable_systems
