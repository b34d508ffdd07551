import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="The corpus",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # The corpus

    How many of the scraped TikToks are there to be searched, and what became of the others?

    Each figure is drawn from the rows of the SQL below it: change that, run it, and the figure changes. Untick its
    "Hide output" to see all that it returns.

    Look for the stage at which most are lost, and for hosts that yield less than others: what is lost is no random
    sample of what was scraped.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(collection_in_numbers):
    notebooks.numbers("collection_in_numbers", collection_in_numbers)
    return


@app.cell
def _(warehouse):
    collection_in_numbers = mo.sql(
        f"""
        with

        tiktoks as (select * from corpus.tiktoks),

        excluded_tiktoks as (select * from corpus.excluded_tiktoks),

        quarantined_records as (select * from corpus.quarantined_records),

        comments as (select * from corpus.comments),

        documents as (select * from search_index.documents),

        queries as (select * from test_collection.queries),

        excluded_queries as (select * from test_collection.excluded_queries),

        counts as (
            select
                (select count(*) from tiktoks) as tiktoks,
                (select count(distinct creator_username) from tiktoks) as creators,
                (select count(*) from excluded_tiktoks) as excluded_tiktoks,
                (select count(*) from quarantined_records) as quarantined_records,
                (select count(*) from comments) as comments,
                (select count(*) from documents) as documents,
                (select count(*) from queries) as queries,
                (select count(distinct author) from queries) as authors,
                (select count(*) from excluded_queries) as excluded_queries
        )

        select * from counts
        """,
        output=False,
        engine=warehouse,
    )
    return (collection_in_numbers,)


@app.cell(hide_code=True, expand_output=True)
def _(corpus_funnel):
    notebooks.shown("corpus_funnel", corpus_funnel)
    return


@app.cell
def _(warehouse):
    corpus_funnel = mo.sql(
        f"""
        with

        funnel as (select * from corpus.funnel),

        outcomes as (
            select
                case stage
                    when 'scrape' then 1
                    when 'download' then 2
                    when 'cover' then 3
                    when 'speech' then 4
                    else 5
                end as stage_number,
                stage,
                outcome,
                cast(sum(tiktoks) as bigint) as tiktoks
            from funnel
            group by stage, outcome
        ),

        shares as (
            select
                *,
                tiktoks / sum(tiktoks) over (partition by stage) as share
            from outcomes
        )

        select * from shares
        order by stage_number asc, tiktoks desc, outcome asc
        """,
        output=False,
        engine=warehouse,
    )
    return (corpus_funnel,)


@app.cell(hide_code=True, expand_output=True)
def _(outcomes_by_host):
    notebooks.shown("outcomes_by_host", outcomes_by_host)
    return


@app.cell
def _(warehouse):
    outcomes_by_host = mo.sql(
        f"""
        with

        funnel as (select * from corpus.funnel),

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
        """,
        output=False,
        engine=warehouse,
    )
    return (outcomes_by_host,)


@app.cell(hide_code=True, expand_output=True)
def _(exclusion_reasons):
    notebooks.shown("exclusion_reasons", exclusion_reasons)
    return


@app.cell
def _(warehouse):
    exclusion_reasons = mo.sql(
        f"""
        with

        excluded_tiktoks as (select * from corpus.excluded_tiktoks),

        reasons as (
            select
                reason,
                count(*) as tiktoks
            from excluded_tiktoks
            group by reason
        )

        select * from reasons
        order by tiktoks desc, reason asc
        """,
        output=False,
        engine=warehouse,
    )
    return (exclusion_reasons,)


@app.cell(hide_code=True, expand_output=True)
def _(posts_by_month):
    notebooks.shown("posts_by_month", posts_by_month)
    return


@app.cell
def _(warehouse):
    posts_by_month = mo.sql(
        f"""
        with

        tiktoks as (select * from corpus.tiktoks),

        months as (
            select
                cast(date_trunc('month', posted_at) as date) as posted_month,
                count(*) as tiktoks
            from tiktoks
            where posted_at is not null
            group by date_trunc('month', posted_at)
        )

        select * from months
        order by posted_month
        """,
        output=False,
        engine=warehouse,
    )
    return (posts_by_month,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("02_texts.py", "texts and terms")
    return


if __name__ == "__main__":
    app.run()
