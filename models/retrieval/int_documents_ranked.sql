{# One row for each system, query and document retrieved: the full ranking. #}
{%- set statistics = {
    'query_length': 'query_lengths.query_length',
    'document_length': 'document_lengths.document_length',
    'k1': 'systems.k1',
    'b': 'systems.b',
    'delta': 'systems.delta',
    'smoothing': 'systems.smoothing',
} %}
{%- set statistics_of_members = {
    'rank': 'rank',
    'score': 'score',
    'lowest_score': 'lowest_score',
    'highest_score': 'highest_score',
    'lowest_rank': 'lowest_rank',
    'smoothing': 'smoothing',
} %}
with

query_weights as (select * from {{ ref('int_query_weights') }}),

term_weights as (select * from {{ ref('int_term_weights') }}),

lengths as (select * from {{ ref('int_document_lengths') }}),

documents as (select * from {{ ref('documents') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

systems as (select * from {{ ref('systems') }}),

foreign_results as (select * from {{ ref('stg_runs__results') }}),

term_scores as (
    select
        term_weights.system_number,
        query_weights.query_number,
        term_weights.document_number,
        sum(query_weights.query_weight * term_weights.weight) as score
    from query_weights
    inner join term_weights
        on
            query_weights.system_number = term_weights.system_number
            and query_weights.term_id = term_weights.term_id
    group by term_weights.system_number, query_weights.query_number, term_weights.document_number
),

{# The next two hold rows only for formulas with a document part. #}
document_lengths as (
    select
        systems.system_number,
        lengths.document_number,
        lengths.document_length
    from systems
    inner join lengths
        on
            systems.index_id = lengths.index_id
            and systems.field_weights_id = lengths.field_weights_id
    where systems.formula in ('{{ formulas_with('document_part') | join("', '") }}')
),

query_lengths as (
    select distinct
        query_weights.system_number,
        query_weights.query_number,
        query_weights.query_length
    from systems
    inner join query_weights on systems.system_number = query_weights.system_number
    where systems.formula in ('{{ formulas_with('document_part') | join("', '") }}')
),

document_parts as (
    select
        term_scores.system_number,
        systems.system_id,
        term_scores.query_number,
        term_scores.document_number,
        term_scores.score as term_score,
        {{ document_part('systems.formula', statistics) }} as document_part
    from term_scores
    inner join systems on term_scores.system_number = systems.system_number
    left join document_lengths
        on
            term_scores.system_number = document_lengths.system_number
            and term_scores.document_number = document_lengths.document_number
    left join query_lengths
        on
            term_scores.system_number = query_lengths.system_number
            and term_scores.query_number = query_lengths.query_number
),

document_scores as (
    select
        *,
        term_score + coalesce(document_part, 0) as score
    from document_parts
),

own_results_ranked as (
    select
        document_scores.system_id,
        queries.query_id,
        documents.doc_id,
        document_scores.document_part,
        document_scores.score,
        {{ ranks(
            ['document_scores.system_number', 'document_scores.query_number'],
            'round(document_scores.score, 9)',
            'documents.doc_id',
        ) }}
    from document_scores
    inner join queries on document_scores.query_number = queries.query_number
    inner join documents on document_scores.document_number = documents.document_number
),

foreign_results_ranked as (
    select
        system_id,
        query_id,
        doc_id,
        cast(null as double) as document_part,
        score,
        {{ ranks(['system_id', 'query_id'], 'cast(score as real)', 'doc_id') }}
    from foreign_results
),

results_ranked as (
    select * from own_results_ranked
    union all
    select * from foreign_results_ranked
),

fusion_members as (
    select
        system_id,
        formula,
        smoothing,
        {{ explode(split_text('members', ' ')) }} as member_id
    from systems
    where system_kind = 'fusion'
),

member_results as (
    select
        fusion_members.system_id,
        fusion_members.formula,
        fusion_members.smoothing,
        results_ranked.query_id,
        results_ranked.doc_id,
        results_ranked.rank,
        results_ranked.score,
        min(results_ranked.score) over (
            partition by fusion_members.system_id, fusion_members.member_id, results_ranked.query_id
        ) as lowest_score,
        max(results_ranked.score) over (
            partition by fusion_members.system_id, fusion_members.member_id, results_ranked.query_id
        ) as highest_score,
        max(results_ranked.tied_low) over (
            partition by fusion_members.system_id, fusion_members.member_id, results_ranked.query_id
        ) as lowest_rank
    from results_ranked
    inner join fusion_members on results_ranked.system_id = fusion_members.member_id
),

fused_results as (
    select
        system_id,
        query_id,
        doc_id,
        cast(null as double) as document_part,
        sum({{ member_score('formula', statistics_of_members) }}) as score
    from member_results
    group by system_id, query_id, doc_id
),

fused_results_ranked as (
    select
        *,
        {{ ranks(['system_id', 'query_id'], 'round(score, 9)', 'doc_id') }}
    from fused_results
),

documents_ranked as (
    select * from results_ranked
    union all
    select * from fused_results_ranked
)

select * from documents_ranked
