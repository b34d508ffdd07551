"""Search a build from the terminal: what `from search(...)` gives in any DuckDB client, as a table or as JSON."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tiktok_retrieval import snapshots
from tiktok_retrieval.prepared import EXPLAIN, SEARCH, SNIPPETS, PreparedStatements, Row, Statement, Value

# Characters that no text has a use for
MARK_OPEN, MARK_CLOSE = "\x02", "\x03"
MARKED = "bold yellow"
# Of a result's terms and fields the ones that add most to its score
SHOWN_CONTRIBUTIONS = 6


class NotSearchableError(Exception):
    """There is nothing to search; the message says which file and what to do."""


class SearchRefusedError(Exception):
    """What is wrong with a search, in one line."""


def open_for_search(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the newest snapshot of a warehouse, or the warehouse itself where none has been published.

    Raises NotSearchableError.
    """
    try:
        connection = snapshots.connect(warehouse)
    except snapshots.NoSnapshotError:
        if not warehouse.is_file():
            raise NotSearchableError(
                f"there is no warehouse {warehouse}: run `dbt build`, or give --warehouse FILE"
            ) from None
        try:
            connection = duckdb.connect(str(warehouse), read_only=True)
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise NotSearchableError(f"{warehouse} cannot be read ({reason}): wait for the build to end") from error
    connection.execute("set timezone = 'UTC'")
    # A query reads too little for more threads than one
    connection.execute("set threads = 1")
    found = connection.execute("select count(*) from duckdb_functions() where function_name = 'snippets'").fetchone()
    if not found or not found[0]:
        connection.close()
        raise NotSearchableError(f"{warehouse} has no search functions: run `dbt build`")
    return connection


def search(
    statements: PreparedStatements,
    query: str,
    *,
    system: str | None = None,
    k: int = 10,
    fields: str | None = None,
    posted_from: str | None = None,
    posted_to: str | None = None,
    creator: str | None = None,
) -> list[Row]:
    """Return the best documents; the options are those of the SQL function. Raises SearchRefusedError."""
    return _rows(
        statements,
        SEARCH,
        query=query,
        system=system,
        k=k,
        fields=fields,
        posted_from=posted_from,
        posted_to=posted_to,
        creator=creator,
    )


def explained(statements: PreparedStatements, query: str, doc_id: str, system: str | None) -> Row:
    """Return what adds to a document's score and where its texts match. Raises SearchRefusedError."""
    contributions = _rows(statements, EXPLAIN, query=query, doc_id=doc_id, system=system)
    found = _rows(
        statements, SNIPPETS, query=query, doc_id=doc_id, system=system, mark_open=MARK_OPEN, mark_close=MARK_CLOSE
    )
    return {"contributions": contributions, "snippets": found}


def _rows(statements: PreparedStatements, statement: Statement, **values: Value) -> list[Row]:
    try:
        return statements.rows(statement, **values)
    except duckdb.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise SearchRefusedError(reason.partition(" Error: ")[2] or reason) from error


def show(results: list[Row], console: Console) -> None:
    """Print results as a table, and below each what was found out about it."""
    if not results:
        console.print("nothing found")
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("id", no_wrap=True)
    table.add_column("creator", no_wrap=True, max_width=22)
    table.add_column("posted", no_wrap=True)
    table.add_column("description", ratio=1)
    for result in results:
        posted = result["posted_at"]
        table.add_row(
            str(result["rank"]),
            f"{result['score']:.3f}",
            Text(result["doc_id"]),
            Text(f"@{result['creator_username']}" if result["creator_username"] else ""),
            f"{posted:%Y-%m-%d}" if posted else "",
            _one_line(result["description"] or ""),
        )
        if "contributions" in result:
            table.add_row("", "", "", "", "", _explanation(result, has_colours=console.is_terminal))
    console.print(table)


def _explanation(result: Row, *, has_colours: bool) -> Text:
    lines = [
        Text.assemble((f"{snippet['field']}: ", "dim"), _marked(snippet["snippet"], has_colours=has_colours))
        for snippet in result["snippets"]
    ]
    contributions = result["contributions"]
    parts = [
        f"{part['term']} in {part['field']} {part['contribution']:.3f}" for part in contributions[:SHOWN_CONTRIBUTIONS]
    ]
    if rest := contributions[SHOWN_CONTRIBUTIONS:]:
        parts.append(f"{len(rest)} more {sum(part['contribution'] for part in rest):.3f}")
    return Text("\n").join([*lines, Text(" + ".join(parts), style="dim")])


def _marked(snippet: str, *, has_colours: bool) -> Text:
    if not has_colours:
        return Text(_plain(_bracketed(snippet)))
    text = Text()
    for index, piece in enumerate(snippet.split(MARK_OPEN)):
        match, closed, rest = piece.partition(MARK_CLOSE)
        text.append(_plain(match), style=MARKED if index and closed else "")
        text.append(_plain(rest))
    return text


def _one_line(text: str) -> Text:
    return Text(_plain(text))


def _plain(text: str) -> str:
    """Put a text on one line, without what would command the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _as_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _bracketed(snippet: str) -> str:
    return snippet.replace(MARK_OPEN, "[").replace(MARK_CLOSE, "]")


def _with_brackets(result: Row) -> Row:
    for snippet in result.get("snippets", ()):
        snippet["snippet"] = _bracketed(snippet["snippet"])
    return result


def search_command(
    query: Annotated[str, typer.Argument(help="What you remember of it.")],
    warehouse: Annotated[
        Path, typer.Option("--warehouse", envvar="TIKTOK_WAREHOUSE", help="The database file that dbt built.")
    ] = Path("data/warehouse.duckdb"),
    k: Annotated[int, typer.Option("--k", min=1, help="How many results.")] = 10,
    system: Annotated[
        str | None, typer.Option("--system", help="The retrieval system; the best one if none is given.")
    ] = None,
    fields: Annotated[
        str | None, typer.Option("--fields", help="Count only what these fields hold: 'description speech'.")
    ] = None,
    posted_from: Annotated[str | None, typer.Option("--from", help="Posted on this day or later: 2022-03-01.")] = None,
    posted_to: Annotated[str | None, typer.Option("--to", help="Posted on this day or earlier.")] = None,
    creator: Annotated[str | None, typer.Option("--creator", help="Only of this creator: @name.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show where each result matches, and its score.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the documents of the last build that match a query best."""
    try:
        with open_for_search(warehouse) as connection:
            statements = PreparedStatements(connection)
            results = search(
                statements,
                query,
                system=system,
                k=k,
                fields=fields,
                posted_from=posted_from,
                posted_to=posted_to,
                creator=creator,
            )
            if explain:
                for result in results:
                    result.update(explained(statements, query, result["doc_id"], system))
    except NotSearchableError as error:
        print(f"search: {error}", file=sys.stderr)
        raise typer.Exit(4) from error
    except SearchRefusedError as error:
        print(f"search: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    if as_json:
        print(
            json.dumps([_with_brackets(result) for result in results], default=_as_json, ensure_ascii=False, indent=2)
        )
    else:
        show(results, Console(highlight=False))


def register(app: typer.Typer) -> None:
    """Add the command that searches."""
    app.command("search")(search_command)
