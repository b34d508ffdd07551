{# One row for each line of the foreign runs. #}
with

lines as (
    select * from {{ read_lines_and_problems(['runs/*.trec']) }} as raw_lines
),

split_lines as (
    select
        file,
        position,
        problem,
        regexp_split_to_array(trim(line), '\s+') as parts
    from lines
),

{# trec_eval reads the first five columns of a line and ignores the rank among them; what follows is the tag or junk. #}
results as (
    select
        file,
        position,
        problem,
        len(parts) as part_count,
        regexp_extract(file, '([^/]+)[.]trec$', 1) as system_id,
        parts[1] as query_id,
        parts[3] as doc_id,
        try_cast(parts[5] as double) as score
    from split_lines
),

numbered as (
    select
        *,
        row_number() over (partition by system_id, query_id, doc_id order by position) as occurrence
    from results
)

select
    file,
    position,
    system_id,
    query_id,
    doc_id,
    score,
    case
        when problem is not null then problem
        when part_count < 5 then 'fewer than five columns'
        when score is null or isnan(score) then 'the score is not a number'
        when try_cast(score as float) is null then 'the score is beyond the range of a 32-bit float'
        when occurrence > 1 then 'the document was retrieved before: query ' || query_id || ', document ' || doc_id
    end as problem
from numbered
