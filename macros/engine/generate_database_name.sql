{# Where a build is pseudonymised, the raw files' room, with the names in it, stays in memory and ends with dbt. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {%- if custom_database_name -%}
        {{ custom_database_name | trim }}
    {%- elif is_pseudonymised() and node and node.resource_type == 'model' and node.fqn[1] == 'staging' -%}
        in_memory
    {%- else -%}
        {{ target.database }}
    {%- endif -%}
{%- endmacro %}
