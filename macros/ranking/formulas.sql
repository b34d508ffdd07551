{# The names of the ranking formulas: every macro called weight_<formula>, in alphabetical order. #}
{% macro ranking_formulas() -%}
    {% set names = [] %}
    {% for name in context.keys() if name.startswith('weight_') %}
        {% do names.append(name[7:]) %}
    {% endfor %}
    {{ return(names | sort) }}
{%- endmacro %}

{# The weight of a term by the formula that a row names; null, which a test reports, where no macro has that name. #}
{% macro term_weight(formula, statistics) -%}
    case {{ formula }}
        {% for name in ranking_formulas() -%}
        when '{{ name }}'
            then {{ context['weight_' ~ name](statistics) }}
        {% endfor -%}
    end
{%- endmacro %}

{# The one ranking rule: highest score first; equal scores by document id, bytewise, last first, as trec_eval has it.
   Own scores come rounded to 9 decimals, because sums of floats differ in the last bits from run to run; scores of
   foreign runs come as 32-bit floats, as trec_eval's bindings compare them. #}
{% macro ranking_order(score, doc_id) -%}
    {{ score }} desc, {{ doc_id }} desc
{%- endmacro %}
