-- Which words does a creator use more often than the others do?
-- One row for each creator of two TikToks or more and the ten most distinctive words of what they say and show, by the
-- log odds ratio with a prior (Monroe and others, 2008).
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

{{ distinctive_terms('creator_username') }}

select *
from distinctive_terms
order by creator_username, place
