{# At the end of `dbt build`: publish what was built, if that is everything and without an error. Whoever reads the snapshot
   never sees a warehouse that is half built or fails its tests. #}
{% macro publish_snapshot(results) -%}
    {{ return(adapter.dispatch('publish_snapshot')(results)) }}
{%- endmacro %}

{% macro default__publish_snapshot(results) -%}
{%- endmacro %}

{% macro duckdb__publish_snapshot(results) -%}
    {%- if execute and flags.WHICH == 'build' %}
        {#- an exposure is nothing to build -#}
        {%- set results = results | rejectattr('node.resource_type', 'equalto', 'exposure') | list %}
        {%- set done = results | selectattr('status', 'in', ['success', 'pass', 'warn']) | map(attribute='node.unique_id') | list %}
        {%- set wanted = graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed', 'test'])
            | selectattr('config.enabled') | map(attribute='unique_id') | list %}
        {%- if done | length == results | length and not wanted | reject('in', done) | list %}
            {%- do run_query('checkpoint') %}
            {%- set problem = run_query(
                "select publish_snapshot(path) from duckdb_databases() where database_name = current_database()"
            ).columns[0].values()[0] %}
            {%- if problem %}
                {{- exceptions.raise_compiler_error(problem) }}
            {%- endif %}
        {%- endif %}
    {%- endif %}
{%- endmacro %}
