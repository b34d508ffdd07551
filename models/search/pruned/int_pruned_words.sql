{# One row for each distinct stretch between blanks, with the documents that it stands in, one element for each time. What
   is cleaned afterwards is cleaned once, however often it occurs. #}
with

texts as (select * from {{ ref('pruned_texts') }}),

places as (select * from {{ ref('int_pruned_places') }}),

occurrences as (
    select
        places.place,
        {{ explode(split_text('texts.text', ' ')) }} as word
    from texts
    inner join places on texts.document_number = places.document_number
),

words as (
    select
        word,
        array_agg(place) as places
    from occurrences
    group by word
)

select * from words
