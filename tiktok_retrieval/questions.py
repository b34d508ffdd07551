"""Read the questions of analyses/: one SQL file each, answered by any warehouse or published copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import polars

from tiktok_retrieval.building import PROJECT

ANALYSES = PROJECT / "analyses"
# The folders whose macros a question may use: expressions, which dbt is not needed for
MACROS = ("engine", "metrics")


class NotBuiltError(Exception):
    """A relation is not in the warehouse; the message says which, and what builds it."""


@dataclass(frozen=True)
class Question:
    """A question, the SQL that answers it on any DuckDB client, and the models that it reads."""

    name: str
    text: str
    sql: str
    models: tuple[str, ...]
    setting: str | None  # the var without which dbt leaves its models out


@cache
def rooms() -> dict[str, str]:
    """Return the schema of every model and seed: the folder that it lies in."""
    models = {path.stem: path.relative_to(PROJECT / "models").parts[0] for path in PROJECT.glob("models/*/**/*.sql")}
    return models | {path.stem: "seeds" for path in PROJECT.glob("seeds/*.csv")}


def names() -> list[str]:
    """Return the names of all questions."""
    return sorted(path.stem for path in ANALYSES.glob("*.sql"))


@cache
def macros() -> dict[str, Any]:
    """Return the project's macros as functions that write SQL for DuckDB."""
    found: dict[str, Any] = {}
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 (SQL, not HTML)
    environment.globals |= {
        "adapter": SimpleNamespace(dispatch=lambda name: found.get(f"duckdb__{name}") or found[f"default__{name}"]),
        "return": lambda value: value,
    }
    for folder in MACROS:
        for path in sorted((PROJECT / "macros" / folder).glob("*.sql")):
            module = environment.from_string(path.read_text()).module
            found |= {name: macro for name, macro in vars(module).items() if isinstance(macro, jinja2.runtime.Macro)}
    environment.globals |= found
    return dict(environment.globals)


@cache
def read(name: str) -> Question:
    """Read analyses/<name>.sql: its first line asks, the rest answers; refs become schema and table."""
    first, _, rest = (ANALYSES / f"{name}.sql").read_text().partition("\n")
    if not (first.startswith("-- ") and first.endswith("?")):
        raise ValueError(f"analyses/{name}.sql: line 1 has to be a question behind --")
    models: dict[str, None] = {}
    settings: list[str] = []

    def ref(model: str) -> str:
        models[model] = None
        return f"{rooms()[model]}.{model}"

    def var(setting: str, default: object = None) -> object:
        settings.append(setting)
        return default

    context = {"ref": ref, "var": var, "config": lambda **settings: ""}
    sql = jinja2.Environment(autoescape=False).from_string(rest, globals=macros() | context).render()  # noqa: S701
    return Question(name, first.removeprefix("-- "), sql.strip(), tuple(models), settings[0] if settings else None)


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
        variables = f" --vars '{{{question.setting}: true}}'" if question.setting else ""
        raise NotBuiltError(f"not built yet: {listed}. `dbt build --select {' '.join(missing)}{variables}` makes it.")
    return connection.execute(question.sql).pl()
