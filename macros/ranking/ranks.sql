{# The one ranking rule: highest score first; equal scores by document id, bytewise, last first, as trec_eval has it;
   ranks from 1. Own scores are compared rounded to 9 decimals, because sums of floats differ in the last bits from run
   to run; scores of foreign runs as 32-bit floats, as trec_eval's bindings compare them. Beside the rank stands the
   interval of ranks that the documents of the same score share. #}
{% macro ranks(ranking, score, doc_id) -%}
    {%- set partition = ranking | join(', ') -%}
    cast(
            row_number() over (partition by {{ partition }} order by {{ score }} desc, {{ doc_id }} desc) as integer
        ) as rank,
        cast(rank() over (partition by {{ partition }} order by {{ score }} desc) as integer) as tied_low,
        cast(count(*) over (partition by {{ partition }} order by {{ score }} desc) as integer) as tied_high
{%- endmacro %}
