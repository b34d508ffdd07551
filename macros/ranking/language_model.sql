{# Query likelihood: how probable the query is in a document's smoothed language model, without what is the same for all
   documents (Zhai, Lafferty: A study of smoothing methods for language models applied to information retrieval, TOIS
   2004, equation 6). Only documents that have a term of the query; terms that no document has say nothing.
   `s` holds what bm25.sql lists, s.smoothing as the ranker's parameter, and in a document part s.query_length: the
   query's tokens that the index has. #}

{# How often the term stands in the document beside how often it would if the document were like the collection. #}
{% macro lm_excess(s, document_length) -%}
    ({{ s.term_frequency }} * {{ s.document_count }} * {{ s.mean_document_length }}
    / ({{ document_length }} * {{ s.collection_frequency }}))
{%- endmacro %}

{# Dirichlet prior smoothing: s.smoothing is mu, the tokens of the collection that each document is thought to have seen. #}
{% macro weight_lm_dirichlet(s) -%}
    ln(1 + {{ lm_excess(s, s.smoothing) }})
{%- endmacro %}

{# What belongs to no term: the longer the document, the less the collection speaks for it. #}
{% macro document_part_lm_dirichlet(s) -%}
    {{ s.query_length }} * ln({{ s.smoothing }} / ({{ s.document_length }} + {{ s.smoothing }}))
{%- endmacro %}

{# Jelinek-Mercer smoothing: s.smoothing is lambda, the share of the collection's model; about 0.1 for short queries,
   0.7 for long ones. Its document part is the same for all documents. #}
{% macro weight_lm_jelinek_mercer(s) -%}
    ln(1 + (1 - {{ s.smoothing }}) / {{ s.smoothing }} * {{ lm_excess(s, s.document_length) }})
{%- endmacro %}
