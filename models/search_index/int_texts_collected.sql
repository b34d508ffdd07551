{# One row for each text to be normalised: a document's field, or a query under the field name `query`.
   Its one number keeps the long tables below narrow. Its content stands for the text and for how texts are parted
   (a part of a field is not parted for every tokenizer): the models that part texts keep what they made of a content from build to build. #}
{%- set tiktok_fields = {
    'creator_username': 'creator_username',
    'creator_nickname': 'creator_nickname',
    'description': 'description',
    'music_title': 'music_title',
    'speech': 'speech_text',
    'cover_text': 'cover_text',
    'captions': 'caption_text',
} %}
with

documents as (select * from {{ ref('documents') }}),

tiktoks as (select * from {{ ref('tiktoks') }}),

comments as (select * from {{ ref('comments') }}),

texts as (select * from {{ ref('stg_collection__documents') }}),

queries as (select * from {{ ref('int_queries_numbered') }}),

character_forms as (select * from {{ ref('character_forms') }}),

indexes as (select * from {{ ref('int_indexes_selected') }}),

comments_kept as (
    select
        tiktok_id,
        position,
        comment_text
    from comments
    where comment_text is not null
    {%- if var('max_comments', none) is not none %}
        and position <= {{ var('max_comments') }}
    {%- endif %}
),

{# An index may read fewer comments than there are: these are a field of their own. #}
comment_fields as (
    select distinct
        {{ comments_field('max_comments') }} as field,
        max_comments
    from indexes
    union
    select
        'comments' as field,
        null as max_comments
),

comments_joined as (
    select
        comment_fields.field,
        comments_kept.tiktok_id,
        {{ join_strings("comments_kept.comment_text || ' '", 'comments_kept.position') }} as comment_texts
    from comments_kept
    inner join comment_fields on comments_kept.position <= coalesce(comment_fields.max_comments, comments_kept.position)
    group by comment_fields.field, comments_kept.tiktok_id
),

texts_by_id as (
    {%- for field, column in tiktok_fields.items() %}
    select
        tiktok_id as doc_id,
        '{{ field }}' as field,
        {{ column }} as raw_text
    from tiktoks
    union all
    {%- endfor %}
    select
        tiktok_id as doc_id,
        field,
        rtrim(comment_texts, ' ') as raw_text
    from comments_joined
    {%- for field in ['title', 'text'] %}
    union all
    select
        doc_id,
        '{{ field }}' as field,
        {{ field }} as raw_text
    from texts
    {%- endfor %}
),

texts_numbered as (
    select
        documents.document_number as text_number,
        texts_by_id.field,
        case when texts_by_id.field = {{ whole_field('texts_by_id.field') }} then '' else texts_by_id.field end as part,
        texts_by_id.raw_text
    from texts_by_id
    inner join documents on texts_by_id.doc_id = documents.doc_id
    where texts_by_id.raw_text is not null
    union all
    select
        query_number as text_number,
        'query' as field,
        '' as part,
        query_text as raw_text
    from queries
),

forms_read as (
    select {{ fingerprint('character_forms', 'scheme, kind, sequence') }} as fingerprint
    from character_forms
),

indexes_read as (select {{ fingerprint('indexes', 'index_id') }} as fingerprint from indexes),

texts_collected as (
    select
        cast(row_number() over (order by texts_numbered.text_number, texts_numbered.field) as integer) as text_id,
        {{ text_fingerprint(
            "'" ~ tokenising_code() ~ "' || forms_read.fingerprint || indexes_read.fingerprint || texts_numbered.part"
            ~ " || texts_numbered.raw_text"
        ) }} as content_id,
        texts_numbered.text_number,
        texts_numbered.field,
        texts_numbered.raw_text
    from texts_numbered
    cross join forms_read
    cross join indexes_read
)

select * from texts_collected
