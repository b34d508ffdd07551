import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="The queries",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # The queries

    Who asks what, and which queries are hard?

    Look for groups whose interval does not reach the others' mean, and for queries that no system answers: their authors
    remember something that is not in the texts.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(query_groups):
    notebooks.shown("query_groups", query_groups)
    return


@app.cell
def _(warehouse):
    query_groups = mo.sql(
        f"""
        -- One row for each group of queries, under the best default system. Authors are numbered: a figure names nobody.
        with

        ablations as (select * from evaluation.ablations),

        leaderboard as (select * from evaluation.leaderboard),

        systems as (select * from retrieval.systems),

        best_system as (
            select
                leaderboard.entry_id as system_id,
                leaderboard.leading_metric
            from leaderboard
            inner join systems on leaderboard.entry_id = systems.system_id
            where leaderboard.entry_kind = 'system' and systems.is_default
            order by leaderboard.position
            limit 1
        ),

        numbered as (
            select
                *,
                cast(dense_rank() over (partition by axis order by level) as varchar) as level_number
            from ablations
            where axis in ('query attribute', 'query length', 'author')
        ),

        query_groups as (
            select
                numbered.axis,
                case
                    when numbered.axis = 'author' then 'author ' || lpad(numbered.level_number, 2, '0')
                    else replace(numbered.level, '_', ' ')
                end as query_group,
                numbered.query_count,
                numbered.value,
                numbered.ci_low,
                numbered.ci_high,
                numbered.difference,
                numbered.difference_ci_low,
                numbered.difference_ci_high,
                numbered.metric,
                numbered.system_id
            from numbered
            inner join best_system
                on numbered.system_id = best_system.system_id and numbered.metric = best_system.leading_metric
        )

        select * from query_groups
        order by axis desc, query_group asc
        """,
        output=False,
        engine=warehouse,
    )
    return (query_groups,)


@app.cell(hide_code=True, expand_output=True)
def _(query_lengths):
    notebooks.shown("query_lengths", query_lengths)
    return


@app.cell
def _(warehouse):
    query_lengths = mo.sql(
        f"""
        with

        queries as (select * from test_collection.queries),

        query_metrics as (select * from evaluation.query_metrics),

        leaderboard as (select * from evaluation.leaderboard),

        best_system as (
            select entry_id as system_id
            from leaderboard
            where entry_kind = 'system'
            order by position
            limit 1
        ),

        judged as (
            select
                least(len(string_split_regex(trim(queries.query_text), '[[:space:]]+')), 10) as words,
                query_metrics.value as is_first
            from query_metrics
            inner join best_system on query_metrics.system_id = best_system.system_id
            inner join queries on query_metrics.query_id = queries.query_id
            where query_metrics.metric = 'success' and query_metrics.cutoff = 1
        ),

        lengths as (
            select
                words,
                count(*) as queries,
                cast(sum(is_first) as bigint) as found_first
            from judged
            group by words
        )

        select * from lengths
        order by words
        """,
        output=False,
        engine=warehouse,
    )
    return (query_lengths,)


@app.cell(hide_code=True, expand_output=True)
def _(query_difficulty):
    notebooks.shown("query_difficulty", query_difficulty)
    return


@app.cell
def _(warehouse):
    query_difficulty = mo.sql(
        f"""
        with

        query_metrics as (select * from evaluation.query_metrics),

        queries as (select * from test_collection.queries),

        leaderboard as (select * from evaluation.leaderboard),

        ranks as (
            select
                query_metrics.query_id,
                leaderboard.position,
                leaderboard.entry_id as system_id,
                -- a miss has a reciprocal rank of 0
                max(case when query_metrics.metric = 'reciprocal_rank' then query_metrics.value end) as reciprocal_rank,
                cast(max(case when query_metrics.metric = 'target_rank' then query_metrics.value end) as integer)
                    as rank_or_miss
            from query_metrics
            inner join leaderboard on query_metrics.system_id = leaderboard.entry_id
            where query_metrics.metric in ('reciprocal_rank', 'target_rank') and leaderboard.entry_kind = 'system'
            group by query_metrics.query_id, leaderboard.position, leaderboard.entry_id
        ),

        difficulties as (
            select
                query_id,
                avg(reciprocal_rank) as mean_reciprocal_rank,
                cast(count(*) filter (reciprocal_rank = 1) as integer) as systems_with_rank_1,
                cast(row_number() over (order by round(avg(reciprocal_rank), 9), query_id) as integer) as hardness
            from ranks
            group by query_id
        ),

        cells as (
            select
                difficulties.hardness,
                difficulties.query_id,
                queries.query_text,
                difficulties.mean_reciprocal_rank,
                difficulties.systems_with_rank_1,
                ranks.position,
                ranks.system_id,
                case when ranks.reciprocal_rank > 0 then ranks.rank_or_miss end as target_rank
            from ranks
            inner join difficulties on ranks.query_id = difficulties.query_id
            inner join queries on ranks.query_id = queries.query_id
        )

        select * from cells
        order by hardness, position
        """,
        output=False,
        engine=warehouse,
    )
    return (query_difficulty,)


@app.cell(hide_code=True, expand_output=True)
def _(hardest_queries):
    notebooks.shown("hardest_queries", hardest_queries)
    return


@app.cell
def _(warehouse):
    hardest_queries = mo.sql(
        f"""
        -- One row for each judged query, the hardest first: what the default systems make of it, and why they most often fail.
        with

        query_metrics as (select * from evaluation.query_metrics),

        systems as (
            select *
            from retrieval.systems
            where is_default
        ),

        queries as (select * from test_collection.queries),

        failures as (select * from evaluation.failures),

        reasons as (
            select
                query_id,
                category,
                row_number() over (partition by query_id order by count(*) desc, category asc) as place
            from failures
            group by query_id, category
        ),

        results as (
            select
                query_metrics.query_id,
                avg(query_metrics.value) filter (where query_metrics.metric = 'reciprocal_rank') as mean_reciprocal_rank,
                count(*) filter (
                    where query_metrics.metric = 'reciprocal_rank' and query_metrics.value = 1
                ) as systems_with_rank_1,
                count(*) filter (where query_metrics.metric = 'reciprocal_rank') as systems,
                cast(min(query_metrics.value) filter (where query_metrics.metric = 'target_rank') as integer) as best_rank
            from query_metrics
            inner join systems on query_metrics.system_id = systems.system_id
            where query_metrics.metric in ('reciprocal_rank', 'target_rank')
            group by query_metrics.query_id
        ),

        hardest_queries as (
            select
                results.query_id,
                queries.query_text,
                queries.author,
                round(results.mean_reciprocal_rank, 4) as mean_reciprocal_rank,
                results.systems_with_rank_1,
                results.systems,
                results.best_rank,
                reasons.category as most_frequent_reason
            from results
            left join queries on results.query_id = queries.query_id
            left join reasons on results.query_id = reasons.query_id and reasons.place = 1
        )

        select *
        from hardest_queries
        order by mean_reciprocal_rank, query_id
        """,
        output=False,
        engine=warehouse,
    )
    return (hardest_queries,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("07_failures.py", "failures, one by one")
    return


if __name__ == "__main__":
    app.run()
