import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="The leaderboard",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # The leaderboard

    Which system brings a video back, and how sure is that?

    Look at the intervals before the order: two systems whose difference may be chance have no order. A tuned system is
    to be read by its diamond, the mean on queries that it was not chosen on.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(leaderboard_intervals):
    notebooks.shown("leaderboard_intervals", leaderboard_intervals)
    return


@app.cell
def _(warehouse):
    leaderboard_intervals = mo.sql(
        f"""
        with

        leaderboard as (select * from evaluation.leaderboard),

        entries as (
            select
                position,
                entry_id,
                entry_kind,
                in_sample_system_id,
                query_count,
                leading_metric,
                leading_value,
                leading_value_ci_low,
                leading_value_ci_high,
                case leading_metric
                    when 'reciprocal_rank' then reciprocal_rank_out_of_sample else average_precision_out_of_sample
                end as value_out_of_sample,
                success_at_1,
                success_at_8,
                median_target_rank,
                description
            from leaderboard
        )

        select * from entries
        order by position
        """,
        output=False,
        engine=warehouse,
    )
    return (leaderboard_intervals,)


@app.cell(hide_code=True, expand_output=True)
def _(differences_from_baseline):
    notebooks.shown("differences_from_baseline", differences_from_baseline)
    return


@app.cell
def _(warehouse):
    differences_from_baseline = mo.sql(
        f"""
        with

        comparisons as (select * from evaluation.comparisons),

        leaderboard as (select * from evaluation.leaderboard),

        differences as (
            select
                comparisons.system_id,
                comparisons.baseline_id,
                comparisons.family,
                comparisons.metric,
                comparisons.difference,
                comparisons.ci_low,
                comparisons.ci_high,
                comparisons.wins,
                comparisons.ties,
                comparisons.losses,
                comparisons.p_value,
                comparisons.p_adjusted,
                comparisons.detectable_difference,
                comparisons.test
            from comparisons
            where
                comparisons.metric in (select leaderboard.leading_metric from leaderboard)
                and comparisons.cutoff is null
        )

        select * from differences
        order by difference desc, system_id asc
        """,
        output=False,
        engine=warehouse,
    )
    return (differences_from_baseline,)


@app.cell(hide_code=True, expand_output=True)
def _(tuning_in_and_out_of_sample):
    notebooks.shown("tuning_in_and_out_of_sample", tuning_in_and_out_of_sample)
    return


@app.cell
def _(warehouse):
    tuning_in_and_out_of_sample = mo.sql(
        f"""
        with

        leaderboard as (select * from evaluation.leaderboard),

        cross_validation as (select * from evaluation.cross_validation),

        folds as (
            select
                procedure_id,
                count(distinct fold) as folds,
                count(distinct chosen_system_id) as systems_chosen
            from cross_validation
            group by procedure_id
        ),

        procedures as (
            select
                leaderboard.position,
                leaderboard.entry_id as procedure_id,
                leaderboard.in_sample_system_id,
                leaderboard.leading_metric,
                leaderboard.leading_value as value_in_sample,
                leaderboard.leading_value_ci_low as ci_low,
                leaderboard.leading_value_ci_high as ci_high,
                case leaderboard.leading_metric
                    when 'reciprocal_rank' then leaderboard.reciprocal_rank_out_of_sample
                    else leaderboard.average_precision_out_of_sample
                end as value_out_of_sample,
                folds.folds,
                folds.systems_chosen
            from leaderboard
            inner join folds on leaderboard.entry_id = folds.procedure_id
            where leaderboard.entry_kind = 'tuning procedure'
        )

        select * from procedures
        where value_out_of_sample is not null
        order by position
        """,
        output=False,
        engine=warehouse,
    )
    return (tuning_in_and_out_of_sample,)


@app.cell(hide_code=True, expand_output=True)
def _(near_duplicate_effect):
    notebooks.shown("near_duplicate_effect", near_duplicate_effect)
    return


@app.cell
def _(warehouse):
    near_duplicate_effect = mo.sql(
        f"""
        with

        near_duplicate_sensitivity as (select * from evaluation.near_duplicate_sensitivity),

        leaderboard as (select * from evaluation.leaderboard),

        effects as (
            select
                leaderboard.position,
                near_duplicate_sensitivity.system_id,
                near_duplicate_sensitivity.value,
                near_duplicate_sensitivity.value_with_groups,
                near_duplicate_sensitivity.changed_query_count,
                near_duplicate_sensitivity.query_count
            from near_duplicate_sensitivity
            inner join leaderboard on near_duplicate_sensitivity.system_id = leaderboard.entry_id
            where
                leaderboard.entry_kind = 'system'
                and near_duplicate_sensitivity.metric = 'reciprocal_rank'
                and near_duplicate_sensitivity.cutoff is null
        )

        select * from effects
        order by position
        """,
        output=False,
        engine=warehouse,
    )
    return (near_duplicate_effect,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("04_success.py", "success among the first N results")
    return


if __name__ == "__main__":
    app.run()
