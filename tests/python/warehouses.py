"""Build small warehouses for tests: one raw zone, one database file, dbt in this process."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventLevel, EventMsg

PROJECT = Path(__file__).parents[2]
THIS_PROJECT = PROJECT  # a test may put another in its place


@dataclass(frozen=True)
class BuildResult:
    """What a dbt command did: `statuses` of models and tests by name, their messages, and what dbt warned of."""

    success: bool
    warehouse: Path
    statuses: Mapping[str, str]
    messages: Mapping[str, str]
    warnings: Sequence[str] = field(default_factory=tuple)

    def status(self, name: str) -> str:
        """Return the status of the one node whose name starts so: success, pass, warn, fail, error or skipped."""
        found = {status for node, status in self.statuses.items() if node.startswith(name)}
        assert len(found) == 1, f"{name}: {sorted(found)} of {sorted(self.statuses)}"
        return found.pop()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(query).fetchall()


def build(
    data_dir: Path,
    warehouse: Path,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    variables: Mapping[str, Any] | None = None,
    command: str = "build",
    arguments: Sequence[str] = (),
    work: Path | None = None,
) -> BuildResult:
    """Run `dbt build` (or another command) on a raw zone into a database file, in this process.

    What dbt leaves lies in `work`, or in a folder beside the warehouse. Tests of models that are not selected are left
    out. Never raises for models that fail: look at the result.
    """
    work = work or warehouse.parent / f"{warehouse.stem}_dbt"
    call = [command, *_places(work)]
    if select:
        call += ["--select", *select]
    if exclude:
        call += ["--exclude", *exclude]
    if command == "build":
        call += ["--indirect-selection", "buildable"]
    given = json.dumps(variables or {}, sort_keys=True)
    call += ["--vars", given]
    warnings: list[str] = []

    def listen(event: EventMsg) -> None:
        if event.info.level == EventLevel.WARN:
            warnings.append(str(getattr(event.info, "msg", event)))

    with _environment(TIKTOK_DATA=str(data_dir), TIKTOK_WAREHOUSE=str(warehouse)):
        try:
            manifest = _parsed(warehouse.stem, given, work / "target") if PROJECT == THIS_PROJECT else None
            result = dbtRunner(manifest, callbacks=[listen]).invoke([*call, *arguments])
        finally:
            # DuckDB lets no one else open the file while dbt holds it
            if DuckDBConnectionManager._ENV is not None:
                DuckDBConnectionManager.close_all_connections()
    if result.exception is not None:
        raise result.exception
    outcomes = list(getattr(result.result, "results", ()))
    return BuildResult(
        success=result.success,
        warehouse=warehouse,
        statuses={outcome.node.name: str(outcome.status) for outcome in outcomes},
        messages={outcome.node.name: outcome.message or "" for outcome in outcomes},
        warnings=tuple(warnings),
    )


def _places(work: Path) -> list[str]:
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return [*places, "--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--quiet"]


def _parsed(database: str, variables: str, target: Path) -> Manifest | None:
    """Return the project as dbt parses it, and leave it in a target folder; None where it cannot be parsed.

    To parse takes longer than to build a small warehouse, and finds the same as long as names and vars are the same.
    """
    parsed = _parse(database, variables)
    if parsed is None:
        return None
    manifest, as_json = parsed
    target.mkdir(parents=True, exist_ok=True)
    (target / "manifest.json").write_bytes(as_json)
    return Manifest.from_msgpack(manifest)


@cache
def _parse(database: str, variables: str) -> tuple[bytes, bytes] | None:
    with tempfile.TemporaryDirectory() as name, _environment(TIKTOK_WAREHOUSE=str(Path(name) / f"{database}.duckdb")):
        result = dbtRunner().invoke(["parse", *_places(Path(name)), "--vars", variables])
        if not isinstance(result.result, Manifest):
            return None
        return result.result.to_msgpack(), Path(name, "target", "manifest.json").read_bytes()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
