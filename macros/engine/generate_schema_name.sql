{# A relation's schema is its room, as the contract says: corpus.tiktoks, not main_corpus.tiktoks. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
