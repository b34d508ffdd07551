{# What a text is made into depends on the text and on nothing else that changes between builds: its content_id stands for
   both. A model that keeps its rows from build to build forgets those whose content is gone from upstream, and works on
   new contents only; `dbt build --full-refresh` makes all of them again. #}
{% macro forget_contents(upstream) -%}
    {%- if is_incremental() %}
        delete from {{ this }} where content_id not in (select content_id from {{ upstream }})
    {%- endif %}
{%- endmacro %}

{# The condition that leaves contents that are there already out of an incremental run. #}
{% macro where_content_is_new() -%}
    {%- if is_incremental() -%}
        where content_id not in (select content_id from {{ this }})
    {%- endif %}
{%- endmacro %}

{# Changes with the code that makes tokens of a text, as far as it can change without its text: the models that keep
   their rows, and the macros that they call. #}
{% macro tokenising_code() -%}
    {%- set code = [
        is_ascii('raw_text'),
        ascii_and_other_runs('raw_text'),
        lookup_cluster('raw_text', 'scheme'),
        ngram_at('raw_text', 'position', 'ngram_size'),
        ngram_count('raw_text', 'ngram_size'),
    ] %}
    {%- for cleaning, hashtags in ways_of_cleaning() %}
        {%- do code.append(clean_text('raw_text', cleaning, hashtags)) %}
    {%- endfor %}
    {%- if execute %}
        {%- for node in graph.nodes.values() | sort(attribute='unique_id') %}
            {%- if node.resource_type == 'model' and node.name in [
                'int_runs_normalised', 'int_texts_normalised', 'int_texts_cleaned', 'int_words_counted', 'int_ngrams_counted'
            ] %}
                {%- do code.append(node.raw_code) %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- return(local_md5(code | join)) }}
{%- endmacro %}
