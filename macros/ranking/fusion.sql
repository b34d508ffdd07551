{# Fusion of the rankings of several systems. Each macro is what one system adds for a document that it retrieved, to be
   summed over the systems; one that did not retrieve it adds nothing. A macro named fusion_<formula> is found by its name:
   a row of seeds/fusions.csv with that formula switches it on.

   `s` holds s.rank and s.score of the document, s.lowest_score and s.highest_score of that system's ranking for the query,
   s.lowest_rank, the rank that the documents of the lowest score share (1 where all scores are equal), and s.smoothing
   of the row. #}

{# s.smoothing is k, 60 in the paper. Cormack, Clarke, Buettcher: Reciprocal rank fusion outperforms Condorcet and
   individual rank learning methods (SIGIR 2009). #}
{% macro fusion_reciprocal_rank(s) -%}
    1 / ({{ s.smoothing }} + {{ s.rank }})
{%- endmacro %}

{# CombSUM of Fox, Shaw: Combination of multiple searches (TREC-2, 1993), of scores stretched to 0 for the lowest and 1 for
   the highest (Lee: Analyses of multiple evidence combination, SIGIR 1997); 1 for all where they are equal. #}
{% macro fusion_comb_sum(s) -%}
    case
        when {{ s.lowest_rank }} = 1 then 1
        else ({{ s.score }} - {{ s.lowest_score }}) / ({{ s.highest_score }} - {{ s.lowest_score }})
    end
{%- endmacro %}

{# The names of the fusion formulas, in alphabetical order. #}
{% macro formulas_of_fusion() -%}
    {% set names = [] %}
    {% for name in context.keys() if name.startswith('fusion_') %}
        {% do names.append(name[7:]) %}
    {% endfor %}
    {{ return(names | sort) }}
{%- endmacro %}

{# What a member adds by the formula that a row names. #}
{% macro member_score(formula, statistics) -%}
    case {{ formula }}
            {% for name in formulas_of_fusion() -%}
            when '{{ name }}'
                then {{ context['fusion_' ~ name](statistics) }}
            {% endfor -%}
        end
{%- endmacro %}
