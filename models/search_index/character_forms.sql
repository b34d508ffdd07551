{# One row for each scheme, kind of look-up and sequence of characters that the scheme replaces. #}
with

schemes as ({{ schemes_of(ref('int_indexes_selected')) }}),

rows_as_text as (
    select
        scheme,
        {{ explode('character_forms(scheme)') }} as row_as_text
    from schemes
),

columns_of_rows as (
    select
        scheme,
        {{ split_text('row_as_text', '\x1f') }} as columns_of_row
    from rows_as_text
),

character_forms as (
    select
        scheme,
        {{ list_element('columns_of_row', 1) }} as kind,
        {{ list_element('columns_of_row', 2) }} as sequence,
        {{ list_element('columns_of_row', 3) }} as form
    from columns_of_rows
)

select * from character_forms
