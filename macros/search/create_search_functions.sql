{# At the end of a build: put the search functions into the database file, where any DuckDB client has them. They are text
   that names tables of the same file without its name, so that they also work in a copy of it. #}
{% macro create_search_functions() -%}
    {{ return(adapter.dispatch('create_search_functions')()) }}
{%- endmacro %}

{% macro default__create_search_functions() -%}
{%- endmacro %}

{% macro duckdb__create_search_functions() -%}
    {%- if execute %}
        {%- set built = run_query(
            "select count(*) from duckdb_tables() where database_name = current_database() and schema_name || '.' || table_name in ('search.searchable_postings',"
            ~ " 'search.searchable_systems', 'search.searchable_documents')"
        ).columns[0].values()[0] %}
        {%- if built == 3 %}
            {%- do run_query(search_function()) %}
        {%- endif %}
    {%- endif %}
{%- endmacro %}
