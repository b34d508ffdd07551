{# One row for each document, numbered by its length in words, so that the lengths beside a term's postings hardly change
   from one to the next and are kept in few bits. #}
with

texts as (select * from {{ ref('pruned_texts') }}),

places as (
    select
        cast(
            row_number() over (
                order by length(text) - length(replace(text, ' ', '')), document_number
            ) - 1 as integer
        ) as place,
        document_number
    from texts
)

select * from places
