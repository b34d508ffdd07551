{#
    Measures of a ranking whose documents have grades (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
    techniques", TOIS 2002, in trec_eval's form: the gain is the grade).
#}

{# The gain of a document: its grade; none where that is negative. #}
{% macro gain(relevance) -%}
    greatest({{ relevance }}, 0)
{%- endmacro %}

{# How much of a gain counts at a rank. 1 at rank 1. #}
{% macro rank_discount(document_rank) -%}
    1 / log2({{ document_rank }} + 1)
{%- endmacro %}

{# Discounted gain as a share of what the best ranking of all judged documents has. Range 0 to 1. #}
{% macro normalised_gain(discounted_gain, ideal_discounted_gain) -%}
    coalesce({{ discounted_gain }} / nullif({{ ideal_discounted_gain }}, 0), 0)
{%- endmacro %}
