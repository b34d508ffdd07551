"""Prepare every DuckDB connection that dbt opens: extensions and functions that the models use."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin
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


class Plugin(BasePlugin):
    """Runs before `attach`, so that a SQLite file can be attached in the same session."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Load the SQLite scanner and register the functions."""
        load_extension(conn, "sqlite_scanner")
        functions.register(conn)
