{# The names of the ranking formulas: every macro called weight_<formula>, in alphabetical order. #}
{% macro ranking_formulas() -%}
    {% set names = [] %}
    {% for name in context.keys() if name.startswith('weight_') %}
        {% do names.append(name[7:]) %}
    {% endfor %}
    {{ return(names | sort) }}
{%- endmacro %}

{# The statistics that a formula is given as `s`, read from the columns of three relations: a term in a document, as
   retrieval.int_term_documents has it, a system with its parameters, and the norms of the document in that system. #}
{% macro term_statistics(term_documents, systems, document_norms) -%}
    {% set statistics = {} %}
    {% for name in [
        'term_frequency', 'normalised_term_frequency', 'document_frequency', 'collection_frequency',
        'document_count', 'document_length', 'mean_document_length',
    ] %}
        {% do statistics.update({name: term_documents ~ '.' ~ name}) %}
    {% endfor %}
    {% for name in ['k1', 'b', 'delta', 'smoothing', 'notation'] %}
        {% do statistics.update({name: systems ~ '.' ~ name}) %}
    {% endfor %}
    {% for name in ['mean_term_frequency', 'largest_term_frequency', 'document_norm'] %}
        {% do statistics.update({name: document_norms ~ '.' ~ name}) %}
    {% endfor %}
    {{ return(statistics) }}
{%- endmacro %}

{# Those of them that have a macro of their own called <kind>_<formula>. #}
{% macro formulas_with(kind) -%}
    {% set names = [] %}
    {% for name in ranking_formulas() if kind ~ '_' ~ name in context %}
        {% do names.append(name) %}
    {% endfor %}
    {{ return(names) }}
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

{# The part of that weight that only the collection decides; null where the formula has no macro idf_<formula>. #}
{% macro term_idf(formula, statistics) -%}
    case {{ formula }}
            {% for name in formulas_with('idf') -%}
            when '{{ name }}'
                then {{ context['idf_' ~ name](statistics) }}
            {% endfor -%}
        end
{%- endmacro %}

{# What a term weighs in the query: how often it stands there, unless the formula has a macro query_weight_<formula>. #}
{% macro query_weight(formula, statistics) -%}
    case {{ formula }}
            {% for name in formulas_with('query_weight') -%}
            when '{{ name }}'
                then {{ context['query_weight_' ~ name](statistics) }}
            {% endfor -%}
            else {{ statistics.query_term_frequency }}
        end
{%- endmacro %}

{# What a result's score has beside the terms' weights; null where the formula has no macro document_part_<formula>. #}
{% macro document_part(formula, statistics) -%}
    case {{ formula }}
            {% for name in formulas_with('document_part') -%}
            when '{{ name }}'
                then {{ context['document_part_' ~ name](statistics) }}
            {% endfor -%}
        end
{%- endmacro %}

{# A field's share of a term's saturated weight: its share of the weighted term frequency, normalised field by field
   where the formula does so. #}
{% macro field_share(formula, term_frequency, normalised_term_frequency, partition) -%}
    case {{ formula }}
            when 'bm25f_zaragoza'
                then {{ normalised_term_frequency }} / sum({{ normalised_term_frequency }}) over (partition by {{ partition }})
            else {{ term_frequency }} / sum({{ term_frequency }}) over (partition by {{ partition }})
        end
{%- endmacro %}
