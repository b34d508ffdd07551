{# The cutoffs of success. #}
{% macro success_cutoffs() -%}
    {{ return([1, 3, 5, 8, 10]) }}
{%- endmacro %}

{# The cutoffs of precision, recall and nDCG. #}
{% macro list_cutoffs() -%}
    {{ return([5, 10, 15, 20, 30, 100, 200, 500, 1000]) }}
{%- endmacro %}

{# What stands for "no cutoff" while rows are compared with one: no ranking is longer. #}
{% macro no_cutoff() -%}
    {{ return(2147483647) }}
{%- endmacro %}

{# What trec_eval counts for each query, under its names: documents retrieved, relevant, and both. Random order of ties
   changes none of them, and over all queries they are summed. #}
{% macro counts() -%}
    {{ return(['num_ret', 'num_rel', 'num_rel_ret']) }}
{%- endmacro %}
