{# One row for each scheme, kind of look-up and sequence of characters that the scheme replaces. #}
with

schemes as (select distinct scheme from {{ ref('int_indexes_selected') }}),

forms as (
    select {{ explode('character_forms(scheme)') }} as form
    from schemes
),

character_forms as (
    select
        form.scheme as scheme,
        form.kind as kind,
        form.sequence as sequence,
        form.form as form
    from forms
)

select * from character_forms
