{# One row for each raw file that holds scraped TikToks, their texts, journals or deletions. #}
with

records as (select * from {{ ref('stg_raw__records') }}),

present_files as (
    select * from {{ list_files(record_files() + ['tiktoks.db']) }} as listed_files
),

file_problems as (
    select
        file,
        max(problem) filter (where position is null) as problem,
        count(record) as record_count
    from records
    group by file
)

select
    present_files.file,
    case
        when present_files.file like 'info/%' then 'batch'
        when present_files.file like 'imports/%' then 'import'
        when present_files.file like 'deletions.%' then 'deletions'
        when present_files.file like '%.ndjson' then 'journal'
        when present_files.file like '%.db' then 'legacy'
        when present_files.file = 'master.json' then 'master'
        else 'texts'
    end as kind,
    present_files.size_bytes,
    present_files.last_modified,
    coalesce(file_problems.record_count, 0) as record_count,
    file_problems.problem
from present_files
left join file_problems on present_files.file = file_problems.file
