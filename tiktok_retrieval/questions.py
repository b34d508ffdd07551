"""Read the questions of analyses/: one SQL file each, answered by any warehouse or published copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import duckdb
import polars

from tiktok_retrieval.building import PROJECT

ANALYSES = PROJECT / "analyses"
REFERENCE = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
COMMENT = re.compile(r"\{# (.*?) #\}")


class NotBuiltError(Exception):
    """A relation is not in the warehouse; the message says which, and what builds it."""


@dataclass(frozen=True)
class Question:
    """A question, the SQL that answers it on any DuckDB client, and the models that it reads."""

    name: str
    text: str
    sql: str
    models: tuple[str, ...]


@cache
def rooms() -> dict[str, str]:
    """Return the schema of every model and seed: the folder that it lies in."""
    models = {path.stem: path.relative_to(PROJECT / "models").parts[0] for path in PROJECT.glob("models/*/**/*.sql")}
    return models | {path.stem: "seeds" for path in PROJECT.glob("seeds/*.csv")}


def names() -> list[str]:
    """Return the names of all questions."""
    return sorted(path.stem for path in ANALYSES.glob("*.sql"))


@cache
def read(name: str) -> Question:
    """Read analyses/<name>.sql: its first line asks, the rest answers; refs become schema and table."""
    first, _, rest = (ANALYSES / f"{name}.sql").read_text().partition("\n")
    asked = COMMENT.fullmatch(first)
    if asked is None:
        raise ValueError(f"analyses/{name}.sql: line 1 has to be {{# a question #}}")
    sql = COMMENT.sub(r"-- \1", REFERENCE.sub(lambda found: f"{rooms()[found[1]]}.{found[1]}", rest))
    return Question(name, asked[1], sql.strip(), tuple(REFERENCE.findall(rest)))


def missing_models(connection: duckdb.DuckDBPyConnection, question: Question) -> list[str]:
    """Return the models that a question reads and the warehouse does not hold."""
    there = set(connection.execute("select table_schema, table_name from information_schema.tables").fetchall())
    return [model for model in question.models if (rooms()[model], model) not in there]


def answer(connection: duckdb.DuckDBPyConnection, name: str) -> polars.DataFrame:
    """Run a question's SQL. Raises NotBuiltError where the warehouse lacks what it reads."""
    question = read(name)
    missing = missing_models(connection, question)
    if missing:
        listed = ", ".join(f"{rooms()[model]}.{model}" for model in missing)
        raise NotBuiltError(f"not built yet: {listed}. `dbt build --select {' '.join(missing)}` makes it.")
    return connection.execute(question.sql).pl()
