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

{# What a posting adds to the score of its document. #}
{% macro pruned_contribution(postings, terms, mean_document_length) -%}
    {{ terms }}.weight * {{ pruned_saturation(postings, mean_document_length) }}
{%- endmacro %}

{# The tokens of a document in the mean. The functions hold it, and the number of documents, as numbers: as a column it
   would go through each of their joins, a twentieth of the time of one query. #}
{% macro pruned_mean_document_length(documents) -%}
    avg(cast({{ documents }}.document_length as double))
{%- endmacro %}

{# The number by which a term is looked up: 24 bits, as the index on it takes 19 bytes for each term then, and over 50 with
   63 bits or with the term itself. #}
{% macro pruned_term_key(term) -%}
    cast({{ text_fingerprint(term) }} % {{ 2 ** 24 }} as integer)
{%- endmacro %}

{# More than the rounding of sums. #}
{% macro pruning_slack() -%}
    cast(0.000001 as double)
{%- endmacro %}

{# A join of what belongs to the same query. One query alone has no number: each column less is felt in its time. #}
{% macro join_of_query(left, right, is_one_query) -%}
    {{ 'cross join ' ~ right if is_one_query else 'inner join ' ~ right ~ ' on ' ~ left ~ '.query_id = ' ~ right ~ '.query_id' }}
{%- endmacro %}

{# CTE: the terms of queries, each with its weight, the most that it adds, and what the last of its k best gets.
   `queries` is a relation with query_text, normalised, and query_id but for one query. Several terms may have one key. Were
   the comparison of the terms an equality alone, it would be part of the join, and DuckDB, which reads by an index only
   where that is all that a join asks for, would read the whole table. #}
{% macro pruned_query_terms(queries, k, document_count, is_one_query=false) -%}
    {%- set query_id = '' if is_one_query else 'query_id, ' -%}
    query_words as (
        select
            {{ query_id }}term,
            len(list_filter(parts, lambda part: part = term)) as query_term_frequency
        from (
            select
                {{ query_id }}parts,
                {{ explode('list_distinct(parts)') }} as term
            from (
                select
                    {{ query_id }}{{ split_text(clean_text('lower(query_text)', 'alphanumeric'), ' ') }} as parts
                from {{ queries }}
            ) as split_queries
        ) as words
    ),

    weighted_terms as (
        select
            {{ query_id }}terms.term_number,
            terms.document_frequency,
            terms.greatest_saturation,
            case
                when {{ k }} <= 10 then terms.tenth_saturation
                when {{ k }} <= 100 then terms.hundredth_saturation
                else 0
            end as kth_saturation,
            query_words.query_term_frequency * cast({{ idf_bm25_lucene({
                'document_count': document_count, 'document_frequency': 'terms.document_frequency'
            }) }} as double) as weight
        from query_words
        inner join search.pruned_terms as terms
            on
                {{ pruned_term_key('query_words.term') }} = terms.term_key
                and (query_words.term = terms.term or terms.term is null)
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
{% macro plain_scores(mean_document_length) -%}
    scores as (
        select
            query_terms.query_id,
            postings.place,
            sum({{ pruned_contribution('postings', 'query_terms', mean_document_length) }}) as score
        from search.pruned_postings as postings
        inner join query_terms on postings.term_number = query_terms.term_number
        group by query_terms.query_id, postings.place
    )
{%- endmacro %}

{# CTEs: the terms in the order of the most that they add, parted: from the least, those are left out that all together
   cannot lift a document over the score that is sure to be reached by k; the others are essential. Of terms that add
   equally much all are left out or none. The list of one query is grouped by what has few values, as DuckDB otherwise sets
   up a hash table of megabytes for it. #}
{% macro parted_terms(is_one_query=false) -%}
    {%- set query_id = '' if is_one_query else 'query_id, ' -%}
    bounds as (
        select
            {{ query_id }}max(reached) as reached,
            array_agg(most) as most_of_each
        from query_terms
        group by {{ 'cast(most is null as tinyint)' if is_one_query else 'query_id' }}
    ),

    ordered_terms as materialized (
        select
            query_terms.*,
            bounds.reached as query_reached,
            list_sum(list_filter(bounds.most_of_each, lambda other: other <= query_terms.most)) + {{ pruning_slack() }}
                >= bounds.reached as is_essential
        from query_terms
        {{ join_of_query('query_terms', 'bounds', is_one_query) }}
    )
{%- endmacro %}

{# CTEs: the documents that can be among the k best of one query, with their scores. The k-th score of the essential terms
   alone tells which documents the terms left out can still lift among the best; those are given their whole score. There are
   few steps, as in a small collection each costs more than what one query reads in it. #}
{% macro pruned_scores_of_one(k, mean_document_length) -%}
    {{ parted_terms(is_one_query=true) }},

    essential_terms as (select * from ordered_terms where is_essential),

    rest_terms as (select * from ordered_terms where not is_essential),

    first_scores as materialized (
        select
            postings.place,
            sum({{ pruned_contribution('postings', 'terms', mean_document_length) }}) as score
        from search.pruned_postings as postings
        inner join essential_terms as terms on postings.term_number = terms.term_number
        group by postings.place
    ),

    kth_scores as (
        select coalesce(sum(score), 0) as score
        from (
            select score
            from first_scores
            order by score desc
            limit 1 offset coalesce({{ k }}, 0) - 1
        ) as kth
    ),

    rests as (
        select coalesce(sum(most) filter (where not is_essential), 0) + {{ pruning_slack() }} as most
        from ordered_terms
    ),

    within_reach as (
        select kth_scores.score - rests.most as score
        from kth_scores
        cross join rests
    ),

    candidates as materialized (
        select first_scores.*
        from first_scores
        cross join within_reach
        where first_scores.score >= within_reach.score
    ),

    rest_postings as (
        select
            postings.place,
            postings.term_frequency,
            postings.document_length,
            postings.weight
        from (
            select
                postings.place,
                postings.term_frequency,
                postings.document_length,
                terms.weight
            from search.pruned_postings as postings
            inner join rest_terms as terms on postings.term_number = terms.term_number
        ) as postings
        inner join candidates on postings.place = candidates.place
    ),

    scores as (
        select
            place,
            sum(score) as score
        from (
            select * from candidates
            union all
            select
                place,
                {{ pruned_contribution('rest_postings', 'rest_postings', mean_document_length) }} as score
            from rest_postings
        ) as parts
        group by place
    )
{%- endmacro %}

{# CTEs: the same for many queries, where rows count and not steps. Nine of ten documents of a query have one essential
   term, and to group by query and document costs several times what a join of both does. So the postings of the widest
   essential term, most of all, are joined to the sums of the narrow ones; of the terms left out, that which can add most
   comes first and leaves few documents to the others. #}
{% macro pruned_scores_of_many(k, mean_document_length) -%}
    {{ parted_terms() }},

    numbered_terms as materialized (
        select
            *,
            sum(case when is_essential then 0 else most end) over (partition by query_id)
                + {{ pruning_slack() }} as rest_most,
            row_number() over (
                partition by query_id, is_essential
                order by document_frequency desc, term_number
            ) as number_by_width,
            row_number() over (
                partition by query_id, is_essential
                order by most desc, term_number
            ) as number_by_most
        from ordered_terms
    ),

    widest_terms as (select * from numbered_terms where is_essential and number_by_width = 1),

    narrow_terms as (select * from numbered_terms where is_essential and number_by_width > 1),

    first_rest_terms as (select * from numbered_terms where not is_essential and number_by_most = 1),

    later_rest_terms as (select * from numbered_terms where not is_essential and number_by_most > 1),

    wide_scores as (
        select
            terms.query_id,
            postings.place,
            {{ pruned_contribution('postings', 'terms', mean_document_length) }} as score,
            terms.query_reached - terms.rest_most as least_score
        from search.pruned_postings as postings
        inner join widest_terms as terms on postings.term_number = terms.term_number
    ),

    narrow_scores as (
        select
            terms.query_id,
            postings.place,
            sum({{ pruned_contribution('postings', 'terms', mean_document_length) }}) as score
        from search.pruned_postings as postings
        inner join narrow_terms as terms on postings.term_number = terms.term_number
        group by terms.query_id, postings.place
    ),

    first_scores as materialized (
        select
            coalesce(wide_scores.query_id, narrow_scores.query_id) as query_id,
            coalesce(wide_scores.place, narrow_scores.place) as place,
            coalesce(wide_scores.score, 0) + coalesce(narrow_scores.score, 0) as score
        from wide_scores
        full outer join narrow_scores
            on
                wide_scores.query_id = narrow_scores.query_id
                and wide_scores.place = narrow_scores.place
        where (wide_scores.score + coalesce(narrow_scores.score, 0) < wide_scores.least_score) is not true
    ),

    kth_scores as (
        select
            query_id,
            coalesce({{ list_element(greatest_values('score', k), k) }}, 0) as score
        from first_scores
        group by query_id
    ),

    within_reach as (
        select
            kth_scores.query_id,
            kth_scores.score - widest_terms.rest_most as least_score,
            kth_scores.score - widest_terms.rest_most + coalesce(first_rest_terms.most, 0) as next_least_score,
            first_rest_terms.term_number,
            first_rest_terms.weight
        from kth_scores
        inner join widest_terms on kth_scores.query_id = widest_terms.query_id
        left join first_rest_terms on kth_scores.query_id = first_rest_terms.query_id
    ),

    first_lookups as (
        select
            first_scores.query_id,
            first_scores.place,
            first_scores.score,
            within_reach.next_least_score,
            within_reach.term_number,
            within_reach.weight
        from first_scores
        inner join within_reach on first_scores.query_id = within_reach.query_id
        where first_scores.score >= within_reach.least_score
    ),

    second_scores as (
        select
            lookups.query_id,
            lookups.place,
            lookups.next_least_score,
            lookups.score + coalesce({{ pruned_contribution('postings', 'lookups', mean_document_length) }}, 0) as score
        from {{ postings_of('first_rest_terms') }} as postings
        right join first_lookups as lookups
            on
                postings.term_number = lookups.term_number
                and postings.place = lookups.place
    ),

    candidates as materialized (
        select
            query_id,
            place,
            score
        from second_scores
        where score >= next_least_score
    ),

    later_lookups as (
        select
            candidates.query_id,
            candidates.place,
            terms.term_number,
            terms.weight
        from candidates
        inner join later_rest_terms as terms on candidates.query_id = terms.query_id
    ),

    rest_scores as (
        select
            lookups.query_id,
            lookups.place,
            {{ pruned_contribution('postings', 'lookups', mean_document_length) }} as score
        from {{ postings_of('later_rest_terms') }} as postings
        inner join later_lookups as lookups
            on
                postings.term_number = lookups.term_number
                and postings.place = lookups.place
    ),

    scores as (
        select
            query_id,
            place,
            sum(score) as score
        from (
            select * from candidates
            union all
            select * from rest_scores
        ) as parts
        group by query_id, place
    )
{%- endmacro %}

{# The postings of some terms: half of all or fewer are then looked up by term and document, which takes longer. #}
{% macro postings_of(terms) -%}
    (
            select *
            from search.pruned_postings
            where term_number in (select term_number from {{ terms }})
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
{% macro quick_search_function(mean_document_length, document_count) -%}
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

    {{ pruned_query_terms('queries', 'k', document_count, is_one_query=true) }},

    {{ pruned_scores_of_one('k', mean_document_length) }},

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
{% macro search_many_function(name, scores, document_count) -%}
    create or replace macro {{ name }}(queries, k := 10) as table
    with

    queries_asked as (select * from query_table(queries)),

    {{ pruned_query_terms('queries_asked', 'k', document_count) }},

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

{# All of them, as statements, with expressions of the index's mean_document_length and document_count. #}
{% macro pruned_search_functions(mean_document_length, document_count) -%}
    {{ return([
        quick_search_function(mean_document_length, document_count),
        search_many_function('quick_search_many', pruned_scores_of_many('k', mean_document_length), document_count),
        search_many_function('plain_search_many', plain_scores(mean_document_length), document_count),
    ]) }}
{%- endmacro %}

{# After pruned_terms is built, in its transaction, so that terms and functions are always of the same documents. #}
{% macro create_pruned_search_functions() -%}
    {%- if execute %}
        {%- set statistics = run_query(
            "select coalesce(cast(" ~ pruned_mean_document_length('documents') ~ " as varchar), '0'), count(*)"
            ~ " from " ~ ref('pruned_documents') ~ " as documents"
        ).rows[0] %}
        {%- for statement in pruned_search_functions("cast('" ~ statistics[0] ~ "' as double)", statistics[1]) %}
            {%- do run_query(statement) %}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{# For bench/search.py, which builds the same index of other texts and puts their statistics in place of the names in
   braces. #}
{% macro print_pruned_search() -%}
    {%- set indexes = [] %}
    {%- for index in search_indexes() if index.table.startswith('pruned_') %}
        {%- do indexes.append(search_index_statement(index)) %}
    {%- endfor %}
    {%- do print(tojson({
        'indexes': indexes,
        'functions': pruned_search_functions("cast('{mean_document_length}' as double)", '{document_count}')
    })) %}
{%- endmacro %}
