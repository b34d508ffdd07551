{# The search by the pruned index: the best documents by BM25 (weight_bm25_lucene, k1 = 1.2, b = 0.75) of one text for each
   document. Two ways to the same ranking: the plain one scores every document with any of the terms; the pruned one,
   MaxScore a set at a time (Turtle and Flood: Query evaluation, strategies and optimizations, 1995), only those that can
   still be among the best. #}

{# The part of a posting's weight that its query has no share in. #}
{% macro pruned_saturation(postings, mean_document_length) -%}
    {{ bm25_saturation(
        postings ~ '.term_frequency',
        'cast(1.2 as double)',
        bm25_length_factor({
            'b': 'cast(0.75 as double)',
            'document_length': postings ~ '.document_length',
            'mean_document_length': mean_document_length
        })
    ) }}
{%- endmacro %}

{# A join of what belongs to the same query. One query alone has no number: each column less is felt in its time. #}
{% macro join_of_query(left, right, is_one_query) -%}
    {{ 'cross join ' ~ right if is_one_query else 'inner join ' ~ right ~ ' on ' ~ left ~ '.query_id = ' ~ right ~ '.query_id' }}
{%- endmacro %}

{# CTE: the terms of queries, each with its weight, the most that it adds, and what the last of its k best gets.
   `queries` is a relation with query_text, normalised, and query_id but for one query. A term is looked up by the 63 bits
   of its key alone, which the index holds once. #}
{% macro pruned_query_terms(queries, k, is_one_query=false) -%}
    {%- set query_id = '' if is_one_query else 'query_id, ' -%}
    query_words as (
        select
            {{ query_id }}parts,
            {{ explode('list_distinct(parts)') }} as term
        from (
            select
                {{ query_id }}{{ split_text(clean_text('lower(query_text)', 'alphanumeric'), ' ') }} as parts
            from {{ queries }}
        ) as split_queries
    ),

    weighted_terms as (
        select
            query_words.* exclude (parts),
            terms.term_number,
            terms.mean_document_length,
            terms.greatest_saturation,
            case
                when {{ k }} <= 10 then terms.tenth_saturation
                when {{ k }} <= 100 then terms.hundredth_saturation
                else 0
            end as kth_saturation,
            len(list_filter(query_words.parts, lambda part: part = query_words.term))
                * terms.inverse_document_frequency as weight
        from query_words
        inner join search.pruned_terms as terms on {{ text_fingerprint('query_words.term') }} = terms.term_key
    ),

    query_terms as materialized (
        select
            *,
            weight * greatest_saturation as most,
            weight * kth_saturation as reached
        from weighted_terms
    )
{%- endmacro %}

{# CTE: every document with any of the terms, with its score. #}
{% macro plain_scores() -%}
    scores as (
        select
            query_terms.query_id,
            postings.place,
            sum(query_terms.weight * {{ pruned_saturation('postings', 'query_terms.mean_document_length') }}) as score
        from search.pruned_postings as postings
        inner join query_terms on postings.term_number = query_terms.term_number
        group by query_terms.query_id, postings.place
    )
{%- endmacro %}

{# CTEs: the documents that can be among the k best, with their scores. Terms in the order of the most that they add are
   left out from the least as long as all of them together cannot lift a document over the k-th score that is sure;
   then each document that the others leave within reach is given its whole score. `slack` is more than the rounding of sums.
   The postings of the terms left out are those of the few terms of one query, or with many queries those that the pairs of
   term and document name: which is joined first decides over what is read. #}
{% macro pruned_scores(k, is_one_query=false) -%}
    {%- set slack = 'cast(0.000001 as double)' -%}
    {%- set query_id = '' if is_one_query else 'query_id, ' -%}
    {%- set by_query = '' if is_one_query else 'group by query_id' -%}
    bounds as (
        select
            {{ query_id }}max(reached) as reached,
            array_agg({'most': most, 'term_number': term_number}) as terms
        from query_terms
        {{ by_query }}
    ),

    ordered_terms as materialized (
        select
            query_terms.*,
            list_sum(list_transform(
                list_filter(
                    bounds.terms,
                    lambda other: other.most < query_terms.most
                        or (other.most = query_terms.most and other.term_number <= query_terms.term_number)
                ),
                lambda other: other.most
            )) + {{ slack }} >= bounds.reached as is_essential
        from query_terms
        {{ join_of_query('query_terms', 'bounds', is_one_query) }}
    ),

    essential_terms as (select * from ordered_terms where is_essential),

    rest_terms as (select * from ordered_terms where not is_essential),

    first_scores as materialized (
        select
            {{ query_id }}postings.place,
            sum(terms.weight * {{ pruned_saturation('postings', 'terms.mean_document_length') }}) as score
        from search.pruned_postings as postings
        inner join essential_terms as terms on postings.term_number = terms.term_number
        group by {{ query_id }}postings.place
    ),

    kth_scores as (
        {%- if is_one_query %}
        select coalesce(sum(score), 0) as score
        from (
            select score
            from first_scores
            order by score desc
            limit 1 offset coalesce({{ k }}, 0) - 1
        ) as kth
        {%- else %}
        select
            query_id,
            coalesce({{ list_element(greatest_values('score', k), k) }}, 0) as score
        from first_scores
        group by query_id
        {%- endif %}
    ),

    rests as (
        select
            {{ query_id }}coalesce(sum(most) filter (where not is_essential), 0) + {{ slack }} as most
        from ordered_terms
        {{ by_query }}
    ),

    within_reach as (
        select
            {{ 'kth_scores.' if query_id }}{{ query_id }}kth_scores.score - rests.most as score
        from kth_scores
        {{ join_of_query('kth_scores', 'rests', is_one_query) }}
    ),

    candidates as materialized (
        select first_scores.*
        from first_scores
        {{ join_of_query('first_scores', 'within_reach', is_one_query) }}
        where first_scores.score >= within_reach.score
    ),

    rest_postings as (
        {%- if is_one_query %}
        select
            postings.place,
            postings.term_frequency,
            postings.document_length,
            postings.weight,
            postings.mean_document_length
        from (
            select
                postings.place,
                postings.term_frequency,
                postings.document_length,
                terms.weight,
                terms.mean_document_length
            from search.pruned_postings as postings
            inner join rest_terms as terms on postings.term_number = terms.term_number
        ) as postings
        inner join candidates on postings.place = candidates.place
        {%- else %}
        select
            lookups.query_id,
            postings.place,
            postings.term_frequency,
            postings.document_length,
            lookups.weight,
            lookups.mean_document_length
        from search.pruned_postings as postings
        inner join (
            select
                candidates.query_id,
                candidates.place,
                terms.term_number,
                terms.weight,
                terms.mean_document_length
            from candidates
            inner join rest_terms as terms on candidates.query_id = terms.query_id
        ) as lookups
            on
                postings.term_number = lookups.term_number
                and postings.place = lookups.place
        {%- endif %}
    ),

    scores as (
        select
            {{ query_id }}place,
            sum(score) as score
        from (
            select * from candidates
            union all
            select
                {{ query_id }}place,
                weight * {{ pruned_saturation('rest_postings', 'mean_document_length') }} as score
            from rest_postings
        ) as parts
        group by {{ query_id }}place
    )
{%- endmacro %}

{# CTE: the documents of each query that have at least its k-th score: to order all of them takes longer than to find it. #}
{% macro best_scores(k, is_one_query=false) -%}
    {%- set query_id = '' if is_one_query else 'query_id, ' -%}
    rounded as materialized (
        select
            {{ query_id }}place,
            round(score, 9) as score
        from scores
    ),

    least_scores as (
        {%- if is_one_query %}
        select min(score) as score
        from (
            select score
            from rounded
            order by score desc
            limit {{ k }}
        ) as greatest_scores
        {%- else %}
        select
            query_id,
            list_min({{ greatest_values('score', k) }}) as score
        from rounded
        group by query_id
        {%- endif %}
    ),

    best as (
        select rounded.*
        from rounded
        {{ join_of_query('rounded', 'least_scores', is_one_query) }}
        where rounded.score >= least_scores.score
    )
{%- endmacro %}

{# quick_search(query, k := 10): the best documents for one query, as rank, score and doc_id. Characters that are not ASCII
   are normalised as in the index. #}
{% macro quick_search_function() -%}
    create or replace macro quick_search(query, k := 10) as table
    with

    asked as (select coalesce(cast(query as varchar), '') as text),

    queries as (
        select
            case
                when {{ is_ascii('asked.text') }} then asked.text
                else {{ normalised_text('asked.text', "'standard'", 'forms.forms') }}
            end as query_text
        from asked
        cross join {{ needed_forms_of_short_text('asked', "'standard'") }} as forms
    ),

    {{ pruned_query_terms('queries', 'k', is_one_query=true) }},

    {{ pruned_scores('k', is_one_query=true) }},

    {{ best_scores('k', is_one_query=true) }},

    in_order as (
        select
            best.score,
            documents.document_number,
            documents.doc_id
        from best
        inner join search.pruned_documents as documents on best.place = documents.place
        order by best.score desc, documents.document_number desc
        limit k
    )

    select
        cast(row_number() over {{ window_in_stored_order('score desc, document_number desc') }} as integer) as rank,
        score,
        doc_id
    from in_order
{%- endmacro %}

{# quick_search_many(queries, k := 10), plain_search_many(queries, k := 10): the same for each row of a table that is named
   in `queries`, of query_id and query_text, ASCII. #}
{% macro search_many_function(name, scores) -%}
    create or replace macro {{ name }}(queries, k := 10) as table
    with

    queries_asked as (select * from query_table(queries)),

    {{ pruned_query_terms('queries_asked', 'k') }},

    {{ scores }},

    {{ best_scores('k') }}

    select
        best.query_id,
        cast(
            row_number() over (
                partition by best.query_id
                order by best.score desc, documents.document_number desc
            ) as integer
        ) as rank,
        best.score,
        documents.doc_id
    from best
    inner join search.pruned_documents as documents on best.place = documents.place
    qualify
        row_number() over (
            partition by best.query_id
            order by best.score desc, documents.document_number desc
        ) <= k
{%- endmacro %}

{# All of them, as statements. #}
{% macro pruned_search_functions() -%}
    {{ return([
        quick_search_function(),
        search_many_function('quick_search_many', pruned_scores('k')),
        search_many_function('plain_search_many', plain_scores()),
    ]) }}
{%- endmacro %}

{# For bench/search.py, which builds the same index of other texts. #}
{% macro print_pruned_search_functions() -%}
    {%- do print(tojson(pruned_search_functions())) %}
{%- endmacro %}
