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

weighting_ids as (
    select
        index_id,
        field_weights_id,
        count(*) as document_count,
        sum(document_length) / count(*) as mean_document_length,
        cast(row_number() over (order by index_id, field_weights_id) as integer) as length_number
    from document_lengths
    group by index_id, field_weights_id
),

weighting_lists as (
    select
        weighting_ids.index_id,
        weighting_ids.field_weights_id,
        weighting_ids.document_count,
        weighting_ids.mean_document_length,
        weighting_ids.length_number,
        array_agg(
            case when weightings.weight is not null then fields.field end order by fields.field_number
        ) as field_names,
        {{ ordered_list('weightings.weight', 'fields.field_number') }} as weights,
        {{ ordered_list('weightings.b', 'fields.field_number') }} as field_bs,
        {{ ordered_list('weightings.mean_length', 'fields.field_number') }} as field_mean_lengths
    from weighting_ids
    cross join fields
    left join weightings
        on
            weighting_ids.index_id = weightings.index_id
            and weighting_ids.field_weights_id = weightings.field_weights_id
            and fields.field = weightings.whole_field
    group by
        weighting_ids.index_id,
        weighting_ids.field_weights_id,
        weighting_ids.document_count,
        weighting_ids.mean_document_length,
        weighting_ids.length_number
),

systems_described as (
    select
        systems.system_id,
        case
            when systems.system_kind = 'fusion' then 'its ranking fuses those of other systems'
            when systems.index_id is null then 'its ranking was made elsewhere and only read'
            when indexes.stemmer is not null then 'its words are stemmed in Python'
            when indexes.split_hashtags then 'only a build can split a hashtag that no text has had yet'
            when
                systems.formula not in (
                    {%- for formula in searchable_formulas() %}
                    '{{ formula }}'{{ ',' if not loop.last }}
                    {%- endfor %}
                )
                then 'its formula weighs more than the terms that query and document share'
        end as refusal,
        systems.index_id,
        indexes.scheme,
        case indexes.cleaning
            {%- for cleaning, patterns in cleaning_patterns().items() %}
            when '{{ cleaning }}' then '{{ patterns.parting }}'
            {%- endfor %}
        end as parting_pattern,
        case indexes.cleaning
            {%- for cleaning, patterns in cleaning_patterns().items() %}
            when '{{ cleaning }}' then '{{ patterns.vanishing or '[^\\x00-\\x7F]' }}'
            {%- endfor %}
        end as vanishing_pattern,
        indexes.cleaning,
        indexes.unit <> 'ngram' as is_split,
        case indexes.unit when 'ngram' then indexes.ngram_size else 1 end as least_length,
        case indexes.unit when 'bounded_ngram' then '_' else '' end as edge,
        case indexes.unit when 'word' then 1000000 else indexes.ngram_size end as term_size,
        systems.formula,
        systems.k1,
        systems.b,
        systems.delta,
        systems.smoothing,
        weighting_lists.document_count,
        weighting_lists.mean_document_length,
        weighting_lists.length_number,
        weighting_lists.field_names,
        weighting_lists.weights,
        case
            when systems.formula = 'bm25f_zaragoza' then weighting_lists.field_bs
            else list_transform(weighting_lists.field_bs, lambda b: 0)
        end as field_bs,
        weighting_lists.field_mean_lengths,
        leaderboard.position,
        systems.is_default
    from systems
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
                case when is_default then 0 else 1 end,
                case when position is null then 1 else 0 end,
                position,
                system_id
        ) = 1 and refusal is null as is_best,
        index_id,
        scheme,
        parting_pattern,
        vanishing_pattern,
        cleaning,
        is_split,
        least_length,
        edge,
        term_size,
        formula,
        k1,
        b,
        delta,
        smoothing,
        document_count,
        mean_document_length,
        length_number,
        field_names,
        weights,
        field_bs,
        field_mean_lengths
    from systems_described
)

select * from searchable_systems
