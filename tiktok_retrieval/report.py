"""Write the report: every figure of a warehouse in one HTML file that asks no host for anything."""

from __future__ import annotations

import html
import os
import re
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import vl_convert

from tiktok_retrieval import figures, plots, questions
from tiktok_retrieval.leaderboards import NoLeaderboardError

WIDE, NARROW = 720, 340
TEMPLATE = Path(__file__).with_name("report.html")
COLOUR_NAMES = {
    value: name.lower() for name, value in vars(plots).items() if isinstance(value, str) and value in plots.DARK
}
# More rows than these make a page slow and nobody reads them: the SQL gives all
MOST_ROWS = 1000

# id, title, what it is about, the figures
SECTIONS = (
    (
        "corpus",
        "The corpus",
        "What was scraped, how far it got, and what the documents are made of.",
        ("corpus_funnel", "outcomes_by_host", "exclusion_reasons", "posts_by_month", "text_sources"),
    ),
    (
        "systems",
        "What retrieves best",
        "A system is an index searched with a ranking function. Every mean has its interval; in sample means that a "
        "setting may have been chosen after a look at these very queries.",
        (
            "leaderboard_intervals",
            "success_by_cutoff",
            "differences_from_baseline",
            "tuning_in_and_out_of_sample",
            "ablated_systems",
            "ablated_fields",
            "tokenizers_by_ranker",
            "comments_indexed",
            "score_by_field",
        ),
    ),
    (
        "queries",
        "Queries and failures",
        "A known-item query is what a person types to find one remembered video again.",
        (
            "query_lengths",
            "query_groups",
            "query_difficulty",
            "hardest_queries",
            "failures_by_category",
            "failures_of_best_system",
            "near_duplicates_by_likeness",
            "near_duplicate_effect",
            "explained_queries",
        ),
    ),
    (
        "study",
        "The original study, rebuilt",
        "The study that this project grew out of compared many indexes and formulas. Here they are by what the "
        "formulas say, with the cosine corrected; equal scores count with the mean over the ranks that they share.",
        (
            "original_study_reproduced",
            "original_study_agreed_cells",
            "original_study_claims_checked",
            "original_study_by_index",
            "original_study_by_formula",
            "original_study_by_tokens",
            "original_study_out_of_sample",
        ),
    ),
    (
        "texts",
        "Words and indexes",
        "What the indexes are made of, and what they weigh.",
        ("index_sizes", "vocabulary_growth", "zipf", "distinctive_terms_by_field"),
    ),
    (
        "making",
        "What this was made from",
        "The builds that this warehouse remembers.",
        ("last_builds",),
    ),
)
FINDINGS = ("collection_in_numbers", "leaderboard_intervals", "differences_from_baseline", "failures_by_category")


@dataclass
class Part:
    """A figure as the page shows it."""

    name: str
    title: str
    question: str
    sql: str
    says: str = ""  # HTML, as are the plots
    note: str = ""
    wide: str = ""
    narrow: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[dict[str, Any]]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Return its anchor."""
        return self.name.replace("_", "-")


def marked_up(sentence: str) -> str:
    """Escape a sentence, set what stands between backticks as a name, and keep figures with their percent signs."""
    escaped = html.escape(sentence, quote=False).replace(" %", "&nbsp;%")
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escaped)


def svg(chart: plots.Chart, part: Part, number: int) -> str:
    """Draw a chart as SVG for a page: colours as variables, ids that no other drawing has, a text alternative."""
    drawn: str = vl_convert.vegalite_to_svg(chart.to_json(validate=False))
    for colour, name in COLOUR_NAMES.items():
        drawn = drawn.replace(f'"{colour}"', f'"var(--{name})"')
    drawn = re.sub(r' font-family="[^"]*"', "", drawn)
    # the renderer counts its ids from drawing to drawing, in no order that holds from run to run
    for place, identifier in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn))):
        new = f"d{number}-{place}"
        drawn = drawn.replace(f'id="{identifier}"', f'id="{new}"').replace(f"url(#{identifier})", f"url(#{new})")
    alternative = f'role="img" aria-label="Plot: {html.escape(part.title)}" aria-describedby="{part.id}-says"'
    return re.sub(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>", rf"<svg {alternative} \1>", drawn, count=1)


def filled(
    connection: duckdb.DuckDBPyConnection, figure: figures.Figure, *, with_words: bool, numbers: count[int]
) -> Part:
    """Answer a figure's question and put the answer into a part of the page, or a note that says why there is none."""
    question = questions.read(figure.name)
    part = Part(figure.name, figure.title, question.text, question.sql)
    if figure.is_about_words and not with_words:
        part.note = "Left out: it shows what persons typed and wrote. --with-words brings it in."
        return part
    try:
        rows = figure.rows(connection)
    except questions.NotBuiltError as error:
        part.note = str(error)
        return part
    if rows.is_empty():
        part.note = figure.when_empty
        return part
    if not with_words:
        rows = rows.drop(*(column for column in figure.word_columns if column in rows.columns))
    part.says = marked_up(figure.say(rows))
    if figure.draw is not None:
        part.wide = svg(figure.drawn(rows, WIDE), part, next(numbers))
        part.narrow = svg(figure.drawn(rows, NARROW), part, next(numbers))
    table = figure.table(rows, with_words=with_words)
    part.columns = [
        {"heading": figure.headings[column] or "#", "is_number": table[column].dtype.is_numeric()}
        for column in table.columns
    ]
    part.rows = [
        [
            {
                "text": figures.written(value, column),
                "is_number": isinstance(value, int | float),
                "key": value if isinstance(value, int | float) else None,
            }
            for column, value in row.items()
        ]
        for row in table.head(MOST_ROWS).to_dicts()
    ]
    return part


def title_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Name the page after what the warehouse holds."""
    (row,) = figures.figure("collection_in_numbers").rows(connection).to_dicts()
    is_corpus = row["tiktoks"] or row["excluded_tiktoks"]
    return "Finding one known TikTok again" if is_corpus else "Retrieval from a text collection"


def page(connection: duckdb.DuckDBPyConnection, *, with_words: bool) -> str:
    """Return the report as HTML. Raises questions.NotBuiltError where the warehouse lacks even the collection."""
    numbers = count(1)
    parts: dict[str, Part] = {}
    for *_, names in SECTIONS:
        for name in names:
            parts[name] = filled(connection, figures.figure(name), with_words=with_words, numbers=numbers)
    overview = filled(connection, figures.figure("collection_in_numbers"), with_words=with_words, numbers=numbers)
    known = parts | {overview.name: overview}
    builds = parts["last_builds"]
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(TEMPLATE.read_text()).render(
        title=title_of(connection),
        lead=builds.says,
        findings=[known[name].says for name in FINDINGS if known[name].says],
        facts=[
            (column["heading"], cell["text"]) for column, cell in zip(overview.columns, overview.rows[0], strict=True)
        ],
        sections=[
            {"id": identifier, "title": title, "lead": lead, "parts": [parts[name] for name in names]}
            for identifier, title, lead, names in SECTIONS
        ],
        footer=(
            "Every number stands in a table of the warehouse, and the SQL under each figure reads it with any DuckDB "
            "client. "
            + (
                "The page holds what persons typed and wrote, names among it: think before you share it."
                if with_words
                else "What persons typed and wrote is left out."
            )
        ),
        light=variables({colour: colour for colour in plots.DARK}),
        dark=variables(plots.DARK),
        font=plots.FONT,
    )


def variables(values: dict[str, str]) -> str:
    """Return the CSS variables of the plots' colours."""
    return " ".join(f"--{COLOUR_NAMES[colour]}: {value};" for colour, value in values.items())


def write(warehouse: Path, target: Path, *, with_words: bool) -> int:
    """Write the report of a warehouse and return its size in bytes. Raises NoLeaderboardError where it cannot."""
    if not warehouse.is_file():
        raise NoLeaderboardError(f"there is no warehouse {warehouse}: run `dbt build`, or give --warehouse FILE")
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            content = page(connection, with_words=with_words).encode()
    except questions.NotBuiltError as error:
        raise NoLeaderboardError(f"{warehouse}: {error}") from error
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise NoLeaderboardError(f"{warehouse} cannot be read ({reason}): wait for the build to end") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    return len(content)
