{# One row for each raw file, record or part of a record that could not be read. #}
{% set names = ref('int_names_gathered') if is_pseudonymised() else none %}
with

records as (select * from {{ ref('stg_raw__records') }}),

tiktoks as (select * from {{ ref('stg_scraper__tiktoks') }}),

comments as (select * from {{ ref('stg_scraper__comments') }}),

imported_tiktoks as (select * from {{ ref('stg_imports__tiktoks') }}),

imported_comments as (select * from {{ ref('stg_imports__comments') }}),

query_records as (select * from {{ ref('stg_collection__unreadable_records') }}),
{% if var('original_study') %}
published_indexes as (select * from {{ ref('stg_original__published_indexes') }}),

published_ranks as (select * from {{ ref('stg_original__published_ranks') }}),
{% endif %}
problems as (
    select
        file,
        position,
        problem as reason
    from records
    union all
    select
        file,
        position,
        comments_problem as reason
    from tiktoks
    union all
    select
        file,
        position,
        problem as reason
    from comments
    union all
    select
        file,
        position,
        problem as reason
    from imported_tiktoks
    union all
    select
        file,
        position,
        problem as reason
    from imported_comments
    union all
    select
        file,
        position,
        reason
    from query_records
    {% if var('original_study') -%}
    union all
    select
        file,
        position,
        problem as reason
    from published_indexes
    union all
    select
        file,
        position,
        problem as reason
    from published_ranks
    {%- endif %}
),

reasons as (
    select distinct
        file,
        position,
        reason
    from problems
    where reason is not null
)

select {{ disguised({'file': 'text', 'reason': 'text'}, names) }}
from reasons
