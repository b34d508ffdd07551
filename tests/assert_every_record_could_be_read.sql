{# Warns of raw files and records that could not be read: one row for each. They are left out; the rest is built. #}
{{ config(severity='warn') }}

select * from {{ ref('quarantined_records') }}
