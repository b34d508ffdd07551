{# Say, after the corpus is built, which var would have kept the TikToks that the clean rule excluded all. #}
{% macro tell_if_corpus_is_empty(corpus_relation, judged_relation) -%}
    {%- if execute and not var('keep_incomplete_tiktoks', false) -%}
        {%- set counts = run_query(
            'select count(*), (select count(*) from ' ~ corpus_relation ~ ') from ' ~ judged_relation
        ).rows[0] -%}
        {%- if counts[0] > 0 and counts[1] == 0 -%}
            {%- do exceptions.warn(
                'The corpus is empty: none of the ' ~ counts[0] ~ ' scraped TikToks has a download, a cover text and a'
                ~ ' transcript (corpus.funnel says what is missing). To keep them with empty fields, build with'
                ~ " --vars 'keep_incomplete_tiktoks: true'"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
