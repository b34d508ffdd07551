{# The names of the ranking formulas: every macro called weight_<formula>, in alphabetical order. #}
{% macro ranking_formulas() -%}
    {% set names = [] %}
    {% for name in context.keys() if name.startswith('weight_') %}
        {% do names.append(name[7:]) %}
    {% endfor %}
    {{ return(names | sort) }}
{%- endmacro %}

{# The statistics that a formula is given as `s`, read from the columns of two relations: a term in a document, as
   retrieval.int_term_documents has it, and a system with its parameters. #}
{% macro term_statistics(term_documents, systems) -%}
    {% set statistics = {} %}
    {% for name in [
        'term_frequency', 'normalised_term_frequency', 'document_frequency', 'collection_frequency',
        'document_count', 'document_length', 'mean_document_length',
    ] %}
        {% do statistics.update({name: term_documents ~ '.' ~ name}) %}
    {% endfor %}
    {% for name in ['k1', 'b', 'delta'] %}
        {% do statistics.update({name: systems ~ '.' ~ name}) %}
    {% endfor %}
    {{ return(statistics) }}
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
            {% for name in ranking_formulas() if 'idf_' ~ name in context -%}
            when '{{ name }}'
                then {{ context['idf_' ~ name](statistics) }}
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
