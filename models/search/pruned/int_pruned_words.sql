{# One row for each distinct stretch between blanks, with the documents that it stands in, one element for each time. What
   is cleaned afterwards is cleaned once, however often it occurs. #}
with

texts as (select * from {{ ref('int_pruned_texts') }}),

occurrences as (
    select
        place,
        {{ explode(split_text('text', ' ')) }} as word
    from texts
),

words as (
    select
        word,
        array_agg(place) as places
    from occurrences
    group by word
)

select * from words
