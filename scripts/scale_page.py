"""Write docs/scale.md from the newest large results of `make bench`: what search costs as the collection grows."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "bench" / "results"
PAGE = PROJECT / "docs" / "scale.md"
OURS = "ours"
MACHINE_BYTES = 64e9  # memory of the machine that the outlook is for
MACHINE_PROCESSORS = 16
OUTLOOK = (10**8, 10**9)

# measure, documents, figure, peer or None, at most: the aims that the project set itself
AIMS = [
    ("One query, top 10, median ms", 100_000, "single_median_seconds", None, 0.012),
    ("One query, top 10, p95 ms", 100_000, "single_p95_seconds", None, 0.020),
    ("One query, top 10, median, beside SQLite FTS5", 100_000, "single_median_seconds", "sqlite_fts5", 0.08),
    ("One query, top 10, p95 ms", 1_000_000, "single_p95_seconds", None, 0.040),
    ("1,000 queries, top 10, CPU, beside SQLite FTS5", 10_000, "batch_10_cpu", "sqlite_fts5", 0.12),
    ("1,000 queries, top 10, CPU, beside tantivy", 10_000, "batch_10_cpu", "tantivy", 5),
    ("1,000 queries, top 100, CPU, beside SQLite FTS5", 100_000, "batch_100_cpu", "sqlite_fts5", 0.08),
    ("1,000 queries, top 100, CPU, beside tantivy", 100_000, "batch_100_cpu", "tantivy", 8),
    ("Build from raw text, CPU, beside bm25s", 1_000_000, "build_cpu", "bm25s", 0.6),
    ("Build from raw text, CPU, beside tantivy", 1_000_000, "build_cpu", "tantivy", 1.6),
    ("Build, peak memory, GB", 1_000_000, "peak_bytes", None, 4e9),
    ("Bytes of the index, beside bm25s", 1_000_000, "bytes", "bm25s", 0.7),
    ("Bytes of the index, beside tantivy", 1_000_000, "bytes", "tantivy", 2),
]
COLUMNS = [
    ("build, CPU s", "build_cpu", 1),
    ("index, MB", "bytes", 1e-6),
    ("peak memory, MB", "peak_bytes", 1e-6),
    ("1,000 queries, top 10, CPU s", "batch_10_cpu", 1),
    ("1,000 queries, top 100, CPU s", "batch_100_cpu", 1),
    ("one query, median ms", "single_median_seconds", 1e3),
    ("of the last pass", "single_median_last_seconds", 1e3),
    ("p95 ms", "single_p95_seconds", 1e3),
    ("p99 ms", "single_p99_seconds", 1e3),
    ("same scores as ours", "same_scores_as_ours", 1),
]
Row = Mapping[str, Any]


def paragraph(*parts: str) -> str:
    """Wrap a paragraph, or a point of a list."""
    text = " ".join(parts)
    return textwrap.fill(
        text,
        120,
        subsequent_indent="  " if text.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def short(value: float) -> str:
    """Write a figure with three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def growth(first: Row, last: Row, figure: str) -> float:
    """Return the exponent with which a figure grows with the number of documents between two sizes."""
    return math.log(last[figure] / first[figure]) / math.log(last["documents"] / first["documents"])


def aims(rows: Mapping[tuple[str, int], Row]) -> list[str]:
    """Return a line for each aim: what was measured, and whether it was met."""
    lines = ["| measure | documents | at most | measured | met |", "|---|---|---|---|---|"]
    for label, size, figure, peer, most in AIMS:
        if (OURS, size) not in rows or (peer and (peer, size) not in rows):
            continue
        value = rows[OURS, size][figure] / (rows[peer, size][figure] if peer else 1)
        factor = {"peak_bytes": 1e-9}.get(figure, 1e3) if peer is None else 1
        unit = " x" if peer else ""
        lines.append(
            f"| {label} | {size:,} | {short(most * factor)}{unit} | {short(value * factor)}{unit} |"
            f" {'yes' if value <= most else 'no'} |"
        )
    return lines


def comparison(rows: Mapping[tuple[str, int], Row], size: int) -> list[str]:
    """Return the table of one size."""
    lines = [
        f"### {size:,} documents",
        "",
        "| engine | " + " | ".join(label for label, _, _ in COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for (engine, documents), row in rows.items():
        if documents == size:
            cells = ("–" if row[key] is None else short(row[key] * factor) for _, key, factor in COLUMNS)
            lines.append(f"| {engine} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def cost_model(ours: Sequence[Row]) -> list[str]:
    """Return what grows how, and what that means far beyond what was measured."""
    earliest, last = ours[0], ours[-1]
    per_posting = last["bytes"] / last["postings"]
    # From one size to a larger one of the same lengths of documents, as the last is of shorter ones
    alike = [
        row
        for row in ours
        if abs(row["tokens"] / row["documents"] / (earliest["tokens"] / earliest["documents"]) - 1) < 0.2
    ]
    heaps = math.log(alike[-1]["terms"] / alike[0]["terms"]) / math.log(alike[-1]["tokens"] / alike[0]["tokens"])
    query = growth(alike[0], alike[-1], "single_median_cpu")
    build = last["build_cpu"] / last["tokens"] * 1e6
    lines = [
        "| documents | tokens | terms | postings | bytes of a posting | build, CPU s of a million tokens |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row['documents']:,} | {row['tokens']:,} | {row['terms']:,} | {row['postings']:,} |"
            f" {short(row['bytes'] / row['postings'])} | {short(row['build_cpu'] / row['tokens'] * 1e6)} |"
            for row in ours
        ),
        "",
        paragraph(
            f"- A posting takes {short(per_posting)} bytes at {last['documents']:,} documents: the document's",
            "number, the",
            "term frequency and the document's length, in columns that DuckDB packs.",
        ),
        paragraph(
            f"- The vocabulary grows as tokens to the power of {heaps:.2f} (Heaps' law, from",
            f"{alike[0]['documents']:,} to",
            f"{alike[-1]['documents']:,} documents), postings in proportion to documents.",
        ),
        paragraph(
            f"- The processor time of the median query grows as documents to the power of {query:.2f} over the",
            "same sizes.",
            "Setting up the steps of a query is a part of it that does not grow; the rest is the postings of the",
            "terms that pruning leaves.",
        ),
        paragraph(
            f"- A build takes {short(build)} processor seconds for a million tokens. Its largest steps are",
            "collecting the places of each word, sorting all occurrences by term and place, and writing the",
            "postings; what does not fit in memory spills to disk.",
        ),
        "",
        "| documents of the same length | index | machines that hold it in memory | build on one machine |",
        "|---|---|---|---|",
    ]
    for documents in OUTLOOK:
        size = documents / last["documents"] * last["bytes"]
        hours = documents / last["documents"] * last["build_cpu"] / MACHINE_PROCESSORS / 3600
        machines = math.ceil(size / (MACHINE_BYTES / 2))
        lines.append(f"| {documents:,} | {short(size / 1e9)} GB | {machines} | {short(hours)} hours |")
    lines += [
        "",
        paragraph(
            f"This is arithmetic from the rows above, not a measurement: machines of {MACHINE_PROCESSORS}",
            "processors and",
            f"{MACHINE_BYTES / 1e9:.0f} GB, half of it for the index, the build spread evenly. One process was",
            "measured up",
            f"to {last['documents']:,} documents. Documents are divided among machines, each with an index of",
            "its own and",
            "the idf of all; a query asks every machine and the best of their answers are merged, so that",
            "its time is that",
            "of the slowest. One index has room for 16,777,216 documents and 8,388,608 terms, so that an",
            "occurrence is sorted as 48 bits; a build beyond that ends with an error that says so.",
        ),
    ]
    return lines


def page(results: Row) -> str:
    """Return the whole page."""
    rows = {(row["engine"], row["documents"]): row for row in results["measured"]}
    sizes = sorted({size for _, size in rows})
    ours = [rows[OURS, size] for size in sizes]
    passes = max(row["single_passes"] for row in rows.values())
    largest = {row["single_threads"]: row["documents"] for row in ours}
    threads = ", ".join(f"{count} up to {documents:,} documents" for count, documents in largest.items())
    singles = max(row["single_queries"] for row in rows.values())
    slow = {row["engine"]: row["queries"] for row in rows.values() if row["queries"] < 1_000}
    asked = ", ".join(f"{engine} {queries}" for engine, queries in slow.items())
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    machine = results["machine"]
    lines = [
        "# Speed and scale",
        "",
        paragraph(
            "Made by `scripts/scale_page.py` from `bench/results`, which `make bench SCALE=1000000` writes;",
            "no figure is",
            f"typed. Python {machine['python']}, {machine['architecture']}, {machine['processors']} processors;",
            f"{versions}.",
        ),
        "",
        paragraph(
            "Documents are made up: words by a Zipf-Mandelbrot law, lengths log-normal as those of the",
            "original corpus (at",
            "a million documents shorter, so that all engines fit); 1,000 known-item queries of about four",
            "words. Every engine builds its index in a process of its own, answers batches in another one and single",
            "queries in a third, in turn. Each figure is the least of three rounds up",
            "to 10,000 documents and of two beyond (one for an engine that took over four minutes), in each of which a",
            f"batch and all single queries are asked up to {passes} times, as often as 40 seconds have room for. The",
            "median of the last of these passes stands beside that of the fastest, as a process may slow down while it",
            "goes on asking.",
            "Builds and batches of ours have one thread, as they are told by processor time; its single queries have",
            f"{threads}.",
            "Its tables lie in row groups of 16,384, and indexes lead to its terms and documents. One query includes",
            f"the normalising of its text and the look-up of its terms. Single queries are the first {singles} of",
            f"all. An engine that was too slow to be asked all 1,000 was asked the first ones ({asked}), and a batch",
            "is scaled up from those. `ours` is `quick_search` and",
            "`quick_search_many` of the var",
            "`pruned_index`, whose rankings equal those of scoring every document for each of the 1,000",
            "queries, at top 10",
            "and top 100; the run stops where one differs. bm25s computes the same function and must agree",
            "as well; the",
            "other engines round document lengths or have another idf.",
        ),
        "",
        "## What was aimed at",
        "",
        *aims(rows),
        "",
        "## Side by side",
        "",
        *(line for size in sizes for line in comparison(rows, size)),
        "![Growth of the cost with the number of documents](../bench/results/search_1000000.svg)",
        "",
        "## What grows how",
        "",
        *cost_model(ours),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads((RESULTS / "search_1000000.json").read_text())))


if __name__ == "__main__":
    main()
