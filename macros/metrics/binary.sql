{#
    Measures of a ranking whose documents are relevant or not, as trec_eval computes them
    (https://github.com/usnistgov/trec_eval, m_*.c). A query without relevant documents scores 0, as does one that finds
    nothing. Arguments are SQL expressions; ranks start at 1.
#}

{# Share of relevant documents among the first `cutoff` ranks, also where fewer were retrieved. Range 0 to 1. #}
{% macro precision_at(relevant_found, cutoff) -%}
    {{ relevant_found }} / cast({{ cutoff }} as double)
{%- endmacro %}

{# Share of the relevant documents that was found. Range 0 to 1. #}
{% macro recall_of(relevant_found, relevant_count) -%}
    case when {{ relevant_count }} = 0 then 0 else {{ relevant_found }} / cast({{ relevant_count }} as double) end
{%- endmacro %}

{# 1 where at least one relevant document was found, else 0. Known-item searches live on it. #}
{% macro success_of(relevant_found) -%}
    case when {{ relevant_found }} > 0 then 1 else 0 end
{%- endmacro %}

{# 1 over the rank of the first relevant document; 0 where none was retrieved. Range 0 to 1. #}
{% macro reciprocal_rank(first_relevant_rank) -%}
    coalesce(1 / cast({{ first_relevant_rank }} as double), 0)
{%- endmacro %}

{# What one relevant document adds to average precision before division by the number of relevant documents. #}
{% macro precision_at_relevant_document(relevant_so_far, document_rank) -%}
    {{ relevant_so_far }} / cast({{ document_rank }} as double)
{%- endmacro %}

{#
    What one relevant document adds to bpref before division by the number of relevant documents: 1 less the share of
    judged non-relevant documents above it, counted up to the number of relevant ones. Unjudged documents do not count
    (Buckley and Voorhees, "Retrieval evaluation with incomplete information", SIGIR 2004, in trec_eval's form).
#}
{% macro preference_of_relevant_document(nonrelevant_before, relevant_count, nonrelevant_count) -%}
    case
        when {{ nonrelevant_count }} = 0 then 1
        else
            1 - least({{ nonrelevant_before }}, {{ relevant_count }})
            / cast(least({{ nonrelevant_count }}, {{ relevant_count }}) as double)
    end
{%- endmacro %}

{#
    What one relevant document adds to rank-biased precision: a reader goes on from each rank to the next with the
    probability `persistence` (Moffat and Zobel, "Rank-biased precision for measurement of retrieval effectiveness",
    TOIS 2008). Unjudged documents add nothing, so the sum is the lower bound.
#}
{% macro rank_biased_gain(document_rank, persistence) -%}
    (1 - {{ persistence }}) * power({{ persistence }}, {{ document_rank }} - 1)
{%- endmacro %}

{# Share of the retrieved documents above the cutoff that are judged at all; 0 where nothing was retrieved (ir_measures' Judged). #}
{% macro judged_share(judged_found, cutoff, retrieved_count) -%}
    case
        when {{ retrieved_count }} = 0 then 0
        else {{ judged_found }} / cast(least({{ cutoff }}, {{ retrieved_count }}) as double)
    end
{%- endmacro %}
