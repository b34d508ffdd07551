{# The rows of a term's number are all of that term's occurrences and no others: none is missing, none is there twice,
   and no two terms share a number. #}
with

terms as (
    select
        {{ term_key('terms.index_id', 'terms.term') }} as term_key,
        terms.document_frequency,
        terms.collection_frequency
    from {{ ref('terms') }} as terms
    inner join {{ ref('int_indexes_selected') }} as indexes on terms.index_id = indexes.index_id
    where
        indexes.stemmer is null
        and not indexes.split_hashtags
),

occurrences as (
    select
        term_key,
        sum(term_frequency) as occurrence_count,
        min(document_frequency) as least_document_frequency,
        max(document_frequency) as document_frequency,
        min(collection_frequency) as least_collection_frequency,
        max(collection_frequency) as collection_frequency
    from {{ ref('searchable_postings') }}
    group by term_key
)

select
    terms.term_key,
    occurrences.term_key as occurring_term_key
from terms
full outer join occurrences on terms.term_key = occurrences.term_key
where
    terms.collection_frequency is distinct from occurrences.occurrence_count
    or terms.document_frequency is distinct from occurrences.document_frequency
    or terms.collection_frequency is distinct from occurrences.collection_frequency
    or occurrences.document_frequency <> occurrences.least_document_frequency
    or occurrences.collection_frequency <> occurrences.least_collection_frequency
