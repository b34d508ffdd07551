{# The indexes that lead a search to its rows. They are dropped before a build and made at its end: DuckDB cannot list
   indexes, as dbt does for every table that it makes, while another thread exchanges a table that has one. #}
{% macro search_indexes() -%}
    {{ return({'searchable_documents': 'document_number', 'searchable_postings': 'term_key'}) }}
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

{# Called by create_search_functions, which is DuckDB's alone. #}
{% macro create_search_indexes() -%}
    {%- for table, column in search_indexes().items() %}
        {%- do run_query(
            'create unique index if not exists ' ~ table ~ '_by_' ~ column ~ ' on search.' ~ table ~ ' (' ~ column ~ ')'
        ) %}
    {%- endfor %}
{%- endmacro %}
