{# TF-IDF in SMART notation, as a row of seeds/rankers.csv writes it: three letters for the document, a dot, three for the
   query (`lnc.ltc`): how often the term occurs, how rare it is, and what the vector is divided by
   (Salton, Buckley: Term-weighting approaches in automatic text retrieval, IP&M 1988; Manning, Raghavan, Schuetze:
   Introduction to information retrieval, 2008, figure 6.15).

   Beside those of bm25.sql, `s` holds
   s.notation                       the six letters
   s.mean_term_frequency            the mean over the document's distinct terms
   s.largest_term_frequency         the largest of them
   s.document_norm                  what the document's vector is divided by (models/retrieval/int_document_norms.sql)
   and for a term of the query, counted in the query: s.query_term_frequency, s.mean_query_term_frequency,
   s.largest_query_term_frequency, s.query_norm. #}

{# First letter. n: natural, l: logarithm, a: augmented, b: boolean, L: logarithm beside that of the document's mean. #}
{% macro smart_term_frequency(letter, term_frequency, mean_term_frequency, largest_term_frequency) -%}
    case {{ letter }}
        when 'n' then {{ term_frequency }}
        when 'l' then 1 + ln({{ term_frequency }})
        when 'a' then 0.5 + 0.5 * {{ term_frequency }} / {{ largest_term_frequency }}
        when 'b' then 1
        when 'L' then (1 + ln({{ term_frequency }})) / (1 + ln({{ mean_term_frequency }}))
    end
{%- endmacro %}

{# Second letter. n: none, t: idf, p: probabilistic idf, cut at 0 where a term is in half of the documents or more. #}
{% macro smart_idf(letter, document_count, document_frequency) -%}
    case {{ letter }}
        when 'n' then 1
        when 't' then ln({{ document_count }} / {{ document_frequency }})
        when 'p' then ln(greatest(({{ document_count }} - {{ document_frequency }}) / {{ document_frequency }}, 1))
    end
{%- endmacro %}

{# Third letter. n: nothing, c: the vector's Euclidean length, u: the number of distinct terms. #}
{% macro smart_norm(letter, vector_length, distinct_terms) -%}
    case {{ letter }}
        when 'n' then 1
        when 'c' then {{ vector_length }}
        when 'u' then {{ distinct_terms }}
    end
{%- endmacro %}

{# The norm turned around its mean, by the ranker's b as the slope, so that long documents lose less than they would;
   as it is where there is no slope. Singhal, Buckley, Mitra: Pivoted document length normalization (SIGIR 1996). #}
{% macro pivoted_norm(norm, mean_norm, slope) -%}
    ((1 - coalesce({{ slope }}, 1)) * {{ mean_norm }} + coalesce({{ slope }}, 1) * {{ norm }})
{%- endmacro %}

{# The collection's part: of the document's weight and of the query's. #}
{% macro idf_tf_idf(s) -%}
    {{ smart_idf('substring(' ~ s.notation ~ ', 2, 1)', s.document_count, s.document_frequency) }}
    * {{ smart_idf('substring(' ~ s.notation ~ ', 6, 1)', s.document_count, s.document_frequency) }}
{%- endmacro %}

{# 0 in a document all of whose terms weigh nothing. #}
{% macro weight_tf_idf(s) -%}
    case
        when {{ s.document_norm }} = 0 then 0
        else
            {{ smart_term_frequency(
                'substring(' ~ s.notation ~ ', 1, 1)',
                s.term_frequency,
                s.mean_term_frequency,
                s.largest_term_frequency,
            ) }}
            * {{ smart_idf('substring(' ~ s.notation ~ ', 2, 1)', s.document_count, s.document_frequency) }}
            / {{ s.document_norm }}
    end
{%- endmacro %}

{# The weight in the query, by the last three letters. #}
{% macro query_weight_tf_idf(s) -%}
    case
        when {{ s.query_norm }} = 0 then 0
        else {{ unnormalised_query_weight_tf_idf(s) }} / {{ s.query_norm }}
    end
{%- endmacro %}

{# The same before it is divided by the norm of the query. #}
{% macro unnormalised_query_weight_tf_idf(s) -%}
    {{ smart_term_frequency(
        'substring(' ~ s.notation ~ ', 5, 1)',
        s.query_term_frequency,
        s.mean_query_term_frequency,
        s.largest_query_term_frequency,
    ) }}
    * {{ smart_idf('substring(' ~ s.notation ~ ', 6, 1)', s.document_count, s.document_frequency) }}
{%- endmacro %}
