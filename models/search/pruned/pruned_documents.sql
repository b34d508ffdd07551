{# One row for each document, with its length in tokens. #}
with

places as (select * from {{ ref('int_pruned_places') }}),

texts as (select * from {{ ref('pruned_texts') }}),

term_places as (select * from {{ ref('int_pruned_term_places') }}),

occurrences as (
    select {{ explode('places') }} as place
    from term_places
),

lengths as (
    select
        place,
        cast(count(*) as integer) as document_length
    from occurrences
    group by place
),

pruned_documents as (
    select
        places.place,
        places.document_number,
        texts.doc_id,
        coalesce(lengths.document_length, 0) as document_length
    from places
    inner join texts on places.document_number = texts.document_number
    left join lengths on places.place = lengths.place
)

select * from pruned_documents
order by place
