{# The texts under a key of a JSON record: a list is taken as it is, a single value as a list of one; null where neither is given. #}
{% macro json_text_list(record, key) -%}
    {{ return(adapter.dispatch('json_text_list')(record, key)) }}
{%- endmacro %}

{% macro duckdb__json_text_list(record, key) -%}
    case json_type({{ record }}, '$.{{ key }}')
        when 'ARRAY' then list_filter(json_extract_string({{ record }}, '$.{{ key }}[*]'), lambda element: element <> '')
        when 'NULL' then null
        else case when ({{ record }} ->> '$.{{ key }}') <> '' then [{{ record }} ->> '$.{{ key }}'] end
    end
{%- endmacro %}
