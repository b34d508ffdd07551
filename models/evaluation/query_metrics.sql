{# One row for each system, judged query and measure. #}
{%- set persistence = var('rbp_persistence', 0.8) %}
{%- set ranking_metrics = ['reciprocal_rank', 'target_rank', 'average_precision', 'r_precision', 'bpref', 'rbp'] %}
{%- set cutoffs = (success_cutoffs() + list_cutoffs() + [no_cutoff()]) | unique | sort %}
with

query_runs as (select * from {{ ref('int_query_runs_judged') }}),

judged_documents as (select * from {{ ref('int_judged_documents_ranked') }}),

qrels as (select * from {{ ref('qrels') }}),

cutoffs as (
    {% for cutoff in cutoffs -%}
    select {{ cutoff }} as cutoff
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ideal_ranking as (
    select
        query_id,
        {{ gain('relevance') }} as gain,
        row_number() over (partition by query_id order by relevance desc, doc_id asc) as document_rank
    from qrels
),

ideal_gains as (
    select
        ideal_ranking.query_id,
        cutoffs.cutoff,
        sum(ideal_ranking.gain * {{ rank_discount('ideal_ranking.document_rank') }}) as ideal_discounted_gain
    from ideal_ranking
    inner join cutoffs on ideal_ranking.document_rank <= cutoffs.cutoff
    group by ideal_ranking.query_id, cutoffs.cutoff
),

{# By the tie rule. #}
found_at_cutoffs as (
    select
        judged_documents.system_id,
        judged_documents.query_id,
        cutoffs.cutoff,
        sum(judged_documents.is_relevant) as relevant_found,
        count(*) as judged_found,
        sum(judged_documents.gain * {{ rank_discount('judged_documents.document_rank') }}) as discounted_gain
    from judged_documents
    inner join cutoffs on judged_documents.document_rank <= cutoffs.cutoff
    group by judged_documents.system_id, judged_documents.query_id, cutoffs.cutoff
),

found as (
    select
        judged_documents.system_id,
        judged_documents.query_id,
        min(case when judged_documents.is_relevant = 1 then judged_documents.document_rank end) as first_relevant_rank,
        sum(judged_documents.is_relevant) as relevant_found,
        sum(
            judged_documents.is_relevant
            * {{ precision_at_relevant_document('judged_documents.relevant_so_far', 'judged_documents.document_rank') }}
        ) as precision_sum,
        sum(
            case when judged_documents.document_rank <= query_runs.relevant_count then judged_documents.is_relevant end
        ) as relevant_found_at_relevant_count,
        sum(
            judged_documents.is_relevant
            * {{
                preference_of_relevant_document(
                    'judged_documents.nonrelevant_before', 'query_runs.relevant_count', 'query_runs.nonrelevant_count'
                )
            }}
        ) as preference_sum,
        sum(
            judged_documents.is_relevant * {{ rank_biased_gain('judged_documents.document_rank', persistence) }}
        ) as rank_biased_gain_sum
    from judged_documents
    inner join query_runs
        on judged_documents.system_id = query_runs.system_id and judged_documents.query_id = query_runs.query_id
    group by judged_documents.system_id, judged_documents.query_id
),

{# Expected under random order of equal scores. #}
tie_groups as (
    select
        system_id,
        query_id,
        tied_low,
        tied_high,
        tied_high - tied_low + 1 as size,
        sum(is_relevant) as relevant,
        sum(is_nonrelevant) as nonrelevant,
        count(*) as judged,
        sum(gain) as gain,
        max(relevant_so_far) - sum(is_relevant) as relevant_before,
        min(nonrelevant_before) as nonrelevant_before
    from judged_documents
    group by system_id, query_id, tied_low, tied_high
),

ranks as (
    select {{ explode(integers_to('max(tied_high)')) }} as document_rank
    from tie_groups
),

rank_sums as (
    select
        document_rank,
        sum(1 / cast(document_rank as double)) over (
            order by document_rank rows between unbounded preceding and current row
        ) as harmonic_sum,
        sum({{ rank_discount('document_rank') }}) over (
            order by document_rank rows between unbounded preceding and current row
        ) as discount_sum
    from ranks
),

found_in_groups as (
    select
        tie_groups.system_id,
        tie_groups.query_id,
        cutoffs.cutoff,
        tie_groups.size,
        tie_groups.relevant,
        tie_groups.judged,
        tie_groups.gain,
        tie_groups.tied_low,
        least(tie_groups.tied_high, cutoffs.cutoff) as last_rank,
        {{ ranks_within('tie_groups.tied_low', 'tie_groups.tied_high', 'cutoffs.cutoff') }} as within_cutoff
    from tie_groups
    inner join cutoffs on tie_groups.tied_low <= cutoffs.cutoff
),

expected_at_cutoffs as (
    select
        found_in_groups.system_id,
        found_in_groups.query_id,
        found_in_groups.cutoff,
        sum(
            found_in_groups.relevant * found_in_groups.within_cutoff / cast(found_in_groups.size as double)
        ) as relevant_found,
        sum(
            found_in_groups.judged * found_in_groups.within_cutoff / cast(found_in_groups.size as double)
        ) as judged_found,
        sum(
            found_in_groups.gain / cast(found_in_groups.size as double)
            * (last_sums.discount_sum - coalesce(sums_before.discount_sum, 0))
        ) as discounted_gain,
        {# At most one group lies across the cutoff: the least likely failure decides. #}
        1 - min(
            {{
                probability_of_no_relevant(
                    'found_in_groups.size', 'found_in_groups.relevant', 'found_in_groups.within_cutoff'
                )
            }}
        ) as success
    from found_in_groups
    inner join rank_sums as last_sums on found_in_groups.last_rank = last_sums.document_rank
    left join rank_sums as sums_before on found_in_groups.tied_low - 1 = sums_before.document_rank
    group by found_in_groups.system_id, found_in_groups.query_id, found_in_groups.cutoff
),

relevant_groups as (
    select
        tie_groups.*,
        query_runs.relevant_count,
        query_runs.nonrelevant_count,
        last_sums.harmonic_sum - coalesce(sums_before.harmonic_sum, 0) as harmonic
    from tie_groups
    inner join query_runs
        on tie_groups.system_id = query_runs.system_id and tie_groups.query_id = query_runs.query_id
    inner join rank_sums as last_sums on tie_groups.tied_high = last_sums.document_rank
    left join rank_sums as sums_before on tie_groups.tied_low - 1 = sums_before.document_rank
    where tie_groups.relevant > 0
),

expected_sums as (
    select
        system_id,
        query_id,
        min({{ expected_first_rank('tied_low', 'size', 'relevant') }}) as first_relevant_rank,
        sum(
            {{
                expected_precision_at_relevant_documents(
                    'tied_low', 'size', 'relevant', 'relevant_before', 'harmonic'
                )
            }}
        ) as precision_sum,
        sum(
            relevant * {{ ranks_within('tied_low', 'tied_high', 'relevant_count') }} / cast(size as double)
        ) as relevant_found_at_relevant_count,
        sum(
            {{
                expected_preference(
                    'relevant', 'nonrelevant', 'nonrelevant_before', 'relevant_count', 'nonrelevant_count'
                )
            }}
        ) as preference_sum,
        sum(
            {{ expected_rank_biased_gain('tied_low', 'tied_high', 'size', 'relevant', persistence) }}
        ) as rank_biased_gain_sum
    from relevant_groups
    group by system_id, query_id
),

expected_reciprocal_ranks as (
    select
        relevant_groups.system_id,
        relevant_groups.query_id,
        sum(
            {{
                probability_of_first_relevant(
                    'relevant_groups.size', 'relevant_groups.relevant',
                    '(ranks.document_rank - relevant_groups.tied_low + 1)'
                )
            }}
            / ranks.document_rank
        ) as reciprocal_rank
    from relevant_groups
    inner join ranks
        on
            relevant_groups.tied_low <= ranks.document_rank
            and relevant_groups.tied_high - relevant_groups.relevant + 1 >= ranks.document_rank
    where relevant_groups.relevant_before = 0
    group by relevant_groups.system_id, relevant_groups.query_id
),

values_at_cutoffs as (
    select
        query_runs.system_id,
        query_runs.query_id,
        cutoffs.cutoff,
        {{ success_of('coalesce(found_at_cutoffs.relevant_found, 0)') }} as success,
        {{ precision_at('coalesce(found_at_cutoffs.relevant_found, 0)', 'cutoffs.cutoff') }} as precision,
        {{ recall_of('coalesce(found_at_cutoffs.relevant_found, 0)', 'query_runs.relevant_count') }} as recall,
        {{ normalised_gain('found_at_cutoffs.discounted_gain', 'ideal_gains.ideal_discounted_gain') }} as ndcg,
        {{
            judged_share('coalesce(found_at_cutoffs.judged_found, 0)', 'cutoffs.cutoff', 'query_runs.retrieved_count')
        }} as judged,
        coalesce(expected_at_cutoffs.success, 0) as expected_success,
        {{ precision_at('coalesce(expected_at_cutoffs.relevant_found, 0)', 'cutoffs.cutoff') }} as expected_precision,
        {{
            recall_of('coalesce(expected_at_cutoffs.relevant_found, 0)', 'query_runs.relevant_count')
        }} as expected_recall,
        {{
            normalised_gain('expected_at_cutoffs.discounted_gain', 'ideal_gains.ideal_discounted_gain')
        }} as expected_ndcg,
        {{
            judged_share(
                'coalesce(expected_at_cutoffs.judged_found, 0)', 'cutoffs.cutoff', 'query_runs.retrieved_count'
            )
        }} as expected_judged
    from query_runs
    cross join cutoffs
    left join found_at_cutoffs
        on
            query_runs.system_id = found_at_cutoffs.system_id
            and query_runs.query_id = found_at_cutoffs.query_id
            and cutoffs.cutoff = found_at_cutoffs.cutoff
    left join expected_at_cutoffs
        on
            query_runs.system_id = expected_at_cutoffs.system_id
            and query_runs.query_id = expected_at_cutoffs.query_id
            and cutoffs.cutoff = expected_at_cutoffs.cutoff
    left join ideal_gains
        on query_runs.query_id = ideal_gains.query_id and cutoffs.cutoff = ideal_gains.cutoff
),

values_of_rankings as (
    select
        query_runs.system_id,
        query_runs.query_id,
        {{ reciprocal_rank('found.first_relevant_rank') }} as reciprocal_rank,
        coalesce(found.first_relevant_rank, query_runs.rank_of_a_miss) as target_rank,
        {{ recall_of('coalesce(found.precision_sum, 0)', 'query_runs.relevant_count') }} as average_precision,
        {{
            recall_of('coalesce(found.relevant_found_at_relevant_count, 0)', 'query_runs.relevant_count')
        }} as r_precision,
        {{ recall_of('coalesce(found.preference_sum, 0)', 'query_runs.relevant_count') }} as bpref,
        coalesce(found.rank_biased_gain_sum, 0) as rbp,
        query_runs.retrieved_count as num_ret,
        query_runs.relevant_count as num_rel,
        coalesce(found.relevant_found, 0) as num_rel_ret,
        coalesce(expected_reciprocal_ranks.reciprocal_rank, 0) as expected_reciprocal_rank,
        coalesce(expected_sums.first_relevant_rank, query_runs.rank_of_a_miss) as expected_target_rank,
        {{
            recall_of('coalesce(expected_sums.precision_sum, 0)', 'query_runs.relevant_count')
        }} as expected_average_precision,
        {{
            recall_of('coalesce(expected_sums.relevant_found_at_relevant_count, 0)', 'query_runs.relevant_count')
        }} as expected_r_precision,
        {{ recall_of('coalesce(expected_sums.preference_sum, 0)', 'query_runs.relevant_count') }} as expected_bpref,
        coalesce(expected_sums.rank_biased_gain_sum, 0) as expected_rbp
    from query_runs
    left join found
        on query_runs.system_id = found.system_id and query_runs.query_id = found.query_id
    left join expected_sums
        on query_runs.system_id = expected_sums.system_id and query_runs.query_id = expected_sums.query_id
    left join expected_reciprocal_ranks
        on
            query_runs.system_id = expected_reciprocal_ranks.system_id
            and query_runs.query_id = expected_reciprocal_ranks.query_id
),

query_metrics as (
    {% for prefix in ['', 'expected_'] -%}
    {% for metric in ranking_metrics + (counts() if not prefix else []) -%}
    select
        system_id,
        query_id,
        '{{ prefix ~ metric }}' as metric,
        cast(null as integer) as cutoff,
        {{ prefix ~ metric }} as value
    from values_of_rankings
    union all
    {% endfor -%}
    {% for metric in ['success', 'precision', 'recall', 'ndcg', 'judged'] -%}
    select
        system_id,
        query_id,
        '{{ prefix ~ metric }}' as metric,
        nullif(cutoff, {{ no_cutoff() }}) as cutoff,
        {{ prefix ~ metric }} as value
    from values_at_cutoffs
    where
        cutoff in ({{ (success_cutoffs() if metric == 'success' else list_cutoffs()) | join(', ') }})
        {{ 'or cutoff = ' ~ no_cutoff() if metric == 'ndcg' }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    system_id,
    query_id,
    metric,
    cast(cutoff as integer) as cutoff,
    {# Sums of floats differ in the last bits from build to build. #}
    cast(round(value, 12) as double) as value
from query_metrics
