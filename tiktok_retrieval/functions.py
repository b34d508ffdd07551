"""Python functions that SQL calls while it builds tables (never inside a view: outside dbt nobody has them)."""

from __future__ import annotations

from duckdb import DuckDBPyConnection
from Stemmer import Stemmer

_english = Stemmer("english")


def snowball_stem(term: str) -> str:
    """Return the Snowball (English, Porter 2) stem of one lowercase word."""
    return str(_english.stemWord(term))


def register(connection: DuckDBPyConnection) -> None:
    """Make every function of this module known to the connection."""
    connection.create_function("snowball_stem", snowball_stem, ["VARCHAR"], "VARCHAR")  # type: ignore[list-item]
