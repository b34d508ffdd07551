import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="Success among the first N results",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # Success among the first N results

    How far does a person have to scroll?

    Look at where a curve stops rising: what is not among the first results is often not found by scrolling on.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(success_by_cutoff):
    notebooks.shown("success_by_cutoff", success_by_cutoff)
    return


@app.cell
def _(warehouse):
    success_by_cutoff = mo.sql(
        f"""
        with

        system_metrics as (select * from evaluation.system_metrics),

        leaderboard as (select * from evaluation.leaderboard),

        comparisons as (select * from evaluation.comparisons),

        systems as (
            select
                entry_id as system_id,
                position,
                row_number() over (order by position) as place
            from leaderboard
            where entry_kind = 'system'
        ),

        successes as (
            select
                systems.position,
                systems.system_id,
                case
                    when systems.place = 1 then 'best'
                    when systems.system_id in (select comparisons.baseline_id from comparisons) then 'baseline'
                    else 'other'
                end as part,
                system_metrics.cutoff,
                system_metrics.value,
                system_metrics.ci_low,
                system_metrics.ci_high
            from system_metrics
            inner join systems on system_metrics.system_id = systems.system_id
            where system_metrics.metric = 'success'
        )

        select * from successes
        order by position, cutoff
        """,
        output=False,
        engine=warehouse,
    )
    return (success_by_cutoff,)


@app.cell(hide_code=True, expand_output=True)
def _(success_by_cutoff):
    chosen_systems = notebooks.choice_of_systems(success_by_cutoff)
    mo.vstack([notebooks.told("<h2>Some of them compared</h2>"), chosen_systems])
    return (chosen_systems,)


@app.cell(hide_code=True, expand_output=True)
def _(chosen_systems, success_by_cutoff):
    notebooks.curves(success_by_cutoff, chosen_systems.value)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("05_ablations.py", "what each part brings")
    return


if __name__ == "__main__":
    app.run()
