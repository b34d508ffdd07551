{# The indexes that lead a search to its rows. They are dropped before a build and made at its end: DuckDB cannot list
   indexes, as dbt does for every table that it makes, while another thread exchanges a table that has one. #}
{% macro search_indexes() -%}
    {{ return([
        {'table': 'searchable_documents', 'column': 'document_number', 'unique': true},
        {'table': 'searchable_postings', 'column': 'term_key', 'unique': true},
        {'table': 'pruned_documents', 'column': 'place', 'unique': true},
        {'table': 'pruned_terms', 'column': 'term_key', 'unique': false},
    ]) }}
{%- endmacro %}

{# One of them as a statement. #}
{% macro search_index_statement(index) -%}
    create {{ 'unique ' if index.unique }}index if not exists {{ index.table }}_by_{{ index.column }}
    on search.{{ index.table }} ({{ index.column }})
{%- endmacro %}

{# Before a build. #}
{% macro drop_search_indexes() -%}
    {{ return(adapter.dispatch('drop_search_indexes')()) }}
{%- endmacro %}

{% macro default__drop_search_indexes() -%}
{%- endmacro %}

{% macro duckdb__drop_search_indexes() -%}
    {%- if execute %}
        {%- for index in run_query(
            "select index_name from duckdb_indexes() where database_name = current_database() and schema_name = 'search'"
        ).columns[0].values() %}
            {%- do run_query('drop index search."' ~ index ~ '"') %}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{# Of the tables that are there: those of models/search/pruned need not be. Called by create_search_functions, which is
   DuckDB's alone. #}
{% macro create_search_indexes() -%}
    {%- set tables = run_query(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'search'"
    ).columns[0].values() %}
    {%- for index in search_indexes() if index.table in tables %}
        {%- do run_query(search_index_statement(index)) %}
    {%- endfor %}
{%- endmacro %}
