-- How many documents are near-duplicates of another, and are targets of queries among them?
-- One row for each tenth of likeness from half of the words shared to all of them.
with

near_duplicates as (select * from {{ ref('near_duplicates') }}),

qrels as (
    select distinct doc_id
    from {{ ref('qrels') }}
    where relevance > 0
),

tenths as (select 4 + {{ explode(integers_to(5)) }} as tenth),

pairs as (
    select
        least(floor(near_duplicates.jaccard * 10), 9) as tenth,
        targets.doc_id is not null or other_targets.doc_id is not null as holds_a_target
    from near_duplicates
    left join qrels as targets on near_duplicates.doc_id = targets.doc_id
    left join qrels as other_targets on near_duplicates.other_doc_id = other_targets.doc_id
),

near_duplicates_by_likeness as (
    select
        tenths.tenth / 10.0 as jaccard_from,
        (tenths.tenth + 1) / 10.0 as jaccard_to,
        count(pairs.tenth) as pairs,
        count(*) filter (where pairs.holds_a_target) as pairs_with_a_target
    from tenths
    left join pairs on tenths.tenth = pairs.tenth
    group by tenths.tenth
)

select *
from near_duplicates_by_likeness
order by jaccard_from
