{# Regular expressions are written for RE2 (DuckDB); the patterns in use mean the same to Java's (Spark). #}

{# Whether the whole text matches. #}
{% macro matches_fully(text, pattern) -%}
    {{ return(adapter.dispatch('matches_fully')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_fully(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# Every match, as a list in the order of the text. #}
{% macro all_matches(text, pattern) -%}
    {{ return(adapter.dispatch('all_matches')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__all_matches(text, pattern) -%}
    regexp_extract_all({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# The text with every match replaced. #}
{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_matches')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{# The parts of a text between separators, empty ones included. #}
{% macro split_text(text, separator) -%}
    {{ return(adapter.dispatch('split_text')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__split_text(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{# Number of grapheme clusters: what a reader takes for one character, be it an emoji of seven code points. #}
{% macro grapheme_count(text) -%}
    {{ return(adapter.dispatch('grapheme_count')(text)) }}
{%- endmacro %}

{% macro duckdb__grapheme_count(text) -%}
    length_grapheme({{ text }})
{%- endmacro %}

{# The grapheme cluster at a position from 1. #}
{% macro grapheme_at(text, position) -%}
    {{ return(adapter.dispatch('grapheme_at')(text, position)) }}
{%- endmacro %}

{% macro duckdb__grapheme_at(text, position) -%}
    substring_grapheme({{ text }}, {{ position }}, 1)
{%- endmacro %}

{# Strings joined without a separator, in the order given. #}
{% macro join_strings(text, ordering) -%}
    {{ return(adapter.dispatch('join_strings')(text, ordering)) }}
{%- endmacro %}

{% macro duckdb__join_strings(text, ordering) -%}
    string_agg({{ text }}, '' order by {{ ordering }})
{%- endmacro %}
