{# At the end of a build: put the search functions into the database file, where any DuckDB client has them. They are
   text that names tables of the same file without the file's name, so that they also work in a copy of it. #}
{% macro create_search_functions() -%}
    {{ return(adapter.dispatch('create_search_functions')()) }}
{%- endmacro %}

{% macro default__create_search_functions() -%}
{%- endmacro %}

{% macro duckdb__create_search_functions() -%}
    {%- set tables = [
        'search.searchable_systems',
        'search.searchable_documents',
        'search.searchable_postings',
        'search_index.character_forms',
        'search_index.document_fields',
    ] %}
    {%- if execute %}
        {%- do create_search_indexes() %}
        {%- set built = run_query(
            "select count(*) from duckdb_tables() where database_name = current_database()"
            ~ " and schema_name || '.' || table_name in (" ~ quoted_list(tables) ~ ")"
        ).columns[0].values()[0] %}
        {%- if built == tables | length %}
            {%- set systems = [] %}
            {%- for row in run_query(
                'select system_id, refusal, is_best, formula, cleaning from search.searchable_systems order by system_id'
            ).rows %}
                {%- do systems.append({
                    'system_id': row[0], 'refusal': row[1], 'is_best': row[2], 'formula': row[3], 'cleaning': row[4]
                }) %}
            {%- endfor %}
            {%- for statement in [
                search_function(systems), explain_function(systems), snippets_function(systems),
                snippets_of_function(systems), contributions_function(systems), search_rules_function(systems),
                terms_of_function(systems)
            ] %}
                {%- do run_query(statement) %}
            {%- endfor %}
        {%- endif %}
    {%- endif %}
{%- endmacro %}
