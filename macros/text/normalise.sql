{# The normalisation schemes of a build: its indexes', and the original study's where that is rebuilt. #}
{% macro schemes_of(indexes) -%}
    select scheme from {{ indexes }}
    {{- " union select 'original_study' as scheme" if var('original_study') else " group by scheme" }}
{%- endmacro %}

{# Text that every scheme only lowercases. #}
{% macro is_ascii(text) -%}
    {{ matches_fully(text, '[\\x00-\\x7F]*') }}
{%- endmacro %}

{# A text's runs of ASCII and of other characters in turn: only the others need looking up, and they repeat. #}
{% macro ascii_and_other_runs(text) -%}
    {{ all_matches(text, '[\\x00-\\x7F]+|[^\\x00-\\x7F]+') }}
{%- endmacro %}

{# A grapheme cluster as its scheme looks it up: `standard` leaves out variation selectors and skin tones, the original
   study did not. #}
{% macro lookup_cluster(cluster, scheme) -%}
    case
        when {{ scheme }} = 'standard'
            then {{ replace_matches(cluster, '[\\x{FE0F}\\x{1F3FB}-\\x{1F3FF}]', '') }}
        else {{ cluster }}
    end
{%- endmacro %}
