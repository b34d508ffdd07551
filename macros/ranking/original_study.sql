{# The original study's grid: 80 indexes (words and 4- to 7-grams, each with any of three field groups beside the basic
   one, united or attributed) by 12 formulas (term weight b or t, collection weight x, f or p, normaliser x or c).

   Its field groups are bits, so that a set of fields is their sum: 1 basic (what the creator wrote), 2 speech,
   4 cover text, 8 comments. An index of united fields is one set; an attributed one counts a term apart in each group,
   so that its scores and squared lengths are sums over sets of one group. #}

{# The sizes of its n-grams; 0 stands for words. #}
{% macro original_study_ngram_sizes() -%}
    {{ return([0, 4, 5, 6, 7]) }}
{%- endmacro %}

{# The groups that a set of fields holds. #}
{% macro field_groups_of(field_set) -%}
    {% set groups = [] %}
    {% for group in [1, 2, 4, 8] if (field_set // group) % 2 == 1 %}
        {% do groups.append(group) %}
    {% endfor %}
    {{ return(groups) }}
{%- endmacro %}

{# The field sets of its indexes: the basic group and any of the others. #}
{% macro original_study_index_sets() -%}
    {{ return([1, 3, 5, 7, 9, 11, 13, 15]) }}
{%- endmacro %}

{# All sets for which statistics are needed: those of the indexes and the single groups. #}
{% macro original_study_field_sets() -%}
    {{ return((original_study_index_sets() + [2, 4, 8]) | sort) }}
{%- endmacro %}

{# Its weights of a term in a document: term weight and collection weight. #}
{% macro original_study_weightings() -%}
    {{ return([('b', 'x'), ('t', 'x'), ('b', 'f'), ('t', 'f'), ('b', 'p'), ('t', 'p')]) }}
{%- endmacro %}

{# x: 1. f: log2(N / df). p: log2((N - df) / df), below 0 for a term that more than half of the documents have; one that
   all have, where that is minus infinity, is left out. Null where no document has the term. #}
{% macro original_study_collection_weight(collection_weight, document_frequency, document_count) -%}
    {% if collection_weight == 'x' -%}
        case when {{ document_frequency }} > 0 then cast(1 as double) end
    {%- elif collection_weight == 'f' -%}
        case when {{ document_frequency }} > 0 then log2({{ document_count }} / cast({{ document_frequency }} as double)) end
    {%- else -%}
        case
                when {{ document_frequency }} = {{ document_count }} then cast(0 as double)
                when {{ document_frequency }} > 0
                    then log2(({{ document_count }} - {{ document_frequency }}) / cast({{ document_frequency }} as double))
            end
    {%- endif %}
{%- endmacro %}

{# b: 1 where the term occurs. t: how often it does. As doubles. #}
{% macro original_study_term_weight(term_weight, field_set) -%}
    {%- set frequencies = [] -%}
    {%- for group in field_groups_of(field_set) %}{% do frequencies.append('frequency_' ~ group) %}{% endfor -%}
    {%- if term_weight == 't' -%}
        cast({{ frequencies | join(' + ') }} as double)
    {%- else -%}
        cast({{ frequencies | join(' + ') }} > 0 as integer)
    {%- endif -%}
{%- endmacro %}

{# The terms of cleaned texts: one row for each occurrence, with n-gram size, the columns `columns` and the term. `texts`
   is a table and no CTE: DuckDB would copy one that is read five times, and forget on the way that it is ASCII. #}
{% macro original_study_tokens(texts, columns, condition) -%}
    select
            0 as ngram_size,
            {{ columns | join(', ') }},
            {{ explode(split_text('cleaned_text', ' ')) }} as term
        from {{ texts }}
        where {{ condition }}
        {%- for ngram_size in original_study_ngram_sizes() if ngram_size > 0 %}
        union all
        select
            {{ ngram_size }} as ngram_size,
            {{ columns | join(', ') }},
            {{ ngram_at('cleaned_text', 'position', ngram_size) }} as term
        from (
            select
                {{ columns | join(', ') }},
                cleaned_text,
                {{ explode(integers_to(ngram_count('cleaned_text', ngram_size))) }} as position
            from {{ texts }}
            where {{ condition }}
        ) as positions
        {%- endfor %}
{%- endmacro %}

{# The experiments on indexes of one n-gram size. #}
{% macro original_study_experiments() -%}
    {% set experiments = [] %}
    {% for fields in ['united', 'attributed'] %}
        {% for field_set in original_study_index_sets() %}
            {% for term_weight, collection_weight in original_study_weightings() %}
                {% for normaliser in ['x', 'c'] %}
                    {% do experiments.append({
                        'name': [fields, field_set, term_weight, collection_weight, normaliser] | join('_'),
                        'field_set': field_set,
                        'parts': [field_set] if fields == 'united' else field_groups_of(field_set),
                        'weighting': term_weight ~ '_' ~ collection_weight,
                        'normaliser': normaliser,
                    }) %}
                {% endfor %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(experiments) }}
{%- endmacro %}

{# A sum over the experiment's parts: its field set, or each of its groups. #}
{% macro original_study_sum(experiment, columns) -%}
    {%- for part in experiment.parts -%}
        {{ ' + ' if not loop.first }}coalesce({{ columns }}_{{ part }}_{{ experiment.weighting }}, 0)
    {%- endfor -%}
{%- endmacro %}

{# The inner product with the query, whose weights are all 1; by the cosine (c) divided by the length of the document's
   vector. A vector of length 0 has no direction, and its score is 0 as well. #}
{% macro original_study_score(experiment, scores, lengths) -%}
    {%- set score = original_study_sum(experiment, scores ~ '.score') -%}
    {%- if experiment.normaliser == 'c' -%}
        coalesce(({{ score }}) / nullif(sqrt({{ original_study_sum(experiment, lengths ~ '.squared_length') }}), 0), 0)
    {%- else -%}
        {{ score }}
    {%- endif -%}
{%- endmacro %}

{# The field set of an index's settings. #}
{% macro original_study_field_set_of(settings) -%}
    1
                + case when {{ settings }}.speech then 2 else 0 end
                + case when {{ settings }}.cover_text then 4 else 0 end
                + case when {{ settings }}.comments then 8 else 0 end
{%- endmacro %}
