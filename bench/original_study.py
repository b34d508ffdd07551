"""Time and weigh the original study's whole grid, 80 indexes and 960 experiments: ours beside sparse matrices and ranx.

All start from normalised text, each in a process of its own, in turn; all must place every target on the same ranks.
Ours runs twice: as `dbt run`, dbt's own start included, and as the SQL that dbt compiles, in DuckDB alone.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from bench.processes import PROJECT, BenchmarkError, Use, measured
from tiktok_retrieval.building import build

ROUNDS = 3
AIM_SECONDS, AIM_GIB = 35, 4
DBT = str(Path(sys.executable).with_name("dbt"))
STUDY = "path:models/evaluation/original_study"
VARIABLES = ["--vars", "{original_study: true}"]
GRID = ["--select", *(f"+{model},{STUDY}" for model in ("original_study_ranks", "original_study_indexes"))]

# rank_low and rank_high by experiment and query (none where the target is not retrieved), size by index
Intervals = dict[tuple[int, str], tuple[int, int] | None]
Sizes = dict[int, int]

TEXTS = """
    select
        texts.text_number,
        case
            when texts.field in ('creator_username', 'creator_nickname', 'description', 'music_title') then 1
            when texts.field = 'speech' then 2
            when texts.field = 'cover_text' then 4
            when texts.field = 'comments' then 8
        end as field_group,
        case when texts.field = 'creator_username' then '@' else '' end || normalised.normalised_text as text
    from search_index.int_texts_collected as texts
    join search_index.int_texts_normalised as normalised using (content_id)
    where normalised.scheme = 'original_study' and (texts.field = 'query' or field_group is not null)
"""
KNOWN_ITEMS = """
    select query_number, query_id, document_number
    from (
        select query_id, min(doc_id) as doc_id
        from test_collection.qrels
        where relevance > 0
        group by query_id
        having count(*) = 1
    )
    join search_index.int_queries_numbered using (query_id)
    join search_index.documents using (doc_id)
"""
SETTINGS = """
    select
        experiment_id,
        index_id,
        concat_ws(
            ' ',
            coalesce(ngram_size, 0),
            1 + 2 * speech::integer + 4 * cover_text::integer + 8 * comments::integer,
            case when attributed then 'True' else 'False' end
        ) as index_name,
        concat_ws(' ', term_weight, collection_weight, normaliser) as formula
    from seeds.original_study_experiments
    join seeds.original_study_index_settings using (index_id)
"""


@dataclass(frozen=True)
class Outcome:
    """What a contender found."""

    sizes: Sizes
    intervals: Intervals


def prepare(data: Path, folder: Path) -> Path:
    """Build what comes before the grid, normalised text included; return the warehouse."""
    warehouse = folder / "prepared" / "warehouse.duckdb"
    selection = ["--select", f"+{STUDY}", "--exclude", STUDY, "resource_type:test", "resource_type:unit_test"]
    os.environ["DBT_TARGET_PATH"] = str(folder / "target")
    build(data, warehouse, ["build", *VARIABLES, *selection], quiet=True)
    return warehouse


def read_outcome(warehouse: Path) -> Outcome:
    """Read what the grid's models hold."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sizes = connection.execute("select index_id, vocabulary_size from evaluation.original_study_indexes").fetchall()
        ranks = connection.execute(
            "select experiment_id, query_id, rank_low, rank_high from evaluation.original_study_ranks"
        ).fetchall()
    return Outcome(
        dict(sizes),
        {(experiment, query): None if low is None else (low, high) for experiment, query, low, high in ranks},
    )


def run_dbt(data: Path, prepared: Path, folder: Path) -> tuple[Use, Outcome]:
    """Run the grid's models with dbt, on a copy of the prepared warehouse."""
    warehouse = copied(prepared, folder / "dbt")
    command = [DBT, "--quiet", "run", *VARIABLES, *GRID]
    use = measured(command, TIKTOK_DATA=str(data.resolve()), TIKTOK_WAREHOUSE=str(warehouse))
    return use, read_outcome(warehouse)


def run_sql(prepared: Path, folder: Path) -> tuple[Use, Outcome]:
    """Run the grid's SQL without dbt, on a copy of the prepared warehouse."""
    warehouse = copied(prepared, folder / "sql")
    use = measured([sys.executable, "-m", "bench.original_study", str(warehouse), str(folder / "grid.json")])
    return use, read_outcome(warehouse)


def copied(prepared: Path, folder: Path) -> Path:
    """Return a copy of the warehouse, under its name, which compiled SQL has in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Path(shutil.copy(prepared, folder))


def write_grid(data: Path, prepared: Path, folder: Path) -> None:
    """Write the grid's tables and their SQL as dbt compiles it, each after those that it reads."""
    environment = {"TIKTOK_DATA": str(data.resolve()), "TIKTOK_WAREHOUSE": str(prepared)}
    measured([DBT, "--quiet", "compile", *VARIABLES, *GRID], **environment)
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    chosen = {
        name: node
        for name, node in nodes.items()
        if node["resource_type"] == "model"
        and node["original_file_path"].startswith(STUDY.removeprefix("path:"))
        and node.get("compiled_code")
    }
    order = TopologicalSorter({name: node["depends_on"]["nodes"] for name, node in chosen.items()}).static_order()
    grid = [(chosen[name]["relation_name"], chosen[name]["compiled_code"]) for name in order if name in chosen]
    (folder / "grid.json").write_text(json.dumps(grid))


def create_tables(warehouse: Path, grid: Path) -> None:
    """Run the grid's SQL with the settings of the project's profile."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": "4GB",
        "preserve_insertion_order": False,
        "checkpoint_threshold": "1GB",
    }
    with duckdb.connect(str(warehouse), config=settings) as connection:
        for relation, sql in json.loads(grid.read_text()):
            connection.execute(f"create schema if not exists {relation.rsplit('.', 1)[0]}")
            connection.execute(f"create table {relation} as {sql}")


def write_texts(prepared: Path, target: Path) -> list[tuple[int, int, str, str]]:
    """Write what the peer reads; return the experiments, each with its index and how the peer calls both."""
    with duckdb.connect(str(prepared), read_only=True) as connection:
        given = {
            "documents": connection.execute("select max(document_number) from search_index.documents").fetchall()[0][0],
            "texts": connection.execute(TEXTS).fetchall(),
            "known_items": connection.execute(KNOWN_ITEMS).fetchall(),
        }
        target.write_text(json.dumps(given))
        return connection.execute(SETTINGS).fetchall()


def run_peer(texts: Path, settings: Sequence[tuple[int, int, str, str]]) -> tuple[Use, Outcome, float]:
    """Run the grid through sparse matrices and ranx; also return the seconds that ranx took."""
    target = texts.with_name("peer.json")
    use = measured([sys.executable, "-m", "bench.original_study_peer", str(texts), str(target)])
    found: dict[str, Any] = json.loads(target.read_text())
    sizes: Sizes = {}
    intervals: Intervals = {}
    for experiment, index, index_name, formula in settings:
        sizes[index] = found["sizes"][index_name]
        placed, reciprocal_ranks = found["ranks"][f"{index_name} {formula}"]
        for query, interval, value in zip(found["query_ids"], placed, reciprocal_ranks, strict=True):
            intervals[experiment, query] = None if interval is None else (interval[0], interval[1])
            if value > 0 and (interval is None or not interval[0] - 1e-6 <= 1 / value <= interval[1] + 1e-6):
                raise BenchmarkError(
                    f"experiment {experiment}, query {query}: ranx has rank {1 / value}, not {interval}"
                )
    return use, Outcome(sizes, intervals), found["ranx_seconds"]


def assert_same(ours: Outcome, theirs: Outcome) -> None:
    """Raise BenchmarkError unless all vocabularies and all intervals are the same."""
    if ours.sizes != theirs.sizes:
        raise BenchmarkError("the sizes of the vocabularies differ")
    cells = ours.intervals.keys() | theirs.intervals.keys()
    different = sorted(cell for cell in cells if ours.intervals.get(cell, ()) != theirs.intervals.get(cell, ()))
    if different:
        raise BenchmarkError(
            f"{len(different)} of {len(cells)} intervals of ranks differ, first of all that of experiment"
            f" {different[0][0]} and query {different[0][1]}"
        )


def warm_ranx(folder: Path) -> None:
    """Let ranx compile itself, which it does once, before anything is measured."""
    texts = folder / "one_text.json"
    texts.write_text(json.dumps({"documents": 1, "texts": [(1, 1, "a"), (1, None, "a")], "known_items": [(1, "q", 1)]}))
    measured([sys.executable, "-m", "bench.original_study_peer", str(texts), str(folder / "one_peer.json")])


def sentence(name: str, uses: Sequence[Use]) -> str:
    """Say what a contender took, as medians over the rounds."""
    seconds, cpu = median_seconds(uses)
    memory = max(use.memory for use in uses) / 2**30
    return f"  {name}: {seconds:.1f} s, {cpu:.1f} s of processors, {memory:.2f} GiB"


def median_seconds(uses: Sequence[Use]) -> tuple[float, float]:
    """Return the medians of seconds by the clock and of processors."""
    return statistics.median(use.seconds for use in uses), statistics.median(use.cpu for use in uses)


def compare(data: Path, rounds: int = ROUNDS) -> list[str]:
    """Run all in turn and return what there is to say; raises BenchmarkError where they do not agree."""
    by_dbt: list[Use] = []
    by_sql: list[Use] = []
    by_peer: list[Use] = []
    judging: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = prepare(data, folder)
        write_grid(data, prepared, folder)
        settings = write_texts(prepared, folder / "texts.json")
        warm_ranx(folder)
        for _ in range(rounds):
            use, outcome = run_dbt(data, prepared, folder)
            by_dbt.append(use)
            use, sql_outcome = run_sql(prepared, folder)
            by_sql.append(use)
            use, peer_outcome, ranx_seconds = run_peer(folder / "texts.json", settings)
            by_peer.append(use)
            judging.append(ranx_seconds)
            assert_same(outcome, sql_outcome)
            assert_same(outcome, peer_outcome)
    cpu, peer_cpu = median_seconds(by_sql)[1], median_seconds(by_peer)[1]
    without_ranx = statistics.median(use.cpu - seconds for use, seconds in zip(by_peer, judging, strict=True))
    memory = max(use.memory for use in by_dbt) / 2**30
    aim = "met" if median_seconds(by_dbt)[1] <= AIM_SECONDS and memory <= AIM_GIB else "MISSED"
    return [
        f"original study: {len(outcome.sizes)} indexes, {len(settings)} experiments, {len(outcome.intervals):,} targets"
        f" placed, on the same ranks by all (aim: {AIM_SECONDS} s of processors, {AIM_GIB} GiB: {aim})",
        sentence("ours, dbt run", by_dbt),
        sentence("ours, its SQL alone", by_sql),
        sentence("sparse matrices and ranx", by_peer),
        f"  our SQL takes {cpu / peer_cpu:.2f} x the processor time of sparse matrices and ranx,"
        f" {cpu / without_ranx:.2f} x that of the matrices alone",
    ]


def main(arguments: Sequence[str]) -> None:
    """Print the comparison on $TIKTOK_DATA, or on the demo corpus; with arguments, be a contender."""
    if arguments:
        warehouse, grid = (Path(argument) for argument in arguments)
        create_tables(warehouse, grid)
        return
    data = Path(os.environ.get("TIKTOK_DATA", PROJECT / "demo"))
    for line in compare(data):
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
