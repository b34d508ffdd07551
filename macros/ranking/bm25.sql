{# The BM25 family. Each macro is the weight of one query term in one document, to be summed over the query's terms
   (a term that occurs twice in the query counts twice). A macro named weight_<formula> is found by its name: a row of
   seeds/rankers.csv with that formula switches it on.

   `s` holds the SQL expressions of the statistics:
   s.term_frequency             occurrences in the document (of the index's fields, weighted)
   s.normalised_term_frequency  the same with each field's occurrences divided by that field's own length factor
   s.document_frequency         documents that have the term in any of the index's fields; at least 1
   s.collection_frequency       occurrences in the collection
   s.document_count             documents, empty ones included
   s.document_length            tokens in the document (weighted as the term frequency is)
   s.mean_document_length       its mean over all documents
   s.k1, s.b, s.delta           the ranker's parameters

   Names and variants follow Kamphuis, de Vries, Boytsov, Lin: Which BM25 do you mean? (ECIR 2020) and
   Trotman, Puurula, Burgess: Improvements to BM25 and language models examined (ADCS 2014). #}

{# How long the document is beside the mean, from 1 - b upwards. #}
{% macro bm25_length_factor(s) -%}
    (1 - {{ s.b }} + {{ s.b }} * {{ s.document_length }} / {{ s.mean_document_length }})
{%- endmacro %}

{# Saturating term frequency, in [0, 1). #}
{% macro bm25_saturation(term_frequency, k1, length_factor) -%}
    ({{ term_frequency }} / ({{ term_frequency }} + {{ k1 }} * {{ length_factor }}))
{%- endmacro %}

{# Lucene 8 and later: 1 is added inside the logarithm, which keeps it above 0. #}
{% macro idf_bm25_lucene(s) -%}
    ln(1 + ({{ s.document_count }} - {{ s.document_frequency }} + 0.5) / ({{ s.document_frequency }} + 0.5))
{%- endmacro %}

{# Without the factor k1 + 1, which changes no order. #}
{% macro weight_bm25_lucene(s) -%}
    {{ idf_bm25_lucene(s) }} * {{ bm25_saturation(s.term_frequency, s.k1, bm25_length_factor(s)) }}
{%- endmacro %}

{# Robertson and Sparck Jones 1976, cut at 0 where a term is in more than half of the documents. #}
{% macro idf_bm25_robertson(s) -%}
    greatest(ln(({{ s.document_count }} - {{ s.document_frequency }} + 0.5) / ({{ s.document_frequency }} + 0.5)), 0)
{%- endmacro %}

{# Robertson, Walker, Jones, Hancock-Beaulieu, Gatford: Okapi at TREC-3 (1994). #}
{% macro weight_bm25_robertson(s) -%}
    {{ idf_bm25_robertson(s) }} * {{ bm25_saturation(s.term_frequency, s.k1, bm25_length_factor(s)) }}
{%- endmacro %}

{# 0 for a term that every document has. #}
{% macro idf_bm25_atire(s) -%}
    ln({{ s.document_count }} / {{ s.document_frequency }})
{%- endmacro %}

{# Trotman, Jia, Crane: Towards an efficient and effective search engine (2012). #}
{% macro weight_bm25_atire(s) -%}
    {{ idf_bm25_atire(s) }}
    * ({{ s.k1 }} + 1) * {{ bm25_saturation(s.term_frequency, s.k1, bm25_length_factor(s)) }}
{%- endmacro %}

{# Above 0 for every term. #}
{% macro idf_bm25l(s) -%}
    ln(({{ s.document_count }} + 1) / ({{ s.document_frequency }} + 0.5))
{%- endmacro %}

{# Lv, Zhai: When documents are very long, BM25 fails! (SIGIR 2011). Only documents that have the term. #}
{% macro weight_bm25l(s) -%}
    {{ idf_bm25l(s) }}
    * ({{ s.k1 }} + 1)
    * {{ bm25_saturation('(' ~ s.term_frequency ~ ' / ' ~ bm25_length_factor(s) ~ ' + ' ~ s.delta ~ ')', s.k1, '1') }}
{%- endmacro %}

{# Above 0 for every term. #}
{% macro idf_bm25plus(s) -%}
    ln(({{ s.document_count }} + 1) / {{ s.document_frequency }})
{%- endmacro %}

{# Lv, Zhai: Lower-bounding term frequency normalization (CIKM 2011). Only documents that have the term. #}
{% macro weight_bm25plus(s) -%}
    {{ idf_bm25plus(s) }}
    * ({{ s.delta }} + ({{ s.k1 }} + 1) * {{ bm25_saturation(s.term_frequency, s.k1, bm25_length_factor(s)) }})
{%- endmacro %}

{# As BM25's. #}
{% macro idf_bm25f_simple(s) -%}
    {{ idf_bm25_lucene(s) }}
{%- endmacro %}

{# Robertson, Zaragoza, Taylor: Simple BM25 extension to multiple weighted fields (CIKM 2004): term frequencies and
   lengths are weighted sums over the fields, then BM25 once. #}
{% macro weight_bm25f_simple(s) -%}
    {{ weight_bm25_lucene(s) }}
{%- endmacro %}

{# As BM25's. #}
{% macro idf_bm25f_zaragoza(s) -%}
    {{ idf_bm25_lucene(s) }}
{%- endmacro %}

{# Zaragoza, Craswell, Taylor, Saria, Robertson: Microsoft Cambridge at TREC-13 (2004): each field is normalised by its
   own length and b (seeds/field_weights.csv), the weighted sum saturates once. #}
{% macro weight_bm25f_zaragoza(s) -%}
    {{ idf_bm25f_zaragoza(s) }} * {{ bm25_saturation(s.normalised_term_frequency, s.k1, '1') }}
{%- endmacro %}

{# How long a field is beside the mean of that field, for forms that normalise each field by itself. #}
{% macro field_length_factor(b, field_length, mean_length) -%}
    (1 - {{ b }} + {{ b }} * {{ field_length }} / {{ mean_length }})
{%- endmacro %}
