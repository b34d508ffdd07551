{# What may stand in a token, by the tokenizer's `cleaning`. Each leaves single blanks between the parts.
   alphanumeric: runs of [a-z0-9], everything else parts them.
   original:     the original study: blanks, hyphens and slashes part; any other sign but @, # and _ vanishes.
   separated:    as original, but @, # and _ part as well, so that #onepiece and onepiece share their n-grams.
   With `hashtags` the same parts are left, but a # stays where it stands right before one. #}
{% macro clean_text(text, cleaning, hashtags=false) -%}
    {%- if cleaning not in cleaning_patterns() -%}
        {{ exceptions.raise_compiler_error("no cleaning '" ~ cleaning ~ "' in macros/text/tokenise.sql") }}
    {%- endif -%}
    {%- set patterns = hashtag_patterns()[cleaning] if hashtags else cleaning_patterns()[cleaning] -%}
    {%- set parted = replace_matches(text, patterns.parting, ' ') -%}
    {%- set cleaned = replace_matches(parted, patterns.vanishing, '') if patterns.vanishing else parted -%}
    {{ replace_matches(replace_matches(cleaned, '#+( |$)', ' '), ' ?#+', ' #') if hashtags else cleaned }}
{%- endmacro %}

{# For each cleaning the pattern of what becomes a blank, then the pattern of what becomes nothing. #}
{% macro cleaning_patterns() -%}
    {{ return({
        'alphanumeric': {'parting': '[^a-z0-9]+', 'vanishing': none},
        'original': {'parting': '[\\s\\x0b/-]+', 'vanishing': '[^\\w@# ]'},
        'separated': {'parting': '[\\s\\x0b/@#_-]+', 'vanishing': '[^\\w ]'},
    }) }}
{%- endmacro %}

{# The same for the cleanings that can leave hashtags marked; `original` has its own use for the sign. #}
{% macro hashtag_patterns() -%}
    {{ return({
        'alphanumeric': {'parting': '[^a-z0-9#]+', 'vanishing': none},
        'separated': {'parting': '[\\s\\x0b/@_-]+', 'vanishing': '[^\\w# ]'},
    }) }}
{%- endmacro %}

{# Every way of cleaning: its name and whether hashtags stay marked. #}
{% macro ways_of_cleaning() -%}
    {%- set ways = [] -%}
    {%- for cleaning in cleaning_patterns() -%}
        {%- do ways.append([cleaning, false]) -%}
    {%- endfor -%}
    {%- for cleaning in hashtag_patterns() -%}
        {%- do ways.append([cleaning, true]) -%}
    {%- endfor -%}
    {{ return(ways) }}
{%- endmacro %}

{# The n-gram that starts at a position from 1. #}
{% macro ngram_at(text, position, ngram_size) -%}
    substring({{ text }}, {{ position }}, {{ ngram_size }})
{%- endmacro %}

{# How many n-grams a text has: one for each position, and a text shorter than n is one token itself
   when `whole_if_short`. #}
{% macro ngram_count(text, ngram_size, whole_if_short=false) -%}
    {% if whole_if_short -%}
        greatest(length({{ text }}) - {{ ngram_size }} + 1, 1)
    {%- else -%}
        length({{ text }}) - {{ ngram_size }} + 1
    {%- endif %}
{%- endmacro %}
