"""Statements whose plans DuckDB keeps: to plan a search takes longer than to run it.

DuckDB keeps the plan of a statement that SQL's own `prepare` prepared, as long as each of its parameters stands in one
place and gets a value of the type that is cast to there, by the statement or by the function that it calls;
`connection.execute(statement, parameters)` plans anew each time. `execute` takes no parameters from outside, so that
values are written as literals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

Row = dict[str, Any]
Value = str | int | Sequence[str] | None


@dataclass(frozen=True)
class Statement:
    """SQL, and its parameters with their types."""

    sql: str
    types: Mapping[str, str]


SEARCH = Statement(
    """
    from search(
        $query,
        system := $system,
        k := $k,
        fields := $fields,
        posted_from := $posted_from,
        posted_to := $posted_to,
        creator := $creator
    )
    """,
    {
        "query": "varchar",
        "system": "varchar",
        "k": "double",
        "fields": "varchar",
        "posted_from": "timestamp",
        "posted_to": "timestamp",
        "creator": "varchar",
    },
)
EXPLAIN = Statement(
    "from explain($query, $doc_id, system := $system)",
    {"query": "varchar", "doc_id": "varchar", "system": "varchar"},
)
SNIPPETS = Statement(
    "from snippets($query, $doc_id, system := $system, mark_open := $mark_open, mark_close := $mark_close)",
    {"query": "varchar", "doc_id": "varchar", "system": "varchar", "mark_open": "varchar", "mark_close": "varchar"},
)


class PreparedStatements:
    """The statements that one connection has been asked to run; for one thread, as a connection is."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a connection to a database that nobody changes: a plan is kept with what it knows of the tables."""
        self.connection = connection
        # So many terms of a query are looked up in the index; of more DuckDB would read the whole table, as of 50 else
        connection.execute("set dynamic_or_filter_threshold = 1000")
        self._names: dict[str, str] = {}

    def rows(self, statement: Statement, **values: Value) -> list[Row]:
        """Run a statement, null for the parameters that have no value; return its rows. Raises duckdb.Error."""
        name = self._names.get(statement.sql)
        if name is None:
            name = f"prepared_{len(self._names)}"
            self.connection.execute(f"prepare {name} as {statement.sql}")
            self._names[statement.sql] = name
        literals = (f"{key} := cast({_literal(values.get(key))} as {kind})" for key, kind in statement.types.items())
        found = self.connection.execute(f"execute {name}({', '.join(literals)})")
        columns = [column[0] for column in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _literal(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        # No text in SQL may hold the character of number 0
        return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in value.split("\0"))
    return f"[{', '.join(map(_literal, value))}]"
