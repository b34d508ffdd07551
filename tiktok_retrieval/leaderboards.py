"""Show the leaderboard of a build on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

# heading, column of evaluation.leaderboard, what it is: by the leading measure, which tells the kind of collection
MEASURES = {
    "reciprocal_rank": [
        ("RR", "leading_value", "mean reciprocal rank"),
        ("S@1", "success_at_1", "share of queries whose video is on rank 1"),
        ("S@8", "success_at_8", "the same for the first 8 ranks"),
        ("rank", "median_target_rank", "median rank of the video"),
        ("RR*", "reciprocal_rank_out_of_sample", ""),
        ("S@1*", "success_at_1_out_of_sample", ""),
    ],
    "average_precision": [
        ("AP", "leading_value", "mean average precision"),
        ("RR", "reciprocal_rank", "mean reciprocal rank"),
        ("nDCG@10", "ndcg_at_10", "normalised discounted cumulative gain"),
        ("P@10", "precision_at_10", "precision of the first 10 ranks"),
        ("R@100", "recall_at_100", "recall of the first 100 ranks"),
        ("AP*", "average_precision_out_of_sample", ""),
    ],
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
    measures = MEASURES[str(rows[0]["leading_metric"])]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", justify="right")
    table.add_column("system", no_wrap=True)
    for heading, _, _ in measures[:1]:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("95 %", justify="right", no_wrap=True)
    for heading, _, _ in measures[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        tuned = row["entry_kind"] == "tuning procedure"
        low, high = figure(row["leading_value_ci_low"], 2), figure(row["leading_value_ci_high"], 2)
        values = [figure(row[column]) for _, column, _ in measures]
        values.insert(1, f"{low}-{high}" if low and high else "")
        name = f"[cyan]{row['entry_id']} (tuned)[/cyan]" if tuned else str(row["entry_id"])
        table.add_row(str(row["position"]), name, *values)
    console.print(table)
    explained = "; ".join(f"{heading} {meaning}" for heading, _, meaning in measures if meaning)
    console.print(
        f"\n{explained}. 95 %: interval of the first figure, over authors of queries where they are known.\n"
        "Figures are in sample: a setting that was chosen after a look at these queries flatters itself.\n"
        "* out of sample: each author's queries answered by what the procedure chose without them."
    )


def figure(value: float | None, decimals: int = 3) -> str:
    """Write a number as the field does: .796 for a share, a rank with one decimal at most; nothing for null."""
    if value is None:
        return ""
    if value >= 1:
        return f"{value:.{decimals}f}" if decimals < 3 else f"{value:,.1f}".removesuffix(".0")
    return f"{value:.{decimals}f}".removeprefix("0")
