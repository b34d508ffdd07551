-- Does the host that a video came from decide how far it gets?
with

funnel as (select * from {{ ref('funnel') }}),

counts as (
    select
        coalesce(host, 'no link') as host,
        stage,
        cast(sum(tiktoks) as bigint) as tiktoks,
        cast(
            sum(
                case
                    -- unknown: the original project's files do not say, and what they hold counts as downloaded
                    when outcome in ('ok', 'found', 'nothing_found', 'nothing_to_transcribe', 'unknown', 'kept')
                        then tiktoks
                    else 0
                end
            ) as bigint
        ) as passed
    from funnel
    group by coalesce(host, 'no link'), stage
),

shares as (
    select
        *,
        passed / tiktoks as share,
        max(tiktoks) over (partition by host) as host_size
    from counts
)

select * from shares
order by host_size desc, host asc, stage asc
