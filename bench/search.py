"""Time and weigh search at growing sizes: ours beside bm25s, tantivy, SQLite FTS5, DuckDB's fts and rank-bm25.

Made-up documents (bench.texts), the same for all. Ours is the SQL of models/search/pruned and macros/search as dbt
compiles it, with the made-up texts in place of its first relation. Each contender builds its index in one process,
answers batches in another and single queries in a third: the heap that builds and batches leave behind makes single
queries a tenth to a third slower. They take turns, several rounds over; the least of each figure is compared. Builds
and batches of ours have one thread, as they are told by processor time; single queries have one up to 100,000
documents, as the others have, and two beyond. bm25s computes the same function, and its rankings must be ours; the
others round lengths (tantivy) or have another idf, and how often their scores agree is told.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import altair as alt
import duckdb

from bench.processes import PROJECT, BenchmarkError, measured
from bench.texts import write_texts

RESULTS = PROJECT / "bench" / "results"
SIZES = (1_462, 10_000, 100_000, 1_000_000)
SMALL = 10_000
K1, B = 1.2, 0.75
DEPTHS = (10, 100)
CONTENDERS = ("ours", "tantivy", "bm25s", "sqlite_fts5", "duckdb_fts", "rank_bm25")
MODULES = ("tantivy", "bm25s", "rank_bm25")  # the contenders that are Python modules
# Beyond these sizes a contender takes many minutes or gigabytes more than its part of the comparison is worth
LARGEST = {"rank_bm25": 10_000, "duckdb_fts": 100_000}
SINGLE_QUERIES = 300
# Those of slow contenders, whose batches are told as of all. A median is compared with ours of the same queries only
FEW_QUERIES = {"rank_bm25": 50, "duckdb_fts": 50, "sqlite_fts5": SINGLE_QUERIES}
ONE_THREAD = 100_000  # documents up to which what one query reads is not worth waking another thread
REPEATS = 5  # in a process, of a batch and of all single queries, the least of which counts; fewer where they take long
LONG_REPEATS = 40.0  # seconds: the first batch also reads the index from the file
LONG_ROUND = 240.0  # seconds without the check, after which a contender has no other round at that size
ROW_GROUP = 16_384  # rows of which the least and greatest term are known: of a term's postings hardly more are read
TOLERANCE = 1e-4  # bm25s and tantivy keep scores in 32 bits
LAST_DECIMAL = 1.5e-9  # scores have nine

Ranking = list[tuple[str, float]]
Ask = Callable[[str, int], Ranking]
AskAll = Callable[[Sequence[str], int], list[Ranking]]


# ------------------------------------------------------------------------------------------------- the contenders


@dataclass
class Index:
    """An index that is open: how it is asked, and what is told of it."""

    ask: Ask
    ask_all: AskAll
    plain: AskAll | None = None  # the same without pruning
    before_single_queries: Callable[[], None] = lambda: None
    figures: dict[str, Any] = field(default_factory=dict)


def one_by_one(ask: Ask) -> Index:
    """Return an index that answers many queries as it answers one."""
    return Index(ask, lambda queries, k: [ask(query, k) for query in queries])


def compiled_beside(folder: Path) -> dict[str, Any]:
    """Return what lies beside an index: `tables`, (name, SQL) of each as they are built, `indexes` and `functions`."""
    compiled: dict[str, Any] = json.loads((folder.parent / "ours.json").read_text())
    return compiled


def compile_ours(folder: Path) -> None:
    """Let dbt compile models/search/pruned and the functions for a database that keeps rows in order; keep the SQL."""
    target = folder / "target"
    profile = (PROJECT / "profiles.yml").read_text()
    setting = "preserve_insertion_order: {}".format
    (folder / "profiles.yml").write_text(profile.replace(setting("false"), setting("true")))
    environment = os.environ | {
        "TIKTOK_DATA": "demo",
        "TIKTOK_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(target),
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    chosen = ["--vars", "{pruned_index: true}", "--profiles-dir", str(folder)]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [dbt, "--quiet", *arguments, *chosen], cwd=PROJECT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise BenchmarkError(f"dbt {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    run("compile", "--no-introspect", "--select", "path:models/search/pruned")
    manifest = json.loads((target / "manifest.json").read_text())
    models = {
        node["unique_id"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "/pruned/" in node["original_file_path"]
    }
    ordered: list[tuple[str, str]] = []
    done: set[str] = set()
    while len(done) < len(models):
        for unique_id, node in models.items():
            needed = set(node["depends_on"]["nodes"]) & set(models)
            if unique_id not in done and needed <= done:
                done.add(unique_id)
                sql = (
                    target / "compiled" / manifest["metadata"]["project_name"] / node["original_file_path"]
                ).read_text()
                ordered.append((node["name"], sql.replace('"warehouse".', "")))
    printed = json.loads(run("run-operation", "print_pruned_search").splitlines()[-1])
    (folder / "ours.json").write_text(json.dumps({"tables": ordered} | printed))


def build_ours(folder: Path, texts: Path) -> None:
    """Build our index; what is between the texts and the index lies in memory."""
    path = folder / "index.duckdb"
    settings = "set memory_limit = '3000MB'; set threads = 1;"
    with duckdb.connect() as connection:
        connection.execute(f"{settings} set temp_directory = '{folder / 'spilled'}'")
        connection.execute("create schema search")
        connection.execute(
            f"""
            create view search.pruned_texts as
            select
                row_number() over () as document_number,
                cast(row_number() over () - 1 as varchar) as doc_id,
                column0 as text
            from read_csv(
                '{texts / "documents.txt"}', header = false, delim = '\x01', quote = '', escape = '',
                columns = {{'column0': 'varchar'}}, max_line_size = 10000000
            )
            """
        )
        connection.execute(f"attach '{path}' as built (row_group_size {ROW_GROUP})")
        connection.execute("create schema built.search")
        compiled = compiled_beside(folder)
        steps = [(name, sql) for name, sql in compiled["tables"] if name != "pruned_texts"]
        for number, (name, sql) in enumerate(steps):
            if name.startswith("int_"):
                connection.execute(f"create table search.{name} as {sql}")
            else:
                connection.execute(f"create table built.search.{name} as {sql}")
                connection.execute(f"create view search.{name} as from built.search.{name}")
                connection.execute("checkpoint built")
            # What no later step reads makes room
            later = "".join(following for _, following in steps[number + 1 :])
            for read, _ in steps[:number]:
                if read.startswith("int_") and f'"{read}"' in sql and f'"{read}"' not in later:
                    connection.execute(f"drop table search.{read}")
        connection.execute("use built")
        for index in compiled["indexes"]:
            connection.execute(index)
        connection.execute("checkpoint built")


def open_ours(folder: Path, _: Path) -> Index:
    """Open our index. Builds and batches are told by processor time, of which one thread takes least."""
    settings: dict[str, Any] = {"memory_limit": "3000MB", "preserve_insertion_order": "false"}
    connection = duckdb.connect(str(folder / "index.duckdb"), config=settings)
    figures: dict[str, Any] = {}
    ((figures["terms"], figures["postings"], figures["tokens"]),) = connection.execute(
        "select (select count(*) from search.pruned_terms), count(*), sum(term_frequency) from search.pruned_postings"
    ).fetchall()
    # The made-up texts are ASCII
    connection.execute("create schema search_index")
    connection.execute(
        "create table search_index.character_forms (scheme varchar, kind varchar, sequence varchar, form varchar)"
    )
    ((documents, mean),) = connection.execute(
        "select count(*), avg(document_length) from search.pruned_documents"
    ).fetchall()
    figures["single_threads"] = 1 if documents <= ONE_THREAD else 2
    for function in compiled_beside(folder)["functions"]:
        statistics = {"{mean_document_length}": repr(mean), "{document_count}": str(documents)}
        for name, value in statistics.items():
            function = function.replace(name, value)
        connection.execute(function)

    def prepare(threads: int) -> None:
        connection.execute(f"set threads = {threads}")
        for k in DEPTHS:
            connection.execute(
                f"prepare asked_{k} as select doc_id, score from quick_search(cast($1 as varchar), k := {k})"
            )

    prepare(1)

    def ask(query: str, k: int) -> Ranking:
        quoted = query.replace("'", "''")
        return connection.execute(f"execute asked_{k}('{quoted}')").fetchall()

    def ask_all(queries: Sequence[str], k: int, function: str = "quick_search_many") -> list[Ranking]:
        connection.execute("create or replace temp table asked_queries (query_id integer, query_text varchar)")
        connection.execute("insert into asked_queries select unnest(range(len($1))), unnest($1)", [list(queries)])
        found = connection.execute(
            f"""
            select query_id, doc_id, score from {function}('asked_queries', k := {k})
            order by query_id, rank
            """
        ).fetchall()
        rankings: list[Ranking] = [[] for _ in queries]
        for query_id, doc_id, score in found:
            rankings[query_id].append((doc_id, score))
        return rankings

    return Index(
        ask,
        ask_all,
        plain=lambda queries, k: ask_all(queries, k, "plain_search_many"),
        # Anew, as a statement prepared before a table was made is planned at each execution
        before_single_queries=lambda: prepare(figures["single_threads"]),
        figures=figures,
    )


def build_tantivy(folder: Path, texts: Path) -> None:
    """Build tantivy's."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="default", index_option="freq")
    builder.add_unsigned_field("number", stored=True, indexed=False, fast=True)
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(heap_size=1_000_000_000, num_threads=1)
    with (texts / "documents.txt").open(encoding="ascii") as file:
        for number, line in enumerate(file):
            document = tantivy.Document()
            document.add_unsigned("number", number)
            document.add_text("body", line)
            writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


def open_tantivy(folder: Path, _: Path) -> Index:
    """Open tantivy's."""
    import tantivy

    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()

    def ask(query: str, k: int) -> Ranking:
        hits = searcher.search(index.parse_query(query, ["body"]), k, count=False).hits
        return [(str(searcher.doc(address)["number"][0]), float(score)) for score, address in hits]

    return one_by_one(ask)


def bm25s_tokenizer() -> Any:
    """Return the tokenizer of the index of bm25s, without a vocabulary."""
    import bm25s

    return bm25s.tokenization.Tokenizer(splitter=r"[a-z0-9]+", stopwords=None, lower=True)


def build_bm25s(folder: Path, texts: Path) -> None:
    """Build bm25s', with numba."""
    import bm25s

    tokenizer = bm25s_tokenizer()
    documents = (texts / "documents.txt").read_text(encoding="ascii").splitlines()
    tokens = tokenizer.tokenize(documents, return_as="tuple", show_progress=False)
    index = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numba")
    index.index(tokens, show_progress=False)
    index.save(str(folder))
    tokenizer.save_vocab(str(folder))


def open_bm25s(folder: Path, _: Path) -> Index:
    """Open bm25s'; its first query compiles what numba compiles."""
    import bm25s

    tokenizer = bm25s_tokenizer()
    tokenizer.load_vocab(str(folder))
    index = bm25s.BM25.load(str(folder))

    def ask_all(queries: Sequence[str], k: int) -> list[Ranking]:
        asked = tokenizer.tokenize(list(queries), return_as="ids", show_progress=False, update_vocab=False)
        documents, scores = index.retrieve(asked, k=k, show_progress=False)
        return [
            [(str(document), float(score)) for document, score in zip(row, of_row, strict=True) if score > 0]
            for row, of_row in zip(documents.tolist(), scores.tolist(), strict=True)
        ]

    ask_all(["warm up"], 10)
    return Index(lambda query, k: ask_all([query], k)[0], ask_all)


def build_fts5(folder: Path, texts: Path) -> None:
    """Build SQLite's FTS5, without a copy of the texts."""
    with closing(sqlite3.connect(folder / "index.db")) as connection:
        connection.execute("create virtual table texts using fts5(body, content = '', tokenize = 'unicode61')")
        with (texts / "documents.txt").open(encoding="ascii") as file:
            connection.executemany("insert into texts (rowid, body) values (?, ?)", enumerate(file))
        connection.commit()
        connection.execute("insert into texts (texts) values ('optimize')")
        connection.commit()


def open_fts5(folder: Path, _: Path) -> Index:
    """Open SQLite's FTS5."""
    connection = sqlite3.connect(folder / "index.db")

    def ask(query: str, k: int) -> Ranking:
        terms = " OR ".join(dict.fromkeys(query.split()))
        sql = "select rowid, -rank from texts where texts match ? order by rank limit ?"
        return [(str(number), score) for number, score in connection.execute(sql, (terms, k))]

    return one_by_one(ask)


def connect_with_fts(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the file of DuckDB's own fts extension, which comes from its wheel."""
    connection = duckdb.connect(str(folder / "index.duckdb"), config={"threads": 2, "memory_limit": "3000MB"})
    package = importlib.metadata.distribution("duckdb-extension-fts")
    (extension,) = (str(file.locate()) for file in package.files or [] if file.name == "fts.duckdb_extension")
    connection.execute(f"load '{extension}'")
    return connection


def build_duckdb_fts(folder: Path, texts: Path) -> None:
    """Build DuckDB's own."""
    with connect_with_fts(folder) as connection:
        connection.execute(
            f"""
            create table texts as
            select row_number() over () - 1 as number, column0 as body
            from read_csv(
                '{texts / "documents.txt"}', header = false, delim = '\x01', quote = '', escape = '',
                columns = {{'column0': 'varchar'}}, max_line_size = 10000000
            )
            """
        )
        connection.execute(
            "pragma create_fts_index('texts', 'number', 'body', stemmer='none', stopwords='none', ignore='[^a-z0-9]+')"
        )
        connection.execute("checkpoint")


def open_duckdb_fts(folder: Path, _: Path) -> Index:
    """Open DuckDB's own."""
    connection = connect_with_fts(folder)
    for k in DEPTHS:
        connection.execute(
            f"""
            prepare asked_{k} as
            select cast(number as varchar), score
            from (
                select number, fts_main_texts.match_bm25(number, cast($1 as varchar), k := {K1}, b := {B}) as score
                from texts
            )
            where score is not null order by score desc, number desc limit {k}
            """
        )

    def ask(query: str, k: int) -> Ranking:
        return connection.execute(f"execute asked_{k}('{query}')").fetchall()

    return one_by_one(ask)


def rank_bm25_of(texts: Path) -> Any:
    """Build rank-bm25's index."""
    import re

    from rank_bm25 import BM25Okapi

    documents = (texts / "documents.txt").read_text(encoding="ascii").lower().splitlines()
    return BM25Okapi([re.findall("[a-z0-9]+", document) for document in documents], k1=K1, b=B)


def build_rank_bm25(_: Path, texts: Path) -> None:
    """Build rank-bm25's, to tell what it takes."""
    rank_bm25_of(texts)


def open_rank_bm25(_: Path, texts: Path) -> Index:
    """Build rank-bm25's again, as it lives in memory alone."""
    import numpy as np

    index = rank_bm25_of(texts)

    def ask(query: str, k: int) -> Ranking:
        scores = index.get_scores(query.split())
        best = np.argsort(-scores, kind="stable")[:k]
        return [(str(number), float(scores[number])) for number in best.tolist()]

    return one_by_one(ask)


BUILDERS: Mapping[str, Callable[[Path, Path], None]] = {
    "ours": build_ours,
    "tantivy": build_tantivy,
    "bm25s": build_bm25s,
    "sqlite_fts5": build_fts5,
    "duckdb_fts": build_duckdb_fts,
    "rank_bm25": build_rank_bm25,
}
OPENERS: Mapping[str, Callable[[Path, Path], Index]] = {
    "ours": open_ours,
    "tantivy": open_tantivy,
    "bm25s": open_bm25s,
    "sqlite_fts5": open_fts5,
    "duckdb_fts": open_duckdb_fts,
    "rank_bm25": open_rank_bm25,
}


def size_of(folder: Path) -> int:
    """Return the bytes of a folder's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ----------------------------------------------------------------------------------------------------- measuring


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1))]


def measure_build(name: str, folder: Path, texts: Path) -> dict[str, Any]:
    """Build one contender's index; run in a process of its own."""
    if name in MODULES:
        importlib.import_module(name)  # which is no part of the build
    cpu, begin = time.process_time(), time.perf_counter()
    BUILDERS[name](folder, texts)
    taken = {"build_cpu": time.process_time() - cpu, "build_seconds": time.perf_counter() - begin}
    return taken | {"bytes": None if name == "rank_bm25" else size_of(folder)}


def asked_of(name: str, texts: Path) -> tuple[list[str], int]:
    """Return the queries that a contender is asked, and of how many they are."""
    queries = (texts / "queries.txt").read_text(encoding="ascii").splitlines()
    return queries[: FEW_QUERIES.get(name, len(queries))], len(queries)


def measure_batches(name: str, folder: Path, texts: Path) -> dict[str, Any]:
    """Open one contender's index and ask it all queries at once; run in a process of its own."""
    index = OPENERS[name](folder, texts)
    report = index.figures | {"check_seconds": 0.0}
    queries, all_queries = asked_of(name, texts)
    report["queries"] = len(queries)
    share = all_queries / len(queries)
    for k in DEPTHS:
        batches: list[tuple[float, float]] = []
        while len(batches) < REPEATS and sum(seconds for _, seconds in batches) < LONG_REPEATS:
            start = time.process_time(), time.perf_counter()
            rankings = index.ask_all(queries, k)
            batches.append((time.process_time() - start[0], time.perf_counter() - start[1]))
        report[f"batch_{k}_cpu"] = min(cpu for cpu, _ in batches) * share
        report[f"batch_{k}_seconds"] = min(seconds for _, seconds in batches) * share
        if k == DEPTHS[0]:
            report["rankings"] = rankings
        begin = time.perf_counter()
        if index.plain is not None and not all(map(same, rankings, index.plain(queries, k))):
            raise BenchmarkError(f"pruned and plain search differ at k = {k}")
        report["check_seconds"] += time.perf_counter() - begin
    return report


def measure_singles(name: str, folder: Path, texts: Path) -> dict[str, Any]:
    """Open one contender's index and ask it one query after the other; run in a process of its own."""
    index = OPENERS[name](folder, texts)
    queries = asked_of(name, texts)[0][:SINGLE_QUERIES]
    index.before_single_queries()
    for query in queries[:20]:
        index.ask(query, DEPTHS[0])
    passes: list[list[tuple[float, float]]] = []
    while len(passes) < REPEATS and sum(seconds for taken in passes for _, seconds in taken) < LONG_REPEATS:
        taken = []
        for query in queries:
            start = time.process_time(), time.perf_counter()
            index.ask(query, DEPTHS[0])
            taken.append((time.process_time() - start[0], time.perf_counter() - start[1]))
        passes.append(taken)
    report: dict[str, Any] = {"single_queries": len(queries), "single_passes": len(passes)}
    for share, label in ((0.5, "median"), (0.95, "p95"), (0.99, "p99")):
        for place, unit in enumerate(("cpu", "seconds")):
            of_passes = [percentile([times[place] for times in taken], share) for taken in passes]
            report[f"single_{label}_{unit}"] = min(of_passes)
            if label == "median":  # which grows as a process goes on asking
                report[f"single_median_last_{unit}"] = of_passes[-1]
    return report


MEASURES = {"build": measure_build, "batches": measure_batches, "singles": measure_singles}


def same(mine: Ranking, plain: Ranking) -> bool:
    """Tell whether two rankings are the same; sums in another order may round to another last decimal."""
    return [document for document, _ in mine] == [document for document, _ in plain] and all(
        abs(score - other) < LAST_DECIMAL for (_, score), (_, other) in zip(mine, plain, strict=True)
    )


def agree(mine: Ranking, theirs: Ranking) -> bool:
    """Tell whether two rankings have the same scores place by place; documents of one score may change places."""
    return len(mine) == len(theirs) and all(
        abs(score - other) <= TOLERANCE * max(1, score) for (_, score), (_, other) in zip(mine, theirs, strict=True)
    )


def run(name: str, texts: Path, compiled: Path) -> dict[str, Any]:
    """Measure a contender in processes of its own, and add the larger peak memory of them."""
    report: dict[str, Any] = {"peak_bytes": 0}
    with tempfile.TemporaryDirectory(dir=texts.parent) as folder:
        answer = Path(folder) / "report.json"
        index = Path(folder) / "index"
        index.mkdir()
        if name == "ours":
            shutil.copy(compiled / "ours.json", folder)
        for measure in MEASURES:
            used = index
            if measure != "build":
                # A copy, as opening ours writes functions into it, and closing it merges its row groups
                used = Path(folder) / measure
                shutil.copytree(index, used)
            command = [sys.executable, "-m", "bench.search", "--measure", measure, name]
            use = measured([*command, str(used), str(texts), str(answer)])
            report |= json.loads(answer.read_text()) | {"peak_bytes": max(report["peak_bytes"], use.memory)}
    return report


def compare(sizes: Sequence[int], rounds: Mapping[int, int]) -> dict[str, Any]:
    """Measure every contender at every size; return what a results file holds."""
    packages = {"tantivy": "tantivy", "bm25s": "bm25s", "duckdb": "duckdb", "numba": "numba", "rank_bm25": "rank-bm25"}
    results: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "architecture": platform.machine(),
            "processors": os.cpu_count(),
        },
        "versions": {
            **{name: importlib.metadata.version(package) for name, package in packages.items()},
            "sqlite": sqlite3.sqlite_version,
        },
        "measured": [],
    }
    with tempfile.TemporaryDirectory() as work:
        compiled = Path(work) / "compiled"
        compiled.mkdir()
        compile_ours(compiled)
        for size in sizes:
            texts = Path(work) / str(size)
            texts.mkdir()
            write_texts(texts, size)
            names = [name for name in CONTENDERS if size <= LARGEST.get(name, size)]
            reports: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            long: set[str] = set()
            for _ in range(rounds[size]):
                for name in (name for name in names if name not in long):
                    begin = time.perf_counter()
                    reports[name].append(run(name, texts, compiled))
                    if time.perf_counter() - begin - reports[name][-1].pop("check_seconds") > LONG_ROUND:
                        long.add(name)
                    print(f"  {size:>9,} {name}", file=sys.stderr, flush=True)
            reference = reports["ours"][0]["rankings"]
            for name in names:
                found = reports[name][0]["rankings"]
                agreement = sum(map(agree, reference, found)) / len(found)
                if name == "bm25s" and agreement < 1:
                    raise BenchmarkError(
                        f"bm25s and ours agree on {agreement:.1%} of the queries at {size:,} documents"
                    )
                keys = [key for key in reports[name][0] if key not in ("rankings", "queries")]
                results["measured"].append(
                    {
                        "documents": size,
                        "text_bytes": (texts / "documents.txt").stat().st_size,
                        "engine": name,
                        "rounds": len(reports[name]),
                        "queries": reports[name][0]["queries"],
                        "same_scores_as_ours": round(agreement, 4),
                        **{key: least([report[key] for report in reports[name]]) for key in keys},
                        "build_cpu_median": middle([report["build_cpu"] for report in reports[name]]),
                    }
                )
            shutil.rmtree(texts)
    return results


def least(values: Sequence[Any]) -> Any:
    """Return the least of some figures, or None where there are none."""
    return None if None in values else (round(min(values), 6) if isinstance(values[0], float) else min(values))


def middle(values: Sequence[float]) -> float:
    """Return the median, the lower of two."""
    return round(sorted(values)[(len(values) - 1) // 2], 6)


# ------------------------------------------------------------------------------------------------------- telling

COLUMNS = [
    ("build, CPU s", "build_cpu", 1),
    ("index, MB", "bytes", 1e-6),
    ("peak, MB", "peak_bytes", 1e-6),
    ("top 10 x 1,000, CPU s", "batch_10_cpu", 1),
    ("top 100 x 1,000, CPU s", "batch_100_cpu", 1),
    ("one query, median ms", "single_median_seconds", 1e3),
    ("one query, p95 ms", "single_p95_seconds", 1e3),
    ("p99 ms", "single_p99_seconds", 1e3),
]


def table(results: Mapping[str, Any]) -> str:
    """Return the results as a table of text."""
    lines = []
    for size in sorted({row["documents"] for row in results["measured"]}):
        lines.append(f"{size:,} documents")
        lines.append(
            "  " + "engine".ljust(12) + "".join(label.rjust(max(len(label), 9) + 2) for label, _, _ in COLUMNS)
        )
        for row in results["measured"]:
            if row["documents"] == size:
                cells = (
                    ("-" if row[key] is None else f"{row[key] * factor:,.3g}").rjust(max(len(label), 9) + 2)
                    for label, key, factor in COLUMNS
                )
                lines.append("  " + row["engine"].ljust(12) + "".join(cells))
    return "\n".join(lines)


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draw the growth of four figures with the number of documents, both axes logarithmic."""
    shown = {label: (key, factor) for label, key, factor in (COLUMNS[0], COLUMNS[1], COLUMNS[3], COLUMNS[6])}
    values = [
        {"figure": label, "documents": row["documents"], "engine": row["engine"], "value": row[key] * factor}
        for label, (key, factor) in shown.items()
        for row in results["measured"]
        if row[key]
    ]
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point=True)
        .encode(
            alt.X(
                "documents:Q",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(values=[1_000, 10_000, 100_000, 1_000_000]),
                title="documents",
            ),
            alt.Y("value:Q", scale=alt.Scale(type="log"), title=None),
            alt.Color("engine:N", sort=list(CONTENDERS), title=None),
        )
        .properties(width=260, height=180)
        .facet(alt.Facet("figure:N", sort=list(shown), title=None), columns=2)
        .resolve_scale(y="independent")
    )
    chart.save(str(path))


def main(arguments: Sequence[str]) -> None:
    """Compare the contenders up to SCALE documents; print, write and draw what they took."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument(
        "--scale", type=int, default=int(os.environ.get("SCALE") or SMALL), help="the largest collection"
    )
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        measure, name, folder, texts, answer = options.measure
        Path(answer).write_text(json.dumps(MEASURES[measure](name, Path(folder), Path(texts))))
        return
    sizes = [size for size in SIZES if size <= options.scale] or [options.scale]
    # The small run takes minutes; in the large one more rounds cost little where the collection is small
    results = compare(sizes, {size: 3 if size <= SMALL < options.scale else 2 for size in sizes})
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"search_{options.scale}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    plot(results, path.with_suffix(".svg"))
    print(table(results))
    print(f"written: {path.relative_to(PROJECT)} and .svg")


if __name__ == "__main__":
    main(sys.argv[1:])
