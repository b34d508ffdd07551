{# One row for each document's field, and for each query, with what the original study's cleaning leaves of it.
   A table of its own because DuckDB then knows that it is ASCII and cuts n-grams out of it three times as fast. #}
with

texts as (select * from {{ ref('int_texts_collected') }}),

texts_normalised as (
    select * from {{ ref('int_texts_normalised') }}
    where scheme = 'original_study'
),

field_groups as (
    select
        texts.text_number,
        texts.field = 'query' as is_query,
        case texts.field
            when 'creator_username' then 1
            when 'creator_nickname' then 1
            when 'description' then 1
            when 'music_title' then 1
            when 'speech' then 2
            when 'cover_text' then 4
            when 'comments' then 8
        end as field_group,
        {# The page shows @name, and so the study had it. #}
        case when texts.field = 'creator_username' then '@' else '' end
        || texts_normalised.normalised_text as shown_text
    from texts
    inner join texts_normalised on texts.content_id = texts_normalised.content_id
),

study_texts as (
    select
        text_number,
        is_query,
        field_group,
        {{ clean_text('shown_text', 'original') }} as cleaned_text
    from field_groups
    where
        is_query
        or field_group is not null
)

select * from study_texts
