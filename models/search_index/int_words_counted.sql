{# One row for each way of cleaning, text and word, with how often the word stands in the text. #}
with

texts as (select * from {{ ref('int_texts_normalised') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

cleanings as (
    select distinct
        scheme,
        cleaning,
        cleaning_number
    from indexes
    where unit in ('word', 'bounded_ngram')
),

texts_cleaned as (
    {%- for cleaning in ['alphanumeric', 'original', 'separated'] %}
    select
        cleanings.cleaning_number,
        texts.text_id,
        {{ clean_text('texts.normalised_text', cleaning) }} as cleaned_text
    from texts
    inner join cleanings on texts.scheme = cleanings.scheme
    where cleanings.cleaning = '{{ cleaning }}'
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

words as (
    select
        cleaning_number,
        text_id,
        {{ explode(split_text('cleaned_text', ' ')) }} as word
    from texts_cleaned
),

words_counted as (
    select
        cleaning_number,
        text_id,
        word,
        cast(count(*) as integer) as word_frequency
    from words
    where word <> ''
    group by cleaning_number, text_id, word
)

select * from words_counted
