-- Which words does a creator use more often than the others do?
-- One row for each creator of two TikToks or more and the ten most distinctive words of what they say and show, by the
-- log odds ratio with a prior (Monroe and others, 2008).
{%- set prior_total = 1000 %}
{%- set words_of_a_group = 10 %}
with

postings as (
    select *
    from {{ ref('postings') }}
    where
        tokenizer_id = 'words'
        and field in ('description', 'speech', 'cover_text', 'captions')
),

terms as (select * from {{ ref('int_terms_numbered') }}),

documents as (select * from {{ ref('documents') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

creators as (
    select
        documents.document_number,
        tiktoks.creator_username,
        count(*) over (partition by tiktoks.creator_username) as tiktok_count
    from tiktoks
    inner join documents on tiktoks.tiktok_id = documents.doc_id
    where tiktoks.creator_username is not null
),

group_frequencies as (
    select
        creators.creator_username,
        postings.term_id,
        sum(postings.term_frequency) as frequency
    from creators
    inner join postings on creators.document_number = postings.document_number
    where creators.tiktok_count >= 2
    group by creators.creator_username, postings.term_id
),

group_totals as (
    select
        creator_username,
        sum(frequency) as total
    from group_frequencies
    group by creator_username
),

collection_frequencies as (
    select
        term_id,
        sum(term_frequency) as frequency
    from postings
    group by term_id
),

collection as (
    select sum(frequency) as total
    from collection_frequencies
),

scored as (
    select
        group_frequencies.creator_username,
        terms.term,
        group_frequencies.frequency,
        collection_frequencies.frequency - group_frequencies.frequency as other_frequency,
        {{ distinctiveness(
            'group_frequencies.frequency',
            'group_totals.total',
            '(collection_frequencies.frequency - group_frequencies.frequency)',
            '(collection.total - group_totals.total)',
            '(' ~ prior_total ~ '.0 * collection_frequencies.frequency / collection.total)',
            prior_total,
        ) }} as z_score
    from group_frequencies
    inner join group_totals on group_frequencies.creator_username = group_totals.creator_username
    inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
    inner join terms on group_frequencies.term_id = terms.term_id
    cross join collection
),

ranked as (
    select
        creator_username,
        row_number() over (partition by creator_username order by z_score desc, term asc) as place,
        term,
        cast(frequency as bigint) as frequency,
        cast(other_frequency as bigint) as other_frequency,
        round(z_score, 3) as z_score
    from scored
)

select *
from ranked
where place <= {{ words_of_a_group }}
order by creator_username, place
