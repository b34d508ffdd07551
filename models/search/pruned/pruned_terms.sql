{# One row for each term, with what it can add to a score at most, and what it adds at least to that of the 10th and the
   100th best of its documents: at that score a search for the 10 or 100 best begins to leave documents out.
   The bounds are those of MaxScore (Turtle and Flood: Query evaluation, 1995). #}
{{ config(post_hook='{{ create_pruned_search_functions() }}') }}
-- depends_on: {{ ref('character_forms') }}
{%- set buckets = 64 %}
{%- set least_bucket = 24 %}
with

postings as (select * from {{ ref('pruned_postings') }}),

documents as (select * from {{ ref('pruned_documents') }}),

words as (select * from {{ ref('int_pruned_terms') }}),

statistics as (
    select {{ pruned_mean_document_length('documents') }} as mean_document_length
    from documents
),

saturations as (
    select
        postings.term_number,
        {{ pruned_saturation('postings', 'statistics.mean_document_length') }} as saturation
    from postings
    cross join statistics
),

-- What is kept of a term grows with its buckets, not with its documents, and spills where memory is short. All below the
-- least bucket, where most documents are, share it and count as no bound: few terms reach one only there
bucketed as (
    select
        term_number,
        greatest(cast(floor({{ buckets }} * saturation) as integer), {{ least_bucket - 1 }}) as bucket,
        count(*) as document_frequency,
        max(saturation) as greatest_saturation
    from saturations
    group by
        term_number,
        greatest(cast(floor({{ buckets }} * saturation) as integer), {{ least_bucket - 1 }})
),

accumulated as (
    select
        *,
        sum(document_frequency) over (
            partition by term_number
            order by bucket desc rows between unbounded preceding and current row
        ) as documents_from_here
    from bucketed
),

bounds as (
    select
        term_number,
        cast(sum(document_frequency) as bigint) as document_frequency,
        max(greatest_saturation) as greatest_saturation,
        max(case when documents_from_here >= 10 and bucket >= {{ least_bucket }} then bucket end) as tenth_bucket,
        max(case when documents_from_here >= 100 and bucket >= {{ least_bucket }} then bucket end) as hundredth_bucket
    from accumulated
    group by term_number
),

terms as (
    select distinct
        term,
        term_number
    from words
),

pruned_terms as (
    select
        {{ pruned_term_key('terms.term') }} as term_key,
        terms.term,
        bounds.term_number,
        bounds.document_frequency,
        -- In few bits
        cast(ceil(bounds.greatest_saturation * 1000) / 1000 as double) as greatest_saturation,
        cast(coalesce(bounds.tenth_bucket, 0) / {{ buckets }}.0 as double) as tenth_saturation,
        cast(coalesce(bounds.hundredth_bucket, 0) / {{ buckets }}.0 as double) as hundredth_saturation
    from bounds
    inner join terms on bounds.term_number = terms.term_number
)

select * from pruned_terms
order by term_key, term
