{# One row for each line of the text collection's judgements. #}
with

{# Three columns are BEIR's (query, document, grade), four are TREC's (query, iteration, document, grade). #}
lines as (
    select *
    from {{
        read_lines_and_problems(['collection/qrels.txt', 'collection/qrels/' ~ var('qrels_split', '*') ~ '.tsv'])
    }} as raw_lines
),

split_lines as (
    select
        file,
        position,
        problem,
        case
            when len(string_split(line, chr(9))) between 3 and 4 then string_split(line, chr(9))
            else regexp_split_to_array(trim(line), '\s+')
        end as parts
    from lines
),

judgements as (
    select
        file,
        position,
        problem,
        len(parts) as part_count,
        trim(parts[1]) as query_id,
        trim(parts[len(parts) - 1]) as doc_id,
        trim(parts[len(parts)]) as grade
    from split_lines
),

numbered as (
    select
        *,
        row_number() over (partition by query_id, doc_id order by file, position) as occurrence
    from judgements
    {# The header of BEIR's files. #}
    where position is null or position > 1 or lower(query_id) not in ('query-id', 'query_id', 'qid')
)

select
    file,
    position,
    query_id,
    doc_id,
    case when regexp_full_match(grade, '[+-]?[0-9]{1,9}') then cast(grade as integer) end as relevance,
    case
        when problem is not null then problem
        when part_count not between 3 and 4 then 'not three or four columns'
        when not regexp_full_match(grade, '[+-]?[0-9]{1,9}') then 'the grade is not an integer'
        when query_id = '' or doc_id = '' then 'a judgement without a query or a document'
        when occurrence > 1 then 'the pair was judged before: query ' || query_id || ', document ' || doc_id
    end as problem
from numbered
