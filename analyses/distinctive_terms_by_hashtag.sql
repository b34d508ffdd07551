-- Which words go with a hashtag?
-- One row for each of the fifty commonest hashtags and the ten most distinctive words of the TikToks that carry it, by
-- the log odds ratio with a prior (Monroe and others, 2008). The hashtag itself is left out.
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

{{ distinctive_terms('hashtag', "'#' || terms.term <> group_frequencies.hashtag") }}

select *
from distinctive_terms
order by hashtag, place
