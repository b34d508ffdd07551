{# One row for each way of cleaning and content: what is left of the text for a tokenizer to part.
   A table of its own because DuckDB then knows that it is ASCII and cuts n-grams out of it three times as fast. #}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_contents(ref('int_texts_normalised')) }}",
) }}
with

texts as (
    select *
    from {{ ref('int_texts_normalised') }}
    {{ where_content_is_new() }}
),

indexes as (select * from {{ ref('int_indexes_selected') }}),

texts_collected as (select * from {{ ref('int_texts_collected') }}),

index_fields as (select * from {{ ref('int_index_fields') }}),

cleanings as (
    select distinct
        scheme,
        cleaning,
        split_hashtags,
        cleaning_number
    from indexes
),

{# Parts of a field that no index reads in this way. #}
texts_unread as (
    select distinct
        texts_collected.content_id,
        cleanings.cleaning_number
    from texts_collected
    cross join cleanings
    where
        texts_collected.field <> {{ whole_field('texts_collected.field') }}
        and not exists (
            select 1
            from indexes
            inner join index_fields on indexes.index_id = index_fields.index_id
            where
                indexes.cleaning_number = cleanings.cleaning_number
                and index_fields.field = texts_collected.field
        )
),

texts_cleaned as (
    {%- for cleaning, hashtags in ways_of_cleaning() %}
    select
        cleanings.cleaning_number,
        texts.content_id,
        {{ clean_text('texts.normalised_text', cleaning, hashtags) }} as cleaned_text
    from texts
    inner join cleanings on texts.scheme = cleanings.scheme
    left join texts_unread
        on
            texts.content_id = texts_unread.content_id
            and cleanings.cleaning_number = texts_unread.cleaning_number
    where
        cleanings.cleaning = '{{ cleaning }}'
        and cleanings.split_hashtags = {{ hashtags | lower }}
        and texts_unread.content_id is null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select * from texts_cleaned
