{# When a build has made the index, each index is told its share, by postings, of the seconds that the room's models took.
   dbt knows them only once they are done. #}
{% macro record_build_seconds(results) -%}
    {%- set made = results | selectattr('status', 'equalto', 'success') | selectattr('node.resource_type', 'equalto', 'model')
        | selectattr('node.schema', 'equalto', 'search_index') | list %}
    {%- set names = made | map(attribute='node.name') | list %}
    {%- for result in made if result.node.name == 'index_statistics' and 'postings' in names %}
    update {{ result.node.relation_name }}
    set build_seconds = round(
        {{ made | map(attribute='execution_time') | sum }} * posting_count
        / (select nullif(sum(posting_count), 0) from {{ result.node.relation_name }}),
        3
    )
    {%- endfor %}
{%- endmacro %}
