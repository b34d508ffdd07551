import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="Speed and scale",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # Speed and scale

    How large do indexes get, and what does that cost?

    Look at how postings grow with the length of n-grams: they are what a query has to read. Then look at how steep the
    lines are: what doubles with the collection stays usable for longer than what grows faster.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(index_sizes):
    notebooks.shown("index_sizes", index_sizes)
    return


@app.cell
def _(warehouse):
    index_sizes = mo.sql(
        f"""
        -- One row for each index that the build made.
        with

        index_statistics as (select * from search_index.index_statistics),

        indexes as (select * from seeds.indexes),

        systems as (select * from retrieval.systems),

        system_counts as (
            select
                index_id,
                count(*) as systems
            from systems
            where index_id is not null
            group by index_id
        ),

        index_sizes as (
            select
                indexes.index_id,
                indexes.tokenizer_id,
                indexes.fields,
                index_statistics.document_count,
                index_statistics.vocabulary_size,
                index_statistics.posting_count,
                cast(round(index_statistics.mean_document_length * index_statistics.document_count) as bigint) as token_count,
                round(index_statistics.mean_document_length, 1) as mean_document_length,
                round(index_statistics.posting_count / nullif(index_statistics.vocabulary_size, 0), 2) as postings_of_a_term,
                system_counts.systems,
                index_statistics.build_seconds,
                indexes.description
            from index_statistics
            inner join indexes on index_statistics.index_id = indexes.index_id
            inner join system_counts on index_statistics.index_id = system_counts.index_id
        )

        select *
        from index_sizes
        order by posting_count desc, index_id asc
        """,
        output=False,
        engine=warehouse,
    )
    return (index_sizes,)


@app.cell(hide_code=True, expand_output=True)
def _(warehouse):
    results = notebooks.benchmark_results(warehouse)
    measure = notebooks.choice_of_measure()
    mo.vstack([notebooks.told("<h2>Beside other engines</h2>"), measure])
    return measure, results


@app.cell(hide_code=True, expand_output=True)
def _(measure, measurements):
    mo.vstack(
        [
            notebooks.engines_compared(measurements, measure.value),
            notebooks.engines_table(measurements),
        ]
    )
    return


@app.cell
def _(results, warehouse):
    measurements = mo.sql(
        f"""
        -- One row for each size of the collection and engine, of the run that went furthest.
        with

        runs as (
            select
                filename,
                unnest(measured) as measurement
            from read_json({results}, filename = true)
        ),

        figures as (
            select
                filename,
                unnest(measurement)
            from runs
        )

        select * exclude (filename) from figures
        where filename = (select max_by(figures.filename, figures.documents) from figures)
        order by documents, engine
        """,
        output=False,
        engine=warehouse,
    )
    return (measurements,)


@app.cell(hide_code=True, expand_output=True)
def _(last_builds):
    notebooks.shown("last_builds", last_builds)
    return


@app.cell
def _(warehouse):
    last_builds = mo.sql(
        f"""
        with

        builds as (select * from meta.builds),

        last_builds as (
            select
                built_at,
                project_version,
                engine_versions,
                document_count,
                query_count,
                left(corpus_fingerprint, 12) as corpus,
                left(queries_fingerprint, 12) as queries,
                left(seeds_fingerprint, 12) as seeds
            from builds
            order by built_at desc
            limit 10
        )

        select * from last_builds
        order by built_at desc
        """,
        output=False,
        engine=warehouse,
    )
    return (last_builds,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("01_corpus.py", "the corpus", lead="From the beginning")
    return


if __name__ == "__main__":
    app.run()
