{# The field that holds the first comments only, as many as an index reads; all of them where it has no limit. #}
{% macro comments_field(max_comments) -%}
    'comments' || coalesce('_' || cast({{ max_comments }} as varchar), '')
{%- endmacro %}

{# The field that a field is a part of, as readers know it and as it is weighed: comments for comments_5. #}
{% macro whole_field(field) -%}
    {{ replace_matches(field, '^comments_[0-9]+$', 'comments') }}
{%- endmacro %}
