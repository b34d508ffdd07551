import marimo

__generated_with = "0.25.2"
app = marimo.App(
    app_title="The original study, rebuilt",
    css_file="notebooks.css",
    sql_output="polars",
)

with app.setup(hide_code=True):
    import marimo as mo

    from tiktok_retrieval import notebooks


@app.cell(hide_code=True, expand_output=True)
def _():
    mo.md("""
    # The original study, rebuilt

    The study that this project grew out of tried every pair of its indexes and formulas. Is it found again, and what of it holds?

    Look at what changes once the cosine is corrected and equal scores count as equal, and at what the best of so many
    settings is worth on queries that it was not chosen on. All of it needs `dbt build --vars '{original_study: true}'`.
    """)
    return


@app.cell(hide_code=True, expand_output=True)
def _():
    warehouse = notebooks.opened(__file__)
    notebooks.source(warehouse)
    return (warehouse,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_reproduced):
    notebooks.shown("original_study_reproduced", original_study_reproduced)
    return


@app.cell
def _(warehouse):
    original_study_reproduced = mo.sql(
        f"""
        -- One row: published vocabulary sizes and ranks, and how many of them the rebuilt study agrees with. A published rank
        -- agrees when it lies among those that documents of equal scores can have.

        with

        original_study_indexes as (select * from evaluation.original_study_indexes),

        original_study_ranks as (select * from evaluation.original_study_ranks),

        vocabularies as (
            select
                count(*) as indexes,
                count(published_vocabulary_size) as published_indexes,
                count(*) filter (
                    where abs(vocabulary_size - published_vocabulary_size) <= 0.0005 * published_vocabulary_size
                ) as equal_vocabularies
            from original_study_indexes
        ),

        ranks as (
            select
                count(*) as ranks,
                count(*) filter (where is_published) as published_ranks,
                count(*) filter (where is_published and is_told_as_published) as comparable_ranks,
                count(*) filter (
                    where
                    is_published
                    and is_told_as_published
                    and (
                        published_rank between rank_low_as_published and rank_high_as_published
                        or (published_rank is null and rank_low_as_published is null)
                    )
                ) as equal_ranks
            from original_study_ranks
        )

        select
            vocabularies.indexes,
            vocabularies.published_indexes,
            vocabularies.equal_vocabularies,
            ranks.ranks,
            ranks.published_ranks,
            ranks.comparable_ranks,
            ranks.equal_ranks
        from vocabularies
        cross join ranks
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_reproduced,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_agreed_cells):
    notebooks.shown("original_study_agreed_cells", original_study_agreed_cells)
    return


@app.cell
def _(warehouse):
    original_study_agreed_cells = mo.sql(
        f"""
        with

        original_study_agreement as (select * from evaluation.original_study_agreement),

        parts as (
            select
                part,
                cells,
                compared_count,
                agreeing_count,
                agreeing_share,
                mean_interval_width,
                largest_difference
            from original_study_agreement
        )

        select * from parts
        order by cells asc, agreeing_share desc nulls last, part asc
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_agreed_cells,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_claims_checked):
    notebooks.shown("original_study_claims_checked", original_study_claims_checked)
    return


@app.cell
def _(warehouse):
    original_study_claims_checked = mo.sql(
        f"""
        -- One row for each conclusion, by pairs of experiments that differ in that one setting.

        with

        original_study_conclusions as (select * from evaluation.original_study_conclusions),

        claims as (
            select
                claim_id,
                claim,
                verdict,
                published_value - published_other_value as published_difference,
                value,
                other_value,
                difference,
                ci_low,
                ci_high,
                pair_count,
                remark
            from original_study_conclusions
        )

        select * from claims
        order by claim_id
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_claims_checked,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_by_index):
    notebooks.shown("original_study_by_index", original_study_by_index)
    return


@app.cell
def _(warehouse):
    original_study_by_index = mo.sql(
        f"""
        -- One row for each of the 80 indexes. Ranks are by the formulas, the corrected cosine among them, ties at their mean.

        with

        original_study_ranks as (select * from evaluation.original_study_ranks),

        experiments as (select * from seeds.original_study_experiments),

        settings as (select * from seeds.original_study_index_settings),

        experiment_means as (
            select
                experiment_id,
                avg(expected_reciprocal_rank) as mean_reciprocal_rank,
                count(*) as queries
            from original_study_ranks
            group by experiment_id
        ),

        best_experiments as (
            select
                experiments.index_id,
                experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
                experiment_means.experiment_id,
                experiment_means.mean_reciprocal_rank,
                experiment_means.queries
            from experiment_means
            inner join experiments on experiment_means.experiment_id = experiments.experiment_id
            qualify
                row_number() over (
                    partition by experiments.index_id
                    order by round(experiment_means.mean_reciprocal_rank, 9) desc, experiment_means.experiment_id asc
                ) = 1
        ),

        original_study_by_index as (
            select
                settings.index_id,
                coalesce(settings.ngram_size || '-grams', 'words') as tokens,
                concat(
                    'basic',
                    case when settings.speech then ' + speech' else '' end,
                    case when settings.cover_text then ' + cover' else '' end,
                    case when settings.comments then ' + comments' else '' end
                ) as fields,
                settings.attributed,
                best_experiments.formula,
                best_experiments.experiment_id,
                best_experiments.mean_reciprocal_rank,
                best_experiments.queries
            from settings
            inner join best_experiments on settings.index_id = best_experiments.index_id
        )

        select * from original_study_by_index
        order by attributed asc, length(fields) asc, fields asc, tokens desc
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_by_index,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_by_formula):
    notebooks.shown("original_study_by_formula", original_study_by_formula)
    return


@app.cell
def _(warehouse):
    original_study_by_formula = mo.sql(
        f"""
        -- One row for each of the 12 formulas: term weight, collection weight, normaliser.

        with

        original_study_ranks as (select * from evaluation.original_study_ranks),

        experiments as (select * from seeds.original_study_experiments),

        experiment_means as (
            select
                experiment_id,
                avg(expected_reciprocal_rank) as mean_reciprocal_rank
            from original_study_ranks
            group by experiment_id
        ),

        original_study_by_formula as (
            select
                experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
                experiments.term_weight,
                experiments.collection_weight,
                experiments.normaliser,
                avg(experiment_means.mean_reciprocal_rank) as mean_over_indexes,
                min(experiment_means.mean_reciprocal_rank) as worst_index,
                max(experiment_means.mean_reciprocal_rank) as best_index,
                count(*) as indexes
            from experiment_means
            inner join experiments on experiment_means.experiment_id = experiments.experiment_id
            group by experiments.term_weight, experiments.collection_weight, experiments.normaliser
        )

        select * from original_study_by_formula
        order by mean_over_indexes desc, formula asc
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_by_formula,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_by_tokens):
    notebooks.shown("original_study_by_tokens", original_study_by_tokens)
    return


@app.cell
def _(warehouse):
    original_study_by_tokens = mo.sql(
        f"""
        -- One row for each formula and kind of tokens: the mean over its 16 choices of fields.

        with

        original_study_ranks as (select * from evaluation.original_study_ranks),

        experiments as (select * from seeds.original_study_experiments),

        settings as (select * from seeds.original_study_index_settings),

        original_study_by_tokens as (
            select
                experiments.term_weight || experiments.collection_weight || experiments.normaliser as formula,
                coalesce(settings.ngram_size || '-grams', 'words') as tokens,
                avg(original_study_ranks.expected_reciprocal_rank) as mean_reciprocal_rank,
                count(distinct settings.index_id) as indexes
            from original_study_ranks
            inner join experiments on original_study_ranks.experiment_id = experiments.experiment_id
            inner join settings on experiments.index_id = settings.index_id
            group by
                experiments.term_weight || experiments.collection_weight || experiments.normaliser,
                coalesce(settings.ngram_size || '-grams', 'words')
        )

        select * from original_study_by_tokens
        order by avg(mean_reciprocal_rank) over (partition by formula) desc, formula asc, tokens desc
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_by_tokens,)


@app.cell(hide_code=True, expand_output=True)
def _(original_study_out_of_sample):
    notebooks.shown("original_study_out_of_sample", original_study_out_of_sample)
    return


@app.cell
def _(warehouse):
    original_study_out_of_sample = mo.sql(
        f"""
        with

        original_study_comparison as (select * from evaluation.original_study_comparison),

        procedures as (
            select
                procedure_id,
                is_original_study,
                candidate_count,
                query_count,
                reciprocal_rank,
                success_at_1,
                success_at_3,
                success_at_5,
                success_at_8
            from original_study_comparison
        )

        select * from procedures
        order by reciprocal_rank desc, procedure_id asc
        """,
        output=False,
        engine=warehouse,
    )
    return (original_study_out_of_sample,)


@app.cell(hide_code=True, expand_output=True)
def _():
    notebooks.onward("09_speed_and_scale.py", "speed and scale")
    return


if __name__ == "__main__":
    app.run()
