"""What the notebooks of analyses/notebooks share: the warehouse they read, their queries, how figures are shown."""

from __future__ import annotations

import html
import json
import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

import altair
import duckdb
import marimo as mo
import polars

from tiktok_retrieval import figures, plots, questions, snapshots
from tiktok_retrieval.building import PROJECT
from tiktok_retrieval.report import marked_up

NOTEBOOKS = PROJECT / "analyses" / "notebooks"
# Where dbt builds unless told otherwise, and where `make demo` does
USUAL_PLACES = ("data/warehouse.duckdb", "data/demo/warehouse.duckdb")
# The column of a notebook in the editor, less the menu beside a chart, and that of a telephone
WIDE, NARROW = 650, 320
CURVES = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE, plots.ROSE, plots.TEAL, plots.OLIVE, plots.GREY)
# What `make bench` leaves behind, and what of it is drawn: a name, the column, what its figures are multiplied with
RESULTS = PROJECT / "bench" / "results"
MEASURES = {
    "One query, median, ms": ("single_median_seconds", 1e3),
    "One query, 95 of 100 take no longer, ms": ("single_p95_seconds", 1e3),
    "1,000 queries, first 10, CPU s": ("batch_10_cpu", 1),
    "1,000 queries, first 100, CPU s": ("batch_100_cpu", 1),
    "Build from raw text, CPU s": ("build_cpu", 1),
    "Index, MB": ("bytes", 1e-6),
    "Peak memory, MB": ("peak_bytes", 1e-6),
}
ENGINES = {
    "ours": plots.BLUE,
    "tantivy": plots.ORANGE,
    "bm25s": plots.GREEN,
    "sqlite_fts5": plots.PURPLE,
    "duckdb_fts": plots.TEAL,
    "rank_bm25": plots.GREY,
}
# A query of many n-grams would make a plot that nobody reads
MOST_TERMS = 24
# Columns that need more than a line, and how wide they are then
LONG_TEXTS = {"claim": 260, "description": 300, "remark": 260, "snippet": 440}
# A cell as marimo writes it; its result has the name of the file in analyses/ whose SQL it is
SQL_CELL = re.compile(
    r'^    (?P<name>\w+) = mo\.sql\(\n        f"""\n(?P<sql>.*?)\n        """,', re.MULTILINE | re.DOTALL
)


class NoWarehouseError(Exception):
    """There is nothing to read; the message says where it was looked for and what to do."""


# --- The warehouse --------------------------------------------------------------------------------------------------


def warehouse_file() -> Path:
    """Return the file to read: of $TIKTOK_WAREHOUSE or a usual place, the published copy where there is one.

    Raises NoWarehouseError where there is none.
    """
    asked = os.environ.get("TIKTOK_WAREHOUSE")
    places = [Path(asked)] if asked else [PROJECT / place for place in USUAL_PLACES]
    for place in places:
        try:
            return snapshots.current(place)
        except snapshots.NoSnapshotError:
            if place.is_file():
                return place
    if asked:
        raise NoWarehouseError(
            f"There is no warehouse {asked}: run `dbt build`, or set TIKTOK_WAREHOUSE to a file that is there."
        )
    raise NoWarehouseError(
        f"There is no warehouse at {figures.listed(USUAL_PLACES)}: run `make demo`, or `dbt build` on a corpus of your "
        "own, or set TIKTOK_WAREHOUSE."
    )


def connect() -> duckdb.DuckDBPyConnection:
    """Open the warehouse for reading. Raises NoWarehouseError where it cannot."""
    path = warehouse_file()
    try:
        connection = duckdb.connect(str(path), read_only=True)
        connection.execute("set timezone = 'UTC'")
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise NoWarehouseError(f"{path} cannot be read ({reason}): wait for the build to end.") from error
    return connection


def opened(notebook: str) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for a notebook, or end that with one line where there is none or it lacks a table."""
    try:
        connection = connect()
    except NoWarehouseError as error:
        mo.stop(True, note(str(error)))
    reads = [questions.read(name) for name in {"last_builds": "", **queries(Path(notebook).read_text())}]
    missing = dict.fromkeys(model for question in reads for model in questions.missing_models(connection, question))
    if missing:
        connection.close()
        settings = sorted({question.setting for question in reads if question.setting})
        variables = f" --vars '{{{', '.join(f'{setting}: true' for setting in settings)}}}'" if settings else ""
        tables = figures.listed([f"`{questions.rooms()[model]}.{model}`" for model in missing])
        mo.stop(
            True, note(f"Not built yet: {tables}. `dbt build{variables}` makes what is missing: then open this again.")
        )
    return connection


def source(connection: duckdb.DuckDBPyConnection) -> mo.Html:
    """Say what is being read."""
    (file,) = connection.execute("select path from duckdb_databases() where not internal").fetchone() or ("",)
    path = Path(file)
    place = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
    (built,) = connection.execute("select max(built_at) from meta.builds").fetchone() or (None,)
    when = f", built {built:%Y-%m-%d %H:%M} UTC" if built else ""
    sentence = f"Reads `{place}`{when}, and changes nothing. Run this cell again after a build."
    return told(paragraph(sentence, "source"))


# --- Queries --------------------------------------------------------------------------------------------------------


def queries(text: str) -> dict[str, str]:
    """Return the SQL of each cell of a notebook that answers a question of analyses/, by its name."""
    known = set(questions.names())
    return {cell["name"]: textwrap.dedent(cell["sql"]) for cell in SQL_CELL.finditer(text) if cell["name"] in known}


def with_current_queries(text: str) -> str:
    """Return a notebook's text with the SQL of analyses/ in each of these cells."""
    known = set(questions.names())

    def replaced(cell: re.Match[str]) -> str:
        if cell["name"] not in known:
            return cell[0]
        sql = questions.read(cell["name"]).sql
        if set(sql) & set("{}\\"):
            raise ValueError(f"analyses/{cell['name']}.sql: braces and backslashes would need another kind of string")
        return cell[0].replace(cell["sql"], textwrap.indent(sql, " " * 8))

    return SQL_CELL.sub(replaced, text)


def quoted(text: str | None) -> str:
    """Write a text as SQL does."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


# --- What a cell shows ----------------------------------------------------------------------------------------------


def told(content: str) -> mo.Html:
    """Return a part of the page in the notebooks' own looks."""
    return mo.Html(f'<section class="told">{content}</section>')


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; names in the text stand between backticks."""
    return f'<p class="{kind}">{marked_up(text)}</p>'


def note(text: str) -> mo.Html:
    """Show a line that says why there is nothing else."""
    return told(paragraph(text, "note"))


def head(name: str, title: str) -> str:
    """Return the title of a part and the question that it answers."""
    return f"<h2>{html.escape(title)}</h2>{paragraph(questions.read(name).text, 'question')}"


def asked(name: str, title: str, text: str = "") -> mo.Html:
    """Show a question that no figure of the report answers."""
    return told(head(name, title) + (paragraph(text) if text else ""))


def shown(name: str, rows: polars.DataFrame, table_instead: mo.Html | None = None) -> mo.Html:
    """Show a figure: its question, the sentence about the answer, plot and table; or say why there is none."""
    figure = figures.figure(name)
    top = head(name, figure.title)
    if rows.is_empty():
        return told(top + paragraph(figure.when_empty, "note"))
    lacking = [f"`{column}`" for column in figure.headings if column not in rows.columns]
    if lacking:
        return told(
            top + paragraph(f"The rows no longer have what the figure needs: {figures.listed(lacking)}.", "note")
        )
    body = paragraph(figure.say(rows))
    if figure.draw is not None:
        body += drawn(figure.title, *(figure.drawn(rows, width) for width in (WIDE, NARROW)))
    return mo.vstack([told(top + body), table_instead or table(figure.table(rows), figure.headings)])


def table(rows: polars.DataFrame, headings: Mapping[str, str] = MappingProxyType({})) -> mo.ui.table:
    """Show rows that can be searched, sorted and saved."""
    named = {column: headings.get(column) or "#" for column in rows.columns} if headings else {}
    named_rows = rows.rename(named)
    return mo.ui.table(
        named_rows,
        page_size=10,
        selection=None,
        show_column_summaries=False,
        show_data_types=False,
        format_mapping={named.get(column, column): partial(written, column) for column in rows.columns},
        wrapped_columns=[named.get(column, column) for column in LONG_TEXTS if column in rows.columns],
        column_widths={
            named.get(column, column): width for column, width in LONG_TEXTS.items() if column in rows.columns
        },
    )


def written(column: str, value: Any) -> str:
    """Write a value of a table as the report does."""
    return figures.written(value, column)


def numbers(name: str, rows: polars.DataFrame) -> mo.Html:
    """Show a row of counts, each with what it counts, below the sentence about them."""
    figure = figures.figure(name)
    (row,) = rows.to_dicts()
    cells = "".join(
        f"<div><dd>{figures.written(row[column], column)}</dd><dt>{html.escape(heading)}</dt></div>"
        for column, heading in figure.headings.items()
    )
    return told(f'{head(name, figure.title)}{paragraph(figure.say(rows))}<dl class="numbers">{cells}</dl>')


def drawn(title: str, wide: plots.Chart, narrow: plots.Chart) -> str:
    """Return a chart for a page that has room and one for a page that has not; the page shows one of them."""
    return "".join(
        f'<div class="plot {place}" role="img" aria-label="{html.escape(title)}">{mo.as_html(chart).text}</div>'
        for place, chart in (("wide", themed(wide, has_menu=True)), ("narrow", themed(narrow, has_menu=False)))
    )


def themed(chart: plots.Chart, *, has_menu: bool) -> altair.SchemaBase:
    """Return a chart that tells what a mark stands for, in the colours of the page's ground."""
    text = json.dumps(chart.configure_mark(tooltip=True).to_dict())
    for light, dark in plots.DARK.items() if mo.app_meta().theme == "dark" else ():
        text = text.replace(f'"{light}"', f'"{dark}"')
    shown_chart: altair.SchemaBase = altair.Chart.from_json(text)
    # a plain dictionary: marimo adds to it
    shown_chart["usermeta"] = {"embedOptions": {"actions": has_menu, "renderer": "svg"}}
    return shown_chart


def side_by_side(rows: polars.DataFrame, group: str) -> mo.Html:
    """Show the most distinctive words of each group in a column of their own."""
    groups = rows[group].unique(maintain_order=True).to_list()
    columns = [rows.filter(polars.col(group) == name).sort("place")["term"].to_list() for name in groups]
    names = "".join(f"<th>{html.escape(figures.readable(name))}</th>" for name in groups)
    lines = "".join(
        "<tr>" + "".join(f"<td>{html.escape(term or '')}</td>" for term in terms) + "</tr>"
        for terms in zip_longest(*columns)
    )
    return told(f'<div class="scroll"><table class="terms"><tr>{names}</tr>{lines}</table></div>')


def choice(values: polars.Series, label: str) -> mo.ui.dropdown:
    """Return what a reader picks one of several values with."""
    options = values.unique().sort().to_list()
    return mo.ui.dropdown(options, value=options[0] if options else None, label=label, searchable=True)


def bars(title: str, rows: polars.DataFrame, name: str, value: str) -> mo.Html:
    """Show a bar for each row, its value beside it."""
    bar_rows = rows.select(
        polars.col(name).alias("name"),
        polars.col(value).alias("value"),
        polars.col(value).map_elements(lambda size: f"{size:,.1f}", return_dtype=polars.String).alias("label"),
    )
    return told(drawn(title, plots.bars(bar_rows, WIDE), plots.bars(bar_rows, NARROW)))


def choice_of_systems(rows: polars.DataFrame) -> mo.ui.multiselect:
    """Return what a reader picks systems with; the best and the baseline are picked at first."""
    systems = rows["system_id"].unique(maintain_order=True).to_list()
    first = rows.filter(polars.col("part") != "other")["system_id"].unique(maintain_order=True).to_list()
    return mo.ui.multiselect(systems, value=first, label="Systems", max_selections=len(CURVES), full_width=True)


def curves(rows: polars.DataFrame, chosen: Sequence[str]) -> mo.Html:
    """Show the success among the first N results of the systems that were chosen, each in a colour of its own."""
    if not chosen:
        return note("Choose a system, and its curve is drawn.")
    kinds = dict(zip(chosen, CURVES, strict=False))
    shown_rows = rows.filter(polars.col("system_id").is_in(list(kinds)))
    charts = []
    for width in (WIDE, NARROW):
        base = altair.Chart(shown_rows)
        cutoffs = shown_rows["cutoff"].unique().sort().to_list()
        x = altair.X("cutoff:Q", title="First N results", axis=altair.Axis(values=cutoffs, grid=False))
        scale = altair.Scale(domain=[figures.rounded_down(figures.ends(shown_rows, "value")[0]), 1.0], nice=False)
        y = altair.Y("value:Q", title="Share of queries", scale=scale, axis=altair.Axis(format="%", tickCount=6))
        legend = plots.legend(kinds, kinds, width, symbol="stroke")
        colour = altair.Color("system_id:N", scale=plots.colours(kinds, kinds), legend=legend)
        line = base.mark_line(strokeWidth=2.5, point={"size": 50}).encode(x=x, y=y, color=colour)
        charts.append(plots.finished(line, width, 300))
    return told(drawn("Success among the first N results", *charts))


# --- Failures, one by one -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Miss:
    """A query whose target is not first, as values for SQL."""

    query: str
    target: str
    rival: str
    system: str  # null where the system cannot be searched from the file: then another explains


def choice_of_miss(rows: polars.DataFrame) -> mo.ui.dropdown:
    """Return what a reader picks a missed query with."""
    options: dict[str, str] = {}
    for row in rows.to_dicts():
        place = f"rank {row['target_rank']:,}" if row["target_rank"] is not None else "not found"
        label = f"{plots.shortened((row['query_text'] or '').strip(), 420)} ({place})"
        options[label if label not in options else f"{label}: {row['query_id']}"] = row["query_id"]
    return mo.ui.dropdown(options, value=next(iter(options), None), label="Query", searchable=True, full_width=True)


def miss_of(connection: duckdb.DuckDBPyConnection, rows: polars.DataFrame, query_id: str | None) -> Miss:
    """Return the picked miss, or end there with a line where there is nothing to compare."""
    picked = rows.filter(polars.col("query_id") == query_id).to_dicts() if query_id is not None else []
    mo.stop(not picked, note("No query is picked." if len(rows) else "The best system misses nothing."))
    (row,) = picked
    mo.stop(row["rival_doc_id"] is None, note("Nothing was retrieved: no document has any of the query's terms."))
    ids = [row["target_doc_id"], row["rival_doc_id"]]
    known = connection.execute(
        "select count(*) from search_index.documents where list_contains(?, doc_id)", [ids]
    ).fetchone()
    mo.stop(known != (len(set(ids)),), note("The target is not in the collection: there is no text to look at."))
    searchable = connection.execute(
        "select system_id from search.searchable_systems where system_id = ? and refusal is null", [row["system_id"]]
    ).fetchone()
    return Miss(
        query=quoted(row["query_text"]),
        target=quoted(row["target_doc_id"]),
        rival=quoted(row["rival_doc_id"]),
        system=quoted(searchable[0] if searchable else None),
    )


def miss_told(rows: polars.DataFrame, query_id: str) -> mo.Html:
    """Say what happened to a missed query."""
    (row,) = rows.filter(polars.col("query_id") == query_id).to_dicts()
    place = f"on rank {row['target_rank']:,}" if row["target_rank"] is not None else "nowhere"
    terms = figures.counted(row["query_term_count"], "term")
    sentence = (
        f"The target `{row['target_doc_id']}` is {place}; on rank 1 is `{row['rival_doc_id']}`. "
        f"The reason: {figures.readable(row['category'])}. The target has {row['shared_term_count']:,} of the query's "
        f"{terms}"
    )
    lacking = f"; it lacks `{row['missing_terms']}`." if row["missing_terms"] else "."
    return told(f"<h3>{html.escape((row['query_text'] or '').strip())}</h3>{paragraph(sentence + lacking)}")


def terms_compared(rows: polars.DataFrame) -> mo.Html:
    """Show which terms of the query speak for the target, and which for the document on rank 1."""
    if rows.is_empty():
        return note("Neither document has a term of the query.")
    shares = (
        rows.with_columns(
            polars.when(polars.col("document") == "target")
            .then(polars.col("contribution"))
            .otherwise(-polars.col("contribution"))
            .alias("signed")
        )
        .group_by("term")
        .agg(polars.col("signed").sum().round(9).alias("value"))
        .filter(polars.col("value") != 0)
        .sort(polars.col("value").abs(), "term", descending=[True, False])
    )
    if shares.is_empty():
        return note("Both documents have the same terms of the query, equally weighted.")
    most = shares.head(MOST_TERMS).sort("value", "term", descending=[True, False])
    kinds = {"for the target": plots.BLUE, "for the document on rank 1": plots.ORANGE}
    terms = most.select(
        polars.col("term").alias("name"),
        "value",
        polars.when(polars.col("value") > 0)
        .then(polars.lit("for the target"))
        .otherwise(polars.lit("for the document on rank 1"))
        .alias("kind"),
    )
    sums = rows.group_by("document").agg(polars.col("contribution").sum())
    scores = dict(sums.iter_rows())
    sentence = (
        f"The query's terms weigh {scores.get('target', 0.0):.2f} in the target and {scores.get('rank 1', 0.0):.2f} in "
        "the document on rank 1. "
        + (
            f"Of {figures.counted(len(shares), 'term')} that weigh differently, these make the greatest difference."
            if len(shares) > len(most)
            else "A bar is what one term adds to the difference."
        )
    )
    charts = [
        plots.stacked_bars(terms, width, title="Difference of scores", order=terms["name"].to_list(), kinds=kinds)
        for width in (WIDE, NARROW)
    ]
    return told(paragraph(sentence) + drawn("Which terms made the difference", *charts))


# --- Speed and scale ------------------------------------------------------------------------------------------------


def benchmark_results(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the files of measurements as SQL names them, or end there with a line that says how to measure."""
    files = quoted(str(RESULTS / "search_*.json"))
    mo.stop(
        connection.execute(f"select count(*) from glob({files})").fetchone() == (0,),
        note(
            "Nothing has been measured here: `make bench` compares up to 10,000 documents in a few minutes, "
            "`make bench SCALE=1000000` up to a million. Then run this cell again."
        ),
    )
    return files


def choice_of_measure() -> mo.ui.dropdown:
    """Return what a reader picks a measure with."""
    return mo.ui.dropdown(list(MEASURES), value=next(iter(MEASURES)), label="Measure")


def three_digits(value: float) -> str:
    """Write a figure with the three digits that count."""
    return f"{float(f'{value:.3g}'):,.12g}"


def engines_table(rows: polars.DataFrame) -> mo.ui.table:
    """Show every measure of every engine."""
    measures = [polars.col(column) * factor for column, factor in MEASURES.values()]
    headings = {"documents": "documents", "engine": "engine"} | {column: name for name, (column, _) in MEASURES.items()}
    return table(rows.select("documents", "engine", *measures), headings)


def engines_compared(rows: polars.DataFrame, measure: str | None) -> mo.Html:
    """Show how a measure grows with the collection, ours beside other engines."""
    if measure is None:
        return note("Pick a measure, and it is drawn.")
    column, factor = MEASURES[measure]
    measured = rows.filter(polars.col(column) > 0).select(
        "documents", "engine", (polars.col(column) * factor).alias("value")
    )
    if measured.is_empty():
        return note("No engine has figures of this measure.")
    largest = measured.filter(polars.col("documents") == polars.col("documents").max()).sort("value", "engine")
    parts = [f"`{row['engine']}` {three_digits(row['value'])}" for row in largest.to_dicts()]
    sentence = (
        f"{measure}: at {figures.counted(largest['documents'][0], 'document')} {figures.listed(parts)}. "
        "Both axes are logarithmic: a line of slope one grows as the collection does."
    )
    charts = []
    for width in (WIDE, NARROW):
        sizes = measured["documents"].unique().sort().to_list()
        x = altair.X(
            "documents:Q",
            title="Documents",
            scale=altair.Scale(type="log", nice=False, domain=[sizes[0] / 1.15, sizes[-1] * 1.15]),
            axis=altair.Axis(values=sizes, format=".3~s" if width < plots.NARROW else ",", grid=False),
        )
        y = altair.Y(
            "value:Q", title=measure, scale=altair.Scale(type="log"), axis=altair.Axis(tickCount=5, format="~g")
        )
        legend = plots.legend(ENGINES, measured["engine"], width, symbol="stroke")
        colour = altair.Color("engine:N", scale=plots.colours(ENGINES, measured["engine"]), legend=legend)
        line = altair.Chart(measured).mark_line(strokeWidth=2.5, point={"size": 50}).encode(x=x, y=y, color=colour)
        charts.append(plots.finished(line, width, 280))
    return told(paragraph(sentence) + drawn("Beside other engines", *charts))


def onward(file: str, what: str, lead: str = "Next") -> mo.Html:
    """Lead to another notebook."""
    return told(f'<p class="onward">{html.escape(lead)}: <a href="?file={file}">{html.escape(what)}</a></p>')
