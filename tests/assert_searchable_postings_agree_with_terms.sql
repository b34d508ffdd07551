{# The lists of a term's number are all of that term's occurrences and no others: none is missing, none is there twice,
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
        {{ explode('occurrences') }} as occurrence
    from {{ ref('searchable_postings') }}
),

occurrences_counted as (
    select
        term_key,
        sum({{ term_frequency_of('occurrence') }}) as occurrence_count
    from occurrences
    group by term_key
),

postings as (
    select
        postings.term_key,
        postings.document_frequency,
        postings.collection_frequency,
        len(postings.document_numbers) as place_count,
        len(postings.occurrences) as listed_count,
        occurrences_counted.occurrence_count
    from {{ ref('searchable_postings') }} as postings
    left join occurrences_counted on postings.term_key = occurrences_counted.term_key
)

select
    terms.term_key,
    postings.term_key as listed_term_key
from terms
full outer join postings on terms.term_key = postings.term_key
where
    terms.document_frequency is distinct from postings.document_frequency
    or terms.collection_frequency is distinct from postings.collection_frequency
    or terms.collection_frequency is distinct from postings.occurrence_count
    or postings.place_count is distinct from postings.listed_count
    or postings.place_count < postings.document_frequency
