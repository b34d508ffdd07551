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

cleanings as (
    select distinct
        scheme,
        cleaning,
        cleaning_number
    from indexes
),

texts_cleaned as (
    {%- for cleaning in ['alphanumeric', 'original', 'separated'] %}
    select
        cleanings.cleaning_number,
        texts.content_id,
        {{ clean_text('texts.normalised_text', cleaning) }} as cleaned_text
    from texts
    inner join cleanings on texts.scheme = cleanings.scheme
    where cleanings.cleaning = '{{ cleaning }}'
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select * from texts_cleaned
