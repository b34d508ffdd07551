{# search_rules(...): one row: how the system makes terms of a text, and what a snippet of it shows as one word, for
   clients that cannot call the functions. #}
{% macro search_rules_function(systems) -%}
    create or replace macro search_rules(system := null) as table
    with

    {{ chosen_system(systems, query='null') }}

    select
        chosen.system_id,
        chosen.scheme,
        chosen.parting_pattern,
        chosen.vanishing_pattern,
        case indexes.cleaning
            {%- for cleaning in cleaning_patterns() %}
            when '{{ cleaning }}' then '{{ shown_words_pattern(cleaning) }}'
            {%- endfor %}
        end as words_pattern,
        chosen.is_split,
        chosen.least_length,
        chosen.edge,
        chosen.term_size,
        list_filter(chosen.field_names, lambda field, place: chosen.weights[place] is not null) as fields
    from chosen
    inner join search_index.int_indexes_selected as indexes on chosen.index_id = indexes.index_id
{%- endmacro %}

{# terms_of(text, ...): one row for each term that the system makes of a text, with how often it stands there. #}
{% macro terms_of_function(systems) -%}
    create or replace macro terms_of(query, system := null) as table
    with

    {{ query_terms(systems) }}

    select
        query_terms.term,
        query_terms.query_term_frequency as term_frequency
    from query_terms
    order by query_terms.term
{%- endmacro %}
