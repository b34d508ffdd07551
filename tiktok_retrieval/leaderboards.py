"""Show the leaderboard of a build on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

# heading, column of evaluation.leaderboard: by the leading measure, which says what kind of collection it is
MEASURES = {
    "reciprocal_rank": [
        ("success@1", "success_at_1"),
        ("success@3", "success_at_3"),
        ("success@8", "success_at_8"),
        ("median rank", "median_target_rank"),
    ],
    "average_precision": [
        ("reciprocal rank", "reciprocal_rank"),
        ("ndcg@10", "ndcg_at_10"),
        ("P@10", "precision_at_10"),
        ("recall@100", "recall_at_100"),
    ],
}
OUT_OF_SAMPLE = {
    "reciprocal_rank": [("reciprocal rank", "reciprocal_rank"), ("success@1", "success_at_1")],
    "average_precision": [("average precision", "average_precision")],
}


class NoLeaderboardError(Exception):
    """There is no build to show; the message says which file and what to do."""


def read(warehouse: Path) -> list[dict[str, Any]]:
    """Return the rows of evaluation.leaderboard, best first. Raises NoLeaderboardError where there are none."""
    if not warehouse.is_file():
        raise NoLeaderboardError(f"there is no warehouse {warehouse}: run `dbt build`, or give --warehouse FILE")
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found = connection.execute("select * from evaluation.leaderboard order by position")
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    except duckdb.CatalogException as error:
        raise NoLeaderboardError(f"{warehouse} holds no leaderboard yet: run `dbt build`") from error
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise NoLeaderboardError(f"{warehouse} cannot be read ({reason}): wait for the build to end") from error


def read_summary(warehouse: Path) -> str:
    """Say in one line what the build holds: scraped, in the corpus, excluded, quarantined, queries."""
    query = """
        select
            (select count(*) from corpus.tiktoks),
            (select count(*) from corpus.excluded_tiktoks),
            (select count(*) from corpus.quarantined_records),
            (select count(*) from search_index.documents),
            (select count(*) from test_collection.queries),
            (select count(*) from test_collection.excluded_queries)
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(query).fetchone()
    if row is None:
        raise NoLeaderboardError(f"{warehouse} holds no corpus")
    tiktoks, excluded, quarantined, documents, queries, excluded_queries = row
    collection = (
        f"{tiktoks + excluded:,} TikToks scraped: {tiktoks:,} in the corpus, {excluded:,} excluded with a reason; "
        f"{quarantined:,} unreadable records in quarantine"
        if tiktoks or excluded
        else f"{documents:,} texts"
    )
    return f"{collection}. {queries:,} queries, {excluded_queries:,} excluded with a reason."


def show(warehouse: Path, console: Console) -> None:
    """Print the leaderboard: every figure's kind stands in its heading."""
    rows = read(warehouse)
    console.print(read_summary(warehouse))
    if not rows:
        raise NoLeaderboardError("no query could be judged: put queries and their targets into the raw zone")
    leading = str(rows[0]["leading_metric"])
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("system, or procedure that tunes one")
    for heading in (leading.replace("_", " "), "95 % interval", *(name for name, _ in MEASURES[leading])):
        table.add_column(heading, justify="right")
    for heading, _ in OUT_OF_SAMPLE[leading]:
        table.add_column(f"out of sample: {heading}", justify="right")
    for row in rows:
        name = str(row["entry_id"])
        if row["entry_kind"] == "tuning procedure":
            name = f"[cyan]{name}[/cyan] (tuned: {row['in_sample_system_id']})"
        table.add_row(
            str(row["position"]),
            name,
            figure(row["leading_value"]),
            f"{figure(row['leading_value_ci_low'])} - {figure(row['leading_value_ci_high'])}",
            *(figure(row[column]) for _, column in MEASURES[leading]),
            *(figure(row[f"{column}_out_of_sample"]) for _, column in OUT_OF_SAMPLE[leading]),
        )
    console.print(table)
    console.print(
        "In sample unless a heading says otherwise: a setting that was chosen after looking at these queries flatters "
        "itself. Only out-of-sample figures compare with other collections."
    )


def figure(value: float | None) -> str:
    """Write a number as the field does: three decimals, none for ranks above 1; nothing for null."""
    if value is None:
        return ""
    return f"{value:.3f}" if value <= 1 else f"{value:,.1f}"
