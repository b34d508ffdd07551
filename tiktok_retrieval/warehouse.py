"""Prepare every DuckDB connection that dbt opens: extensions and functions that the models use."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from tiktok_retrieval import functions


def load_extension(connection: DuckDBPyConnection, name: str) -> None:
    """Load a DuckDB extension from its wheel, which needs no network, or install it where there is no wheel."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    if package is not None and package.origin is not None:
        files = sorted(Path(package.origin).parent.glob(f"extensions/*/{name}.duckdb_extension"))
        if files:
            connection.execute(f"load '{files[-1]}'")
            return
    connection.install_extension(name)
    connection.load_extension(name)


def check_warehouse(path: str) -> None:
    """Open the database file once and let go of it.

    Raises DbtRuntimeError of one line, with the file and the mend, where that fails: dbt itself would show a traceback.
    """
    try:
        duckdb.connect(path).close()
    except duckdb.ConnectionException:
        return  # this process has it open with settings of its own
    except (duckdb.Error, OSError) as error:
        reason = str(error).partition("\n")[0]
        holder = re.search(r"Conflicting lock is held in (.*?\(PID \d+\))", reason)
        if holder:
            problem = f"{holder[1]} has it open"
            mend = "wait until that has ended, or end it; who only reads opens a published copy"
        elif "not a valid DuckDB database" in reason:
            problem = "it is not a DuckDB database"
            mend = "move it away, or set TIKTOK_WAREHOUSE to another file"
        else:
            problem = reason
            mend = "set TIKTOK_WAREHOUSE to a file that can be written, or move this one away and build anew"
        raise DbtRuntimeError(f"cannot open the warehouse {path}: {problem}: {mend}") from error


def check_memory_limit(limit: str) -> None:
    """Try the memory limit on a database of its own. Raises DbtRuntimeError of one line where DuckDB refuses it."""
    try:
        duckdb.connect(config={"memory_limit": limit}).close()
    except duckdb.Error as error:
        raise DbtRuntimeError(f"TIKTOK_MEMORY_LIMIT is '{limit}': give a size with its unit, such as 4GB") from error


class Plugin(BasePlugin):
    """Runs before `attach`, so that a SQLite file can be attached in the same session."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Stop in order where the database file cannot be opened as asked. Runs before dbt opens it."""
        settings = (self.creds.settings if self.creds else None) or {}
        if "memory_limit" in settings:
            check_memory_limit(str(settings["memory_limit"]))
        if self.creds is not None and self.creds.path and Path(self.creds.path).exists():
            check_warehouse(self.creds.path)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Load the SQLite scanner and register the functions."""
        load_extension(conn, "sqlite_scanner")
        functions.register(conn)
