"""Build small warehouses for tests: one raw zone, one database file, dbt in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventLevel, EventMsg

PROJECT = Path(__file__).parents[2]


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
) -> BuildResult:
    """Run `dbt build` (or another command) on a raw zone into a database file, in this process.

    Tests of models that are not selected are left out. Never raises for models that fail: look at the result.
    """
    work = warehouse.parent / f"{warehouse.stem}_dbt"
    call = [command, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    call += ["--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--quiet"]
    if select:
        call += ["--select", *select]
    if exclude:
        call += ["--exclude", *exclude]
    if command == "build":
        call += ["--indirect-selection", "buildable"]
    if variables:
        call += ["--vars", json.dumps(variables)]
    warnings: list[str] = []

    def listen(event: EventMsg) -> None:
        if event.info.level == EventLevel.WARN:
            warnings.append(str(getattr(event.info, "msg", event)))

    with _environment(TIKTOK_DATA=str(data_dir), TIKTOK_WAREHOUSE=str(warehouse)):
        try:
            result = dbtRunner(callbacks=[listen]).invoke([*call, *arguments])
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
