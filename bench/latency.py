"""Time single searches: what a person waits for after pressing return, once DuckDB has the file open.

Each query of the test collection is asked in turn, best ten, with everything in the time: normalising, looking up
terms, ranking, fetching the rows. Once as the viewer asks, whose plans DuckDB keeps; once as any client does, planned
anew; and beside both a statement that does nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tiktok_retrieval.prepared import SEARCH, PreparedStatements

PROJECT = Path(__file__).resolve().parents[1]
AIM = 12.0
ROUNDS = 10
PREPARED = "search, plan kept"


@dataclass
class Times:
    """What the calls of one kind took, in milliseconds by the clock and of the processors."""

    name: str
    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self, call: Callable[[], object]) -> None:
        """Time a call."""
        begin, cpu = time.perf_counter(), time.process_time()
        call()
        self.cpu.append((time.process_time() - cpu) * 1e3)
        self.clock.append((time.perf_counter() - begin) * 1e3)

    def __str__(self) -> str:
        """Say it in a line."""
        clock = ", ".join(f"{name} {value:.1f}" for name, value in _quantiles(self.clock).items())
        cpu = ", ".join(f"{value:.1f}" for value in _quantiles(self.cpu).values())
        aim = ""
        if self.name == PREPARED:
            worst = _quantiles(self.clock)["p95"]
            aim = f" (aim: p95 {AIM:.0f} ms, {'met' if worst <= AIM else 'MISSED'})"
        return f"{self.name}: {clock} ms; of processors {cpu} ms{aim}"


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    hundredths = statistics.quantiles(values, n=100, method="inclusive")
    return {"median": hundredths[49], "p95": hundredths[94], "p99": hundredths[98]}


def run(warehouse: Path, rounds: int = ROUNDS) -> list[Times]:
    """Ask a warehouse every query so many times, the kinds of call in turn; the first round only warms it up."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set threads = 1")
        queries = [text for (text,) in connection.execute("select query_text from test_collection.queries").fetchall()]
        statements = PreparedStatements(connection)
        nothing, anew, kept = Times("select 1"), Times("search, planned anew"), Times(PREPARED)

        def ask(statement: str, *parameters: str) -> None:
            connection.execute(statement, parameters or None).fetchall()

        for number in range(rounds + 1):
            if number == 1:
                for times in (nothing, anew, kept):
                    times.clock.clear()
                    times.cpu.clear()
            for query in queries:
                nothing.take(lambda: ask("select 1"))
                anew.take(lambda query=query: ask("from search($1)", query))  # type: ignore[misc]
                kept.take(lambda query=query: statements.rows(SEARCH, query=query, k=10))  # type: ignore[misc]
    return [nothing, anew, kept]


def demo_warehouse() -> Path:
    """Build the demo corpus where it is not built yet, and return its warehouse."""
    warehouse = PROJECT / "data" / "demo" / "warehouse.duckdb"
    if not warehouse.is_file():
        subprocess.run(
            [sys.executable, "-m", "tiktok_retrieval", "demo"], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL
        )
    return warehouse


def main() -> None:
    """Print the times for $TIKTOK_WAREHOUSE, or for the demo corpus."""
    named = os.environ.get("TIKTOK_WAREHOUSE")
    for times in run(Path(named) if named else demo_warehouse()):
        print(times)


if __name__ == "__main__":
    main()
