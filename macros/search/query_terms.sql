{# What the search functions begin with. They are table macros: a parameter replaces every unqualified name that is the
   same, so that columns are qualified throughout. #}

{# A CTE: the one system that is asked for, or the best; an error that says what to do where there is none. #}
{% macro chosen_system() -%}
    chosen as materialized (
        select
            unnest(
                case
                    when count(systems.system_id) = 0
                        then error(
                            coalesce('there is no system ''' || cast(system as varchar) || '''', 'this file has no system to search')
                            || ': the table search.searchable_systems lists those that there are'
                        )
                    when any_value(systems.refusal) is not null
                        then error(
                            'system ''' || any_value(systems.system_id) || ''' cannot be searched from SQL, because '
                            || any_value(systems.refusal)
                            || ': choose one of search.searchable_systems whose refusal is null'
                        )
                    else any_value(systems)
                end
            )
        from search.searchable_systems as systems
        where case when system is null then systems.is_best else systems.system_id = cast(system as varchar) end
    )
{%- endmacro %}

{# A CTE: the forms that the scheme has for the non-ASCII characters and clusters of the texts that a query selects, as one
   map from kind and sequence. #}
{% macro needed_forms(name, texts) -%}
    {{ name }} as materialized (
        select map_from_entries(list((forms.kind || ' ' || forms.sequence, forms.form))) as forms
        from search_index.character_forms as forms
        where
            forms.scheme = (select chosen.scheme from chosen)
            and forms.sequence in (
                select unnest(clusters.parts)
                from (
                    select list_distinct(flatten(list_transform(
                        {{ all_matches('texts.text', '[^\\x00-\\x7F]+') }},
                        lambda run: flatten(list_transform(
                            {{ graphemes('run') }},
                            lambda cluster: list_append(
                                {{ split_text(lookup_cluster('cluster', 'chosen.scheme'), '') }},
                                {{ lookup_cluster('cluster', 'chosen.scheme') }}
                            )
                        ))
                    ))) as parts
                    from ({{ texts }}) as texts
                    cross join chosen
                ) as clusters
            )
    )
{%- endmacro %}

{# The grapheme clusters of a text, as a list. #}
{% macro graphemes(text) -%}
    list_transform({{ integers_to(grapheme_count(text)) }}, lambda place: {{ grapheme_at(text, 'place') }})
{%- endmacro %}

{# A text as its scheme normalises it, with the map of the forms that it needs. The same as the models in search_index do
   for all texts at once. #}
{% macro normalised(text, scheme, forms) -%}
    case
        when {{ is_ascii(text) }} then lower({{ text }})
        else array_to_string(
            list_transform(
                {{ ascii_and_other_runs(text) }},
                lambda run: case
                    when {{ is_ascii('run') }} then lower(run)
                    else array_to_string(
                        list_transform(
                            {{ graphemes('run') }},
                            lambda cluster: coalesce(
                                {{ forms }}['cluster ' || {{ lookup_cluster('cluster', scheme) }}],
                                array_to_string(
                                    list_transform(
                                        {{ split_text(lookup_cluster('cluster', scheme), '') }},
                                        lambda character: coalesce({{ forms }}['character ' || character], '')
                                    ),
                                    ''
                                )
                            )
                        ),
                        ''
                    )
                end
            ),
            ''
        )
    end
{%- endmacro %}

{# A normalised text, cleaned as the row says. #}
{% macro cleaned_as(cleaning, text) -%}
    case {{ cleaning }}
        {%- for name in ['alphanumeric', 'original', 'separated'] %}
        when '{{ name }}' then {{ clean_text(text, name) }}
        {%- endfor %}
    end
{%- endmacro %}

{# The terms of a cleaned text, by the tokenizer's unit, as a list that keeps repetitions. #}
{% macro terms_of(cleaned_text, unit, ngram_size) -%}
    case {{ unit }}
        when 'word' then list_filter({{ split_text(cleaned_text, ' ') }}, lambda word: word <> '')
        when 'ngram'
            then list_transform(
                {{ integers_to(ngram_count(cleaned_text, ngram_size)) }},
                lambda place: {{ ngram_at(cleaned_text, 'place', ngram_size) }}
            )
        when 'bounded_ngram'
            then flatten(list_transform(
                list_filter({{ split_text(cleaned_text, ' ') }}, lambda word: word <> ''),
                lambda word: list_transform(
                    {{ integers_to(ngram_count("('_' || word || '_')", ngram_size, whole_if_short=true)) }},
                    lambda place: {{ ngram_at("('_' || word || '_')", 'place', ngram_size) }}
                )
            ))
    end
{%- endmacro %}

{# CTEs: the chosen system, and the terms of the query that its index has. A stop word is in no index and needs no list. #}
{% macro query_terms() -%}
    {{ chosen_system() }},

    {{ needed_forms('query_forms', "select coalesce(cast(query as varchar), '') as text") }},

    query_normalised as (
        select {{ normalised("coalesce(cast(query as varchar), '')", 'chosen.scheme', 'query_forms.forms') }} as text
        from chosen
        cross join query_forms
    ),

    query_cleaned as (
        select {{ cleaned_as('chosen.cleaning', 'query_normalised.text') }} as text
        from query_normalised
        cross join chosen
    ),

    query_tokens as (
        select unnest({{ terms_of('query_cleaned.text', 'chosen.unit', 'chosen.ngram_size') }}) as term
        from query_cleaned
        cross join chosen
    ),

    query_terms as (
        select
            query_tokens.term,
            count(*) as query_term_frequency
        from query_tokens
        group by query_tokens.term
    ),

    index_terms as (
        select
            terms.term_id,
            terms.term,
            query_terms.query_term_frequency,
            terms.document_frequency,
            terms.collection_frequency
        from search_index.terms as terms
        inner join query_terms on terms.term = query_terms.term
        where terms.index_id = (select chosen.index_id from chosen)
    )
{%- endmacro %}

{# The statistics that the formulas read. #}
{% macro search_statistics() -%}
    {{ return({
        'term_frequency': 'term_documents.term_frequency',
        'normalised_term_frequency': 'term_documents.normalised_term_frequency',
        'document_frequency': 'term_documents.document_frequency',
        'collection_frequency': 'term_documents.collection_frequency',
        'document_count': 'chosen.document_count',
        'document_length': 'lengths.document_length',
        'mean_document_length': 'chosen.mean_document_length',
        'k1': 'chosen.k1',
        'b': 'chosen.b',
        'delta': 'chosen.delta',
    }) }}
{%- endmacro %}

{# How often a term stands in a field, by the field's weight; and the same normalised by the field's own length. #}
{% macro weighted_frequency() -%}
    chosen.weights[postings.field_number] * postings.term_frequency
{%- endmacro %}

{% macro normalised_frequency() -%}
    chosen.weights[postings.field_number] * postings.term_frequency
    / {{ field_length_factor(
        'chosen.field_bs[postings.field_number]',
        'postings.field_length',
        'chosen.field_mean_lengths[postings.field_number]',
    ) }}
{%- endmacro %}
