-- Which words go with a hashtag?
-- One row for each of the fifty commonest hashtags and the ten most distinctive words of the TikToks that carry it, by
-- the log odds ratio with a prior (Monroe and others, 2008). The hashtag itself is left out.
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

document_fields as (select * from {{ ref('document_fields') }}),

hashtags as (
    select distinct
        document_number,
        {{ explode(all_matches('normalised_text', '#[a-z0-9]+')) }} as hashtag
    from document_fields
    where
        field = 'description'
        and scheme = 'standard'
),

hashtags_counted as (
    select
        hashtag,
        count(*) as document_count,
        row_number() over (order by count(*) desc, hashtag asc) as place
    from hashtags
    group by hashtag
    having count(*) > 1
),

group_frequencies as (
    select
        hashtags.hashtag,
        postings.term_id,
        sum(postings.term_frequency) as frequency
    from hashtags
    inner join hashtags_counted on hashtags.hashtag = hashtags_counted.hashtag
    inner join postings on hashtags.document_number = postings.document_number
    where hashtags_counted.place <= 50
    group by hashtags.hashtag, postings.term_id
),

group_totals as (
    select
        hashtag,
        sum(frequency) as total
    from group_frequencies
    group by hashtag
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
        group_frequencies.hashtag,
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
    inner join group_totals on group_frequencies.hashtag = group_totals.hashtag
    inner join collection_frequencies on group_frequencies.term_id = collection_frequencies.term_id
    inner join terms on group_frequencies.term_id = terms.term_id
    cross join collection
    where '#' || terms.term <> group_frequencies.hashtag
),

ranked as (
    select
        hashtag,
        row_number() over (partition by hashtag order by z_score desc, term asc) as place,
        term,
        cast(frequency as bigint) as frequency,
        cast(other_frequency as bigint) as other_frequency,
        round(z_score, 3) as z_score
    from scored
)

select *
from ranked
where place <= {{ words_of_a_group }}
order by hashtag, place
