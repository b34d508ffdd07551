import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="What each part brings",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # What each part brings

    Which fields, which tokenizer, which ranking function, and how many comments?

    Look for cells in full colour: only there does the difference reach beyond its interval. Most of these systems are
    built when asked for: `dbt build --vars '{all_systems: true}'`.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(ablated_systems):
    notebooks.shown("ablated_systems", ablated_systems)
    return


@app.cell
def _(warehouse):
    ablated_systems = mo.sql(
        f"""
        -- One row for each system that differs in one thing from the system it is compared with.
        with

        ablations as (select * from evaluation.ablations),

        leaderboard as (select * from evaluation.leaderboard),

        ablated_systems as (
            select
                axis,
                replace(level, '_', ' ') as variant,
                system_id,
                reference as reference_system_id,
                metric,
                value,
                ci_low,
                ci_high,
                reference_value,
                difference,
                difference_ci_low,
                difference_ci_high
            from ablations
            where
                axis in ('field', 'tokenizer', 'comments')
                and cutoff is null
                and metric in (select leaderboard.leading_metric from leaderboard)
        )

        select * from ablated_systems
        order by axis asc, difference desc, variant asc
        """,
        output=False,
        engine=warehouse,
    )
    return (ablated_systems,)


@app.cell(hide_code=True, expand_output=True)
def _(ablated_fields):
    notebooks.shown("ablated_fields", ablated_fields)
    return


@app.cell
def _(warehouse):
    ablated_fields = mo.sql(
        f"""
        -- One row for each field and way to test it, the field that is missed most first.
        with

        ablations as (select * from evaluation.ablations),

        leaderboard as (select * from evaluation.leaderboard),

        ways as (
            select
                replace(replace(level, 'without ', ''), 'only ', '') as field,
                case when level like 'without %' then 'without it' else 'alone' end as way,
                metric,
                value,
                reference_value,
                difference,
                difference_ci_low,
                difference_ci_high,
                system_id,
                reference as reference_system_id
            from ablations
            where
                axis = 'field'
                and (level like 'without %' or level like 'only %')
                and cutoff is null
                and metric in (select leaderboard.leading_metric from leaderboard)
        ),

        ablated_fields as (
            select
                *,
                min(case when way = 'without it' then round(difference, 9) end) over (partition by field)
                    as difference_without_it
            from ways
        )

        select * from ablated_fields
        order by difference_without_it asc nulls last, field asc, way desc
        """,
        output=False,
        engine=warehouse,
    )
    return (ablated_fields,)


@app.cell(hide_code=True, expand_output=True)
def _(tokenizers_by_ranker):
    notebooks.shown("tokenizers_by_ranker", tokenizers_by_ranker)
    return


@app.cell
def _(warehouse):
    tokenizers_by_ranker = mo.sql(
        f"""
        -- One row for each tokenizer and ranker whose system is built, over all fields and all comments.
        with

        leaderboard as (select * from evaluation.leaderboard),

        systems as (select * from retrieval.systems),

        indexes as (select * from seeds.indexes),

        pairs as (
            select
                systems.tokenizer_id,
                systems.ranker_id,
                leaderboard.leading_metric as metric,
                leaderboard.leading_value as value,
                leaderboard.leading_value_ci_low as ci_low,
                leaderboard.leading_value_ci_high as ci_high,
                leaderboard.position,
                systems.system_id
            from systems
            inner join leaderboard on systems.system_id = leaderboard.entry_id
            inner join indexes on systems.index_id = indexes.index_id
            where leaderboard.entry_kind = 'system' and indexes.fields = 'all' and indexes.max_comments is null
            -- a ranker may weigh fields in several ways: the best of them stands for it
            qualify
                row_number() over (partition by systems.tokenizer_id, systems.ranker_id order by leaderboard.position) = 1
        )

        select * from pairs
        order by position
        """,
        output=False,
        engine=warehouse,
    )
    return (tokenizers_by_ranker,)


@app.cell(hide_code=True, expand_output=True)
def _(comments_indexed):
    notebooks.shown("comments_indexed", comments_indexed)
    return


@app.cell
def _(warehouse):
    comments_indexed = mo.sql(
        f"""
        -- One row for each number of comments of a TikTok that an index reads; null = all of them.
        with

        ablated_systems as (select * from seeds.ablated_systems),

        systems as (select * from retrieval.systems),

        indexes as (select * from seeds.indexes),

        system_metrics as (select * from evaluation.system_metrics),

        leaderboard as (select * from evaluation.leaderboard),

        comments as (select * from corpus.comments),

        compared as (
            select system_id
            from ablated_systems
            where axis = 'comments'
            union
            select reference_system_id as system_id
            from ablated_systems
            where axis = 'comments'
        ),

        comments_indexed as (
            select
                case
                    when indexes.fields = 'all' or indexes.fields like '%comments%' then cast(indexes.max_comments as integer)
                    else 0
                end as comments_read,
                (select max(comments.position) from comments) as most_comments,
                system_metrics.metric,
                system_metrics.value,
                system_metrics.ci_low,
                system_metrics.ci_high,
                systems.system_id
            from compared
            inner join systems on compared.system_id = systems.system_id
            inner join indexes on systems.index_id = indexes.index_id
            inner join system_metrics on compared.system_id = system_metrics.system_id
            where
                system_metrics.cutoff is null
                and system_metrics.metric in (select leaderboard.leading_metric from leaderboard)
                and exists (select comments.comment_id from comments)
        )

        select * from comments_indexed
        order by comments_read asc nulls last, system_id asc
        """,
        output=False,
        engine=warehouse,
    )
    return (comments_indexed,)


@app.cell(hide_code=True, expand_output=True)
def _(score_by_field):
    notebooks.shown("score_by_field", score_by_field)
    return


@app.cell
def _(warehouse):
    score_by_field = mo.sql(
        f"""
        with

        explanations as (select * from retrieval.explanations),

        qrels as (select * from test_collection.qrels),

        leaderboard as (select * from evaluation.leaderboard),

        systems as (
            select
                entry_id as system_id,
                position
            from leaderboard
            where entry_kind = 'system'
        ),

        contributions as (
            select
                systems.position,
                explanations.system_id,
                explanations.field,
                sum(explanations.contribution) as contribution
            from explanations
            inner join systems on explanations.system_id = systems.system_id
            inner join qrels on explanations.query_id = qrels.query_id and explanations.doc_id = qrels.doc_id
            where qrels.relevance > 0 and explanations.field is not null
            group by systems.position, explanations.system_id, explanations.field
        ),

        shares as (
            select
                position,
                system_id,
                field,
                round(contribution / sum(contribution) over (partition by system_id), 9) as share
            from contributions
        )

        select * from shares
        order by position asc, share desc, field asc
        """,
        output=False,
        engine=warehouse,
    )
    return (score_by_field,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("06_queries.py", "the queries")
    return


if __name__ == "__main__":
    app.run()
