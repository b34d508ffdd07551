{# The search by the pruned index: the best documents by BM25 (weight_bm25_lucene, k1 = 1.2, b = 0.75) of one text for each
   document. Two ways to the same ranking: the plain one scores every document with any of the terms; the pruned one,
   MaxScore a set at a time (Turtle and Flood: Query evaluation, strategies and optimizations, 1995), only those that can
   still be among the best. #}

{# A number of a term: the least and greatest of a row group lead to a number, as they do not to one of several words. #}
{% macro pruned_term_key(term) -%}
    cast({{ text_number(term) }} % 2147483647 as integer)
{%- endmacro %}

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

{# CTE: the terms of queries, each with its weight, the most that it adds, and what the last of its k best gets.
   `queries` is a relation with query_id and query_text, normalised. #}
{% macro pruned_query_terms(queries, k) -%}
    query_words as (
        select
            words.query_id,
            words.term,
            count(*) as query_term_frequency
        from (
            select
                queries.query_id,
                {{ explode(split_text(clean_text('lower(queries.query_text)', 'alphanumeric'), ' ')) }} as term
            from {{ queries }} as queries
        ) as words
        group by words.query_id, words.term
    ),

    query_terms as materialized (
        select
            query_words.query_id,
            terms.term_number,
            terms.mean_document_length,
            query_words.query_term_frequency * terms.inverse_document_frequency as weight,
            query_words.query_term_frequency * terms.inverse_document_frequency * terms.greatest_saturation as most,
            query_words.query_term_frequency * terms.inverse_document_frequency * case
                when {{ k }} <= 10 then terms.tenth_saturation
                when {{ k }} <= 100 then terms.hundredth_saturation
                else 0
            end as reached
        from query_words
        inner join search.pruned_terms as terms
            on
                {{ pruned_term_key('query_words.term') }} = terms.term_key
                and query_words.term = terms.term
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
    ordered_terms as materialized (
        select
            query_terms.*,
            sum(query_terms.most) over (
                partition by query_terms.query_id
                order by query_terms.most, query_terms.term_number rows between unbounded preceding and current row
            ) + {{ slack }} >= max(query_terms.reached) over (partition by query_terms.query_id) as is_essential
        from query_terms
    ),

    first_scores as materialized (
        select
            terms.query_id,
            postings.place,
            sum(terms.weight * {{ pruned_saturation('postings', 'terms.mean_document_length') }}) as score
        from search.pruned_postings as postings
        inner join (select * from ordered_terms where is_essential) as terms on postings.term_number = terms.term_number
        group by terms.query_id, postings.place
    ),

    kth_scores as (
        select
            first_scores.query_id,
            case when count(*) >= {{ k }} then list_min(max(first_scores.score, {{ k }})) else 0 end as kth_score
        from first_scores
        group by first_scores.query_id
    ),

    rests as (
        select
            ordered_terms.query_id,
            sum(ordered_terms.most) as most
        from ordered_terms
        where not ordered_terms.is_essential
        group by ordered_terms.query_id
    ),

    candidates as materialized (
        select
            first_scores.query_id,
            first_scores.place,
            first_scores.score
        from first_scores
        inner join kth_scores on first_scores.query_id = kth_scores.query_id
        left join rests on first_scores.query_id = rests.query_id
        where first_scores.score + coalesce(rests.most, 0) + {{ slack }} >= kth_scores.kth_score
    ),

    rest_terms as materialized (select * from ordered_terms where not is_essential),

    rest_scores as (
        {%- if is_one_query %}
        select
            candidates.query_id,
            candidates.place,
            rest_postings.score
        from (
            select
                postings.place,
                terms.weight * {{ pruned_saturation('postings', 'terms.mean_document_length') }} as score
            from search.pruned_postings as postings
            inner join rest_terms as terms on postings.term_number = terms.term_number
        ) as rest_postings
        inner join candidates on rest_postings.place = candidates.place
        {%- else %}
        select
            lookups.query_id,
            lookups.place,
            lookups.weight * {{ pruned_saturation('postings', 'lookups.mean_document_length') }} as score
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
            parts.query_id,
            parts.place,
            sum(parts.score) as score
        from (
            select * from candidates
            union all
            select * from rest_scores
        ) as parts
        group by parts.query_id, parts.place
    )
{%- endmacro %}

{# CTE: the documents of each query that have at least its k-th score: to order all of them takes longer than to find it. #}
{% macro best_scores(k) -%}
    rounded as materialized (
        select
            query_id,
            place,
            round(score, 9) as score
        from scores
    ),

    least_scores as (
        select
            query_id,
            list_min(max(score, {{ k }})) as score
        from rounded
        group by query_id
    ),

    best as (
        select rounded.*
        from rounded
        inner join least_scores on rounded.query_id = least_scores.query_id
        where rounded.score >= least_scores.score
    )
{%- endmacro %}

{# quick_search(query, k := 10): the best documents for one query, as rank, score and doc_id. Characters that are not ASCII
   are normalised as in the index. #}
{% macro quick_search_function() -%}
    create or replace macro quick_search(query, k := 10) as table
    with

    asked as (
        select
            coalesce(cast(query as varchar), '') as text,
            'standard' as scheme
    ),

    queries as (
        select
            1 as query_id,
            case
                when {{ is_ascii('asked.text') }} then asked.text
                else {{ normalised_text('asked.text', 'asked.scheme', 'forms.forms') }}
            end as query_text
        from asked
        cross join {{ needed_forms('asked') }} as forms
    ),

    {{ pruned_query_terms('queries', 'k') }},

    {{ pruned_scores('k', is_one_query=true) }},

    {{ best_scores('k') }}

    select
        cast(row_number() over (order by best.score desc, documents.document_number desc) as integer) as rank,
        best.score,
        documents.doc_id
    from best
    inner join search.pruned_documents as documents on best.place = documents.place
    qualify row_number() over (order by best.score desc, documents.document_number desc) <= k
    order by rank
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
