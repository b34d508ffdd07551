{# A text is there exactly where its status says so: words, '' for nothing found, null for nobody looked or could. #}
with

tiktoks as (select * from {{ ref('tiktoks') }}),

texts as (
    select
        tiktok_id,
        cover_status as status,
        cover_text as text
    from tiktoks
    union all
    select
        tiktok_id,
        speech_status as status,
        speech_text as text
    from tiktoks
)

select * from texts
where
    case status
        when 'found' then coalesce(text, '') = ''
        when 'nothing_found' then text is null or text <> ''
        else text is not null
    end
