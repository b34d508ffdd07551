import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="Failures, one by one",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # Failures, one by one

    Why is the right video not on rank 1, and who is there instead?

    Look at the reasons first, then pick a query: which of its words speak for the other video, and which does the target
    lack?
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(failures_by_category):
    notebooks.shown("failures_by_category", failures_by_category)
    return


@app.cell
def _(warehouse):
    failures_by_category = mo.sql(
        f"""
        -- One row for each default system, and the best of all, and category of its failures.
        with

        failures as (select * from evaluation.failures),

        query_runs as (select * from evaluation.int_query_runs_judged),

        leaderboard as (
            select
                entry_id as system_id,
                position
            from evaluation.leaderboard
            where entry_kind = 'system'
        ),

        query_counts as (
            select
                system_id,
                count(*) as query_count
            from query_runs
            group by system_id
        ),

        categories as (
            select
                system_id,
                category,
                count(*) as failures,
                median(target_rank) as median_target_rank,
                count(*) filter (where target_rank is null) as not_retrieved
            from failures
            group by system_id, category
        ),

        failures_by_category as (
            select
                leaderboard.position,
                categories.system_id,
                categories.category,
                categories.failures,
                round(categories.failures / query_counts.query_count, 4) as share_of_queries,
                round(categories.failures / sum(categories.failures) over (partition by categories.system_id), 4)
                    as share_of_failures,
                categories.median_target_rank,
                categories.not_retrieved
            from categories
            inner join query_counts on categories.system_id = query_counts.system_id
            inner join leaderboard on categories.system_id = leaderboard.system_id
        )

        select *
        from failures_by_category
        order by position asc, failures desc, category asc
        """,
        output=False,
        engine=warehouse,
    )
    return (failures_by_category,)


@app.cell(hide_code=True, expand_output=True)
def _(failures_of_best_system):
    notebooks.shown("failures_of_best_system", failures_of_best_system)
    return


@app.cell
def _(warehouse):
    failures_of_best_system = mo.sql(
        f"""
        with

        failures as (select * from evaluation.failures),

        queries as (select * from test_collection.queries),

        leaderboard as (select * from evaluation.leaderboard),

        systems as (select * from retrieval.systems),

        -- of ours: what a foreign run does cannot be taken apart
        best_system as (
            select leaderboard.entry_id as system_id
            from leaderboard
            inner join systems on leaderboard.entry_id = systems.system_id
            where leaderboard.entry_kind = 'system' and systems.system_kind <> 'foreign run'
            order by leaderboard.position
            limit 1
        ),

        misses as (
            select
                failures.system_id,
                failures.query_id,
                queries.query_text,
                failures.target_rank,
                failures.category,
                failures.shared_term_count,
                failures.query_term_count,
                failures.shared_terms,
                failures.missing_terms,
                failures.target_doc_id,
                failures.rival_doc_id
            from failures
            inner join best_system on failures.system_id = best_system.system_id
            inner join queries on failures.query_id = queries.query_id
        )

        select * from misses
        order by target_rank nulls last, query_id
        """,
        output=False,
        engine=warehouse,
    )
    return (failures_of_best_system,)


@app.cell(hide_code=True, expand_output=True)
def _(failures_of_best_system):
    missed_query = notebooks.choice_of_miss(failures_of_best_system)
    mo.vstack([notebooks.told("<h2>One of them</h2>"), missed_query])
    return (missed_query,)


@app.cell(hide_code=True, expand_output=True)
def _(failures_of_best_system, missed_query, warehouse):
    miss = notebooks.miss_of(warehouse, failures_of_best_system, missed_query.value)
    notebooks.miss_told(failures_of_best_system, missed_query.value)
    return (miss,)


@app.cell(hide_code=True, expand_output=True)
def _(compared_terms):
    mo.vstack([notebooks.terms_compared(compared_terms), notebooks.table(compared_terms)])
    return


@app.cell
def _(miss, warehouse):
    compared_terms = mo.sql(
        f"""
        select
            'target' as document,
            *
        from explain({miss.query}, {miss.target}, system := {miss.system})
        union all
        select
            'rank 1' as document,
            *
        from explain({miss.query}, {miss.rival}, system := {miss.system})
        order by document desc, contribution desc, term asc, field asc
        """,
        output=False,
        engine=warehouse,
    )
    return (compared_terms,)


@app.cell(hide_code=True, expand_output=True)
def _(matching_texts):
    mo.vstack(
        [
            notebooks.told("<p>What they say of it, the matches in brackets:</p>"),
            notebooks.table(matching_texts),
        ]
    )
    return


@app.cell
def _(miss, warehouse):
    matching_texts = mo.sql(
        f"""
        select
            'target' as document,
            *
        from snippets({miss.query}, {miss.target}, system := {miss.system})
        union all
        select
            'rank 1' as document,
            *
        from snippets({miss.query}, {miss.rival}, system := {miss.system})
        order by document desc, field asc
        """,
        output=False,
        engine=warehouse,
    )
    return (matching_texts,)


@app.cell(hide_code=True, expand_output=True)
def _(explained_queries):
    notebooks.shown("explained_queries", explained_queries)
    return


@app.cell
def _(warehouse):
    explained_queries = mo.sql(
        f"""
        with

        explanations as (select * from retrieval.explanations),

        runs as (select * from retrieval.runs),

        qrels as (select * from test_collection.qrels),

        queries as (select * from test_collection.queries),

        leaderboard as (select * from evaluation.leaderboard),

        best_system as (
            select entry_id as system_id
            from leaderboard
            where entry_kind = 'system'
            order by position
            limit 1
        ),

        explained_targets as (
            select
                runs.system_id,
                runs.query_id,
                runs.doc_id,
                runs.rank
            from runs
            inner join best_system on runs.system_id = best_system.system_id
            inner join qrels on runs.query_id = qrels.query_id and runs.doc_id = qrels.doc_id
            where
                qrels.relevance > 0
                and (runs.system_id, runs.query_id, runs.doc_id) in (
                    select (explanations.system_id, explanations.query_id, explanations.doc_id) from explanations
                )
            qualify row_number() over (partition by runs.query_id order by runs.rank) = 1
        ),

        -- near misses say most; two queries whose target is first show what success looks like
        chosen as (
            select *
            from explained_targets
            qualify row_number() over (partition by rank > 1 order by rank, query_id) <= case when rank > 1 then 3 else 2 end
        ),

        shown as (
            select
                chosen.query_id,
                chosen.rank as target_rank,
                runs.doc_id,
                runs.rank,
                runs.score,
                case when runs.doc_id = chosen.doc_id then 'target' else 'rank 1' end as part,
                runs.system_id
            from chosen
            inner join runs
                on
                    chosen.system_id = runs.system_id
                    and chosen.query_id = runs.query_id
                    and (runs.rank = 1 or chosen.doc_id = runs.doc_id)
        ),

        terms as (
            select
                shown.system_id,
                shown.query_id,
                queries.query_text,
                shown.target_rank,
                shown.part,
                shown.rank,
                shown.doc_id,
                shown.score,
                explanations.term,
                explanations.field,
                explanations.term_frequency,
                explanations.document_frequency,
                explanations.contribution
            from shown
            inner join queries on shown.query_id = queries.query_id
            inner join explanations
                on
                    shown.system_id = explanations.system_id
                    and shown.query_id = explanations.query_id
                    and shown.doc_id = explanations.doc_id
        )

        select * from terms
        order by target_rank desc, query_id asc, rank asc, contribution desc, term asc, field asc
        """,
        output=False,
        engine=warehouse,
    )
    return (explained_queries,)


@app.cell(hide_code=True, expand_output=True)
def _(near_duplicates_by_likeness):
    notebooks.shown("near_duplicates_by_likeness", near_duplicates_by_likeness)
    return


@app.cell
def _(warehouse):
    near_duplicates_by_likeness = mo.sql(
        f"""
        -- One row for each tenth of likeness from half of the words shared to all of them.
        with

        near_duplicates as (select * from evaluation.near_duplicates),

        qrels as (
            select distinct doc_id
            from test_collection.qrels
            where relevance > 0
        ),

        tenths as (select 4 + unnest(range(1, (5) + 1)) as tenth),

        pairs as (
            select
                least(floor(near_duplicates.jaccard * 10), 9) as tenth,
                targets.doc_id is not null or other_targets.doc_id is not null as holds_a_target
            from near_duplicates
            left join qrels as targets on near_duplicates.doc_id = targets.doc_id
            left join qrels as other_targets on near_duplicates.other_doc_id = other_targets.doc_id
        ),

        near_duplicates_by_likeness as (
            select
                tenths.tenth / 10.0 as jaccard_from,
                (tenths.tenth + 1) / 10.0 as jaccard_to,
                count(pairs.tenth) as pairs,
                count(*) filter (where pairs.holds_a_target) as pairs_with_a_target
            from tenths
            left join pairs on tenths.tenth = pairs.tenth
            group by tenths.tenth
        )

        select *
        from near_duplicates_by_likeness
        order by jaccard_from
        """,
        output=False,
        engine=warehouse,
    )
    return (near_duplicates_by_likeness,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("08_original_study.py", "the original study, rebuilt")
    return


if __name__ == "__main__":
    app.run()
