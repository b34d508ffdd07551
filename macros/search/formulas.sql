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

{# The weight of a term, by one of them. #}
{% macro searchable_term_weight(formula, statistics) -%}
    case {{ formula }}
            {% for name in searchable_formulas() -%}
            when '{{ name }}' then {{ context['weight_' ~ name](statistics) }}
            {% endfor -%}
        end
{%- endmacro %}

{# The part of that weight that only the collection decides; null where the formula has no macro idf_<formula>. #}
{% macro searchable_term_idf(formula, statistics) -%}
    case {{ formula }}
            {% for name in searchable_formulas() if 'idf_' ~ name in context -%}
            when '{{ name }}' then {{ context['idf_' ~ name](statistics) }}
            {% endfor -%}
        end
{%- endmacro %}
