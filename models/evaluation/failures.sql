{# One row for each default system, the best of ours too, and judged query whose best relevant document, the target, is
   not on rank 1. #}
{%- set common_share = 0.1 %}
{%- set statistics_at_mean_length = term_statistics('term_documents', 'systems', 'document_norms') %}
{%- do statistics_at_mean_length.update({
    'document_length': 'term_documents.mean_document_length',
    'normalised_term_frequency': 'term_documents.term_frequency',
}) %}
with

all_systems as (select * from {{ ref('systems') }}),

leaderboard as (select * from {{ ref('leaderboard') }}),

best_system as (
    select leaderboard.entry_id as system_id
    from leaderboard
    inner join all_systems on leaderboard.entry_id = all_systems.system_id
    where
        leaderboard.entry_kind = 'system'
        and all_systems.system_kind <> 'foreign run'
    order by leaderboard.position
    limit 1
),

systems as (
    select *
    from all_systems
    where
        is_default
        or system_id in (select best_system.system_id from best_system)
),

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

judged_documents as (select * from {{ ref('int_judged_documents_ranked') }}),

documents_ranked as (select * from {{ ref('int_documents_ranked') }}),

qrels as (select * from {{ ref('qrels') }}),

documents as (select * from {{ ref('documents') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

int_query_terms as (select * from {{ ref('int_query_terms') }}),

query_weights as (select * from {{ ref('int_query_weights') }}),

document_norms as (select * from {{ ref('int_document_norms') }}),

term_weights as (select * from {{ ref('int_term_weights') }}),

term_documents as (select * from {{ ref('int_term_documents') }}),

terms as (select * from {{ ref('terms') }}),

postings as (select * from {{ ref('postings') }}),

near_duplicates as (select * from {{ ref('near_duplicates') }}),

collection as (select count(*) as document_count from documents),

query_terms as (
    select
        int_query_terms.*,
        terms.term
    from int_query_terms
    inner join terms on int_query_terms.index_id = terms.index_id and int_query_terms.term_id = terms.term_id
),

best_ranks as (
    select
        system_id,
        query_id,
        min(document_rank) as target_rank
    from judged_documents
    where is_relevant = 1
    group by system_id, query_id
),

{# What a system that found none of the relevant documents is held to. #}
first_targets as (
    select
        qrels.query_id,
        coalesce(min(documents.doc_id), min(qrels.doc_id)) as doc_id
    from qrels
    left join documents on qrels.doc_id = documents.doc_id
    where qrels.relevance > 0
    group by qrels.query_id
),

missed as (
    select
        systems.system_id,
        systems.system_number,
        systems.index_id,
        systems.tokenizer_id,
        systems.fields,
        systems.field_weights_id,
        query_runs.query_id,
        best_ranks.target_rank
    from query_runs
    inner join systems on query_runs.system_id = systems.system_id
    left join best_ranks
        on query_runs.system_id = best_ranks.system_id and query_runs.query_id = best_ranks.query_id
    where
        query_runs.relevant_count > 0
        and coalesce(best_ranks.target_rank, 0) <> 1
),

contenders as (
    select
        missed.system_id,
        missed.query_id,
        max(case when documents_ranked.rank = 1 then documents_ranked.doc_id end) as rival_doc_id,
        max(case when documents_ranked.rank = 1 then documents_ranked.score end) as rival_score,
        max(
            case when documents_ranked.rank = missed.target_rank - 1 then documents_ranked.doc_id end
        ) as closest_rival_doc_id,
        max(
            case when documents_ranked.rank = missed.target_rank - 1 then documents_ranked.score end
        ) as closest_rival_score,
        max(case when documents_ranked.rank = missed.target_rank then documents_ranked.doc_id end) as target_doc_id,
        max(case when documents_ranked.rank = missed.target_rank then documents_ranked.score end) as target_score,
        max(case when documents_ranked.rank = missed.target_rank then documents_ranked.tied_low end) as tied_low
    from missed
    inner join documents_ranked
        on missed.system_id = documents_ranked.system_id and missed.query_id = documents_ranked.query_id
    where documents_ranked.rank in (1, missed.target_rank - 1, missed.target_rank)
    group by missed.system_id, missed.query_id
),

duels as (
    select
        missed.*,
        queries.query_number,
        coalesce(contenders.target_doc_id, first_targets.doc_id) as target_doc_id,
        contenders.target_score,
        contenders.tied_low,
        contenders.rival_doc_id,
        contenders.rival_score,
        contenders.closest_rival_doc_id,
        contenders.closest_rival_score,
        targets.document_number as target_number,
        rivals.document_number as rival_number
    from missed
    inner join first_targets on missed.query_id = first_targets.query_id
    left join queries on missed.query_id = queries.query_id
    left join contenders on missed.system_id = contenders.system_id and missed.query_id = contenders.query_id
    left join documents as targets on coalesce(contenders.target_doc_id, first_targets.doc_id) = targets.doc_id
    left join documents as rivals on contenders.rival_doc_id = rivals.doc_id
),

{# Both documents of a duel, with everything that a term's weight in them depends on. #}
duellists as (
    select
        system_id,
        system_number,
        index_id,
        field_weights_id,
        query_id,
        query_number,
        true as is_target,
        target_number as document_number
    from duels
    union all
    select
        system_id,
        system_number,
        index_id,
        field_weights_id,
        query_id,
        query_number,
        false as is_target,
        rival_number as document_number
    from duels
),

matches as (
    select
        duellists.system_id,
        duellists.query_id,
        duellists.is_target,
        query_weights.term_id,
        term_documents.term_frequency,
        query_weights.query_weight * term_weights.weight as contribution,
        query_weights.query_weight
        * {{ term_weight('systems.formula', statistics_at_mean_length) }} as contribution_at_mean_length
    from duellists
    inner join systems on duellists.system_id = systems.system_id
    inner join query_weights
        on
            duellists.system_number = query_weights.system_number
            and duellists.query_number = query_weights.query_number
    inner join term_documents
        on
            duellists.index_id = term_documents.index_id
            and duellists.field_weights_id = term_documents.field_weights_id
            and duellists.document_number = term_documents.document_number
            and query_weights.term_id = term_documents.term_id
    inner join term_weights
        on
            duellists.system_number = term_weights.system_number
            and duellists.document_number = term_weights.document_number
            and query_weights.term_id = term_weights.term_id
    left join document_norms
        on
            duellists.system_number = document_norms.system_number
            and duellists.document_number = document_norms.document_number
),

{# What the rival is ahead by, term by term. #}
leads as (
    select
        duels.system_id,
        duels.query_id,
        duels.tokenizer_id,
        duels.fields,
        duels.target_number,
        query_terms.term_id,
        query_terms.term,
        query_terms.document_frequency > {{ common_share }} * collection.document_count as is_common,
        of_target.term_id is not null as is_shared,
        of_rival.term_id is not null as rival_has_it,
        coalesce(of_rival.contribution, 0) - coalesce(of_target.contribution, 0) as lead,
        coalesce(of_rival.contribution_at_mean_length, 0)
        - coalesce(of_target.contribution_at_mean_length, 0) as lead_at_mean_length
    from duels
    cross join collection
    inner join query_terms on duels.index_id = query_terms.index_id and duels.query_number = query_terms.query_number
    left join matches as of_target
        on
            duels.system_id = of_target.system_id
            and duels.query_id = of_target.query_id
            and query_terms.term_id = of_target.term_id
            and of_target.is_target
    left join matches as of_rival
        on
            duels.system_id = of_rival.system_id
            and duels.query_id = of_rival.query_id
            and query_terms.term_id = of_rival.term_id
            and not of_rival.is_target
),

lead_sums as (
    select
        system_id,
        query_id,
        count(*) as query_term_count,
        count(*) filter (where is_shared) as shared_term_count,
        count(*) filter (where rival_has_it) as rival_term_count,
        round(coalesce(sum(lead), 0), 9) as lead,
        round(coalesce(sum(lead) filter (where not is_common), 0), 9) as lead_in_rarer_terms,
        round(coalesce(sum(lead) filter (where is_shared), 0), 9) as lead_in_shared_terms,
        round(coalesce(sum(lead_at_mean_length), 0), 9) as lead_at_mean_length
    from leads
    group by system_id, query_id
),

terms_in_fields as (
    select
        leads.system_id,
        leads.query_id,
        leads.term_id,
        postings.field
    from leads
    inner join postings
        on
            leads.tokenizer_id = postings.tokenizer_id
            and leads.target_number = postings.document_number
            and leads.term_id = postings.term_id
    where
        leads.is_shared
        and (leads.fields = 'all' or ' ' || leads.fields || ' ' like '% ' || postings.field || ' %')
),

term_fields as (
    select
        system_id,
        query_id,
        term_id,
        rtrim({{ join_strings("field || ' '", 'field') }}, ' ') as fields
    from terms_in_fields
    group by system_id, query_id, term_id
),

terms_listed as (
    select
        leads.system_id,
        leads.query_id,
        rtrim(
            {{
                join_strings("leads.term || ' (' || term_fields.fields || '), '", 'leads.term')
            }} filter (where leads.is_shared),
            ', '
        ) as shared_terms,
        rtrim(
            {{ join_strings("leads.term || ', '", 'leads.term') }} filter (where not leads.is_shared), ', '
        ) as missing_terms
    from leads
    left join term_fields
        on
            leads.system_id = term_fields.system_id
            and leads.query_id = term_fields.query_id
            and leads.term_id = term_fields.term_id
    group by leads.system_id, leads.query_id
),

shared_fields as (
    select distinct
        system_id,
        query_id,
        field
    from terms_in_fields
),

fields_listed as (
    select
        system_id,
        query_id,
        rtrim({{ join_strings("field || ' '", 'field') }}, ' ') as shared_fields
    from shared_fields
    group by system_id, query_id
),

failures as (
    select
        duels.system_id,
        duels.query_id,
        duels.target_doc_id,
        duels.target_rank,
        duels.target_score,
        duels.rival_doc_id,
        duels.rival_score,
        duels.closest_rival_doc_id,
        duels.closest_rival_score,
        case
            when duels.target_number is null then 'not_in_the_collection'
            when duels.index_id is not null and coalesce(lead_sums.shared_term_count, 0) = 0 then 'no_shared_term'
            when duels.tied_low = 1 then 'tie_lost'
            when near_duplicates.doc_id is not null then 'beaten_by_near_duplicate'
            when lead_sums.lead_in_rarer_terms <= lead_sums.lead / 2 then 'drowned_by_common_terms'
            when lead_sums.lead_in_shared_terms <= lead_sums.lead / 2 then 'target_lacks_terms'
            when lead_sums.lead_at_mean_length <= lead_sums.lead / 2 then 'long_document'
            else 'outweighed'
        end as category,
        cast(coalesce(lead_sums.query_term_count, 0) as integer) as query_term_count,
        cast(coalesce(lead_sums.shared_term_count, 0) as integer) as shared_term_count,
        cast(coalesce(lead_sums.rival_term_count, 0) as integer) as rival_term_count,
        fields_listed.shared_fields,
        terms_listed.shared_terms,
        terms_listed.missing_terms,
        lead_sums.lead,
        lead_sums.lead - lead_sums.lead_in_rarer_terms as lead_in_common_terms,
        lead_sums.lead - lead_sums.lead_in_shared_terms as lead_in_missing_terms,
        lead_sums.lead - lead_sums.lead_at_mean_length as lead_by_length
    from duels
    left join lead_sums on duels.system_id = lead_sums.system_id and duels.query_id = lead_sums.query_id
    left join terms_listed on duels.system_id = terms_listed.system_id and duels.query_id = terms_listed.query_id
    left join fields_listed on duels.system_id = fields_listed.system_id and duels.query_id = fields_listed.query_id
    left join near_duplicates
        on
            least(duels.target_doc_id, duels.rival_doc_id) = near_duplicates.doc_id
            and greatest(duels.target_doc_id, duels.rival_doc_id) = near_duplicates.other_doc_id
)

select * from failures
