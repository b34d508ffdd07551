{#
    Expected values of the measures when documents with equal scores come in random order
    (McSherry and Najork, "Computing information retrieval performance measures efficiently in the presence of tied
    scores", ECIR 2008). A tie group holds `size` documents on the ranks from `low` to `high`, `relevant` of which are
    relevant. `harmonic` sums are those of 1 / rank over the group's ranks. Arguments are SQL expressions.
#}

{# How many of the group's ranks lie within the cutoff. #}
{% macro ranks_within(low, high, cutoff) -%}
    greatest(least({{ high }}, {{ cutoff }}) - {{ low }} + 1, 0)
{%- endmacro %}

{# ln of the number of ways to choose `chosen` of `size` things. #}
{% macro ln_combinations(size, chosen) -%}
    (lgamma({{ size }} + 1) - lgamma({{ chosen }} + 1) - lgamma({{ size }} - ({{ chosen }}) + 1))
{%- endmacro %}

{# Probability that none of the group's relevant documents is on its first `within` ranks (hypergeometric). #}
{% macro probability_of_no_relevant(size, relevant, within) -%}
    case
        when {{ relevant }} = 0 or {{ within }} = 0 then 1
        when {{ within }} > {{ size }} - {{ relevant }} then 0
        else
            exp(
                {{ ln_combinations(size ~ ' - ' ~ within, relevant) }}
                - {{ ln_combinations(size, relevant) }}
            )
    end
{%- endmacro %}

{# Probability that the first of the group's relevant documents is on its rank number `place`, from 1. #}
{% macro probability_of_first_relevant(size, relevant, place) -%}
    exp(
        {{ ln_combinations(size ~ ' - ' ~ place, relevant ~ ' - 1') }}
        - {{ ln_combinations(size, relevant) }}
    )
{%- endmacro %}

{# Expected rank of the first of the group's relevant documents. #}
{% macro expected_first_rank(low, size, relevant) -%}
    {{ low }} - 1 + ({{ size }} + 1) / cast({{ relevant }} + 1 as double)
{%- endmacro %}

{# Expected sum, over the group's relevant documents, of the precision at their ranks; `relevant_before` stand above the group. #}
{% macro expected_precision_at_relevant_documents(low, size, relevant, relevant_before, harmonic) -%}
    {{ relevant }} / cast({{ size }} as double) * (
        ({{ relevant_before }} + 1) * {{ harmonic }}
        + case
            when {{ size }} = 1 then 0
            else ({{ relevant }} - 1) / cast({{ size }} - 1 as double) * ({{ size }} - {{ low }} * {{ harmonic }})
        end
    )
{%- endmacro %}

{#
    Expected sum, over the group's relevant documents, of what each adds to bpref. Any number from 0 to `nonrelevant` of
    the group's judged non-relevant documents is equally likely to stand above a given relevant one.
#}
{% macro expected_preference(
    relevant, nonrelevant, nonrelevant_before, relevant_count, nonrelevant_count
) -%}
    {%- set uncapped = 'least(greatest(' ~ relevant_count ~ ' - ' ~ nonrelevant_before ~ ', 0), ' ~ nonrelevant ~ ' + 1)' -%}
    {{ relevant }} * case
        when {{ nonrelevant_count }} = 0 then 1
        else
            1 - (
                {{ uncapped }} * {{ nonrelevant_before }}
                + {{ uncapped }} * ({{ uncapped }} - 1) / 2.0
                + ({{ nonrelevant }} + 1 - {{ uncapped }}) * {{ relevant_count }}
            ) / ({{ nonrelevant }} + 1.0) / least({{ nonrelevant_count }}, {{ relevant_count }})
    end
{%- endmacro %}

{# Expected sum, over the group's relevant documents, of what each adds to rank-biased precision. #}
{% macro expected_rank_biased_gain(low, high, size, relevant, persistence) -%}
    {{ relevant }} / cast({{ size }} as double)
    * (power({{ persistence }}, {{ low }} - 1) - power({{ persistence }}, {{ high }}))
{%- endmacro %}
