{# The formulas whose score is a sum over the terms that query and document share, each counted as often as it stands in
   the query: what the search functions compute. Others have a macro for the query's or the document's part. #}
{% macro searchable_formulas() -%}
    {% set names = [] %}
    {% for name in ranking_formulas()
        if 'query_weight_' ~ name not in context and 'document_part_' ~ name not in context %}
        {% do names.append(name) %}
    {% endfor %}
    {{ return(names) }}
{%- endmacro %}

{# A case expression: what the macro `<kind>_<formula>` gives for the row's formula, of those in use; null where
   a formula has no such macro. Formulas that say the same share a branch: planning takes as long as the text is. #}
{% macro formula_cases(kind, systems, statistics) -%}
    {%- set names_by_expression = {} -%}
    {%- for name in systems | rejectattr('refusal') | map(attribute='formula') | unique | sort
        if kind ~ '_' ~ name in context -%}
        {%- set expression = context[kind ~ '_' ~ name](statistics) | trim -%}
        {%- do names_by_expression.update({expression: names_by_expression.get(expression, []) + [name]}) -%}
    {%- endfor -%}
    {%- if names_by_expression -%}
        case
            {%- for expression, names in names_by_expression.items() %}
            when chosen.formula in ({{ quoted_list(names) }}) then {{ expression }}
            {%- endfor %}
        end
    {%- else -%}
        cast(null as double)
    {%- endif -%}
{%- endmacro %}
