"""Python functions that SQL calls while it builds tables (never inside a view: outside dbt nobody has them)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from Stemmer import Stemmer  # type: ignore[import-not-found]

from tiktok_retrieval.characters import character_forms
from tiktok_retrieval.disguises import Disguise, count_names, load_project_key, register_hiding
from tiktok_retrieval.snapshots import SnapshotError, publish_open

_english = Stemmer("english")
# NaN and Infinity are no JSON, and a reading that insists on it would lose the record
_decoder = json.JSONDecoder(parse_constant=lambda _: None)
_between_records = re.compile(r"[\s,\ufeff]*")
_next_record = re.compile(r"\n\s*(?=\{)")
_key = re.compile(r'\s*("[0-9]+")\s*:\s*')
# How the build in this process hides persons; set before the first table that holds them is made
_disguise: Disguise | None = None


def snowball_stem(term: str) -> str:
    """Return the Snowball (English, Porter 2) stem of one lowercase word."""
    return str(_english.stemWord(term))


def file_version(path: str) -> str:
    """Return a text that changes when the file is written: its size in bytes and its time of change in nanoseconds."""
    try:
        state = Path(path).stat()
    except OSError:
        return "absent"
    return f"{state.st_size}:{state.st_mtime_ns}"


def folder_problem(path: str) -> str:
    """Return what keeps a folder from being read, or '' where nothing does."""
    try:
        next(Path(path).iterdir(), None)
    except FileNotFoundError:
        return "is not there"
    except NotADirectoryError:
        return "is a file, not a folder"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return ""


def publish_snapshot(path: str) -> str:
    """Publish a snapshot of the warehouse that this process has open; return '' or what went wrong."""
    try:
        publish_open(Path(path))
    except SnapshotError as error:
        return str(error)
    return ""


def salvage_records(text: str) -> str:
    """Read what is whole in text that is not valid JSON.

    Understood are a list of records, {id: record}, and records one after the other (one a line, for example), each cut
    off or broken anywhere. Half surrogates become U+FFFD, NaN becomes null.

    Returns:
        A JSON list, in the order of the text, of {"record_key", "record"} for a record (the key only for {id: record})
        and {"problem"} for a place where reading broke. Never raises for bad text.

    """
    found = json.dumps(list(_salvage(text)), ensure_ascii=False)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _salvage(text: str) -> Iterator[dict[str, Any]]:
    position = _skip(text, 0)
    keyed = _key.match(text, position + 1) if text.startswith("{", position) else None
    try:
        if keyed is not None:
            _decoder.raw_decode(text, position)
            keyed = None  # whole: it is read as a value below
    except (ValueError, RecursionError):
        yield from _salvage_keyed(text, position + 1)
        return
    listed = False
    while position < len(text):
        if text[position] == "[" and not listed:
            listed, position = True, _skip(text, position + 1)
            continue
        if text[position] == "]" and listed:
            listed, position = False, _skip(text, position + 1)
            continue
        try:
            value, position = _decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            yield {"problem": _describe(text, position, error)}
            following = None if listed else _next_record.search(text, position)
            if following is None:
                return
            position = following.end()
            continue
        yield from _unfold(value)
        position = _skip(text, position)
    if listed:
        yield {"problem": _describe(text, position, ValueError("the list is not closed"))}


def _unfold(value: Any) -> Iterator[dict[str, Any]]:
    # told by its first key, as in macros/engine/read_records.sql: one strange key must not hide all other records
    if isinstance(value, dict) and next(iter(value), "").isdigit():
        for key, record in value.items():
            yield {"record_key": key, "record": record}
    else:
        yield {"record": value}


def _salvage_keyed(text: str, position: int) -> Iterator[dict[str, Any]]:
    while True:
        position = _skip(text, position)
        try:
            key, position = _decoder.raw_decode(text, position)
            position = _skip(text, position)
            if not text.startswith(":", position):
                raise ValueError("':' expected")
            value, position = _decoder.raw_decode(text, _skip(text, position + 1))
        except (ValueError, RecursionError) as error:
            yield {"problem": _describe(text, position, error)}
            return
        yield {"record_key": str(key), "record": value}
        if text.startswith("}", _skip(text, position)):
            return


def _skip(text: str, position: int) -> int:
    match = _between_records.match(text, position)
    return match.end() if match else position


def _describe(text: str, position: int, error: Exception) -> str:
    line = text.count("\n", 0, position) + 1
    said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"broken JSON: nothing whole from character {position + 1} (line {line}) on: {said}"


def begin_disguise(
    raw_zone: str,
    keep_ids: bool,
    has_tiktoks: bool,
    names: list[str],
    parts: list[str],
    tiktok_counts: list[int],
) -> bool:
    """Let hide_person, hide_text and so on hide these names.

    Each comes with its person's part (creator, commenter or author) and in how many TikToks' texts it stands.
    The key is the raw zone's own and never enters the database. Raises ExportError where it cannot be had.
    """
    global _disguise
    by_part: dict[str, list[str]] = {"creator": [], "commenter": [], "author": []}
    for name, part in zip(names, parts, strict=True):
        by_part[part].append(name)
    _disguise = Disguise.of_names(
        load_project_key(Path(raw_zone)),
        creators=by_part["creator"],
        commenters=by_part["commenter"],
        authors=by_part["author"],
        tiktok_counts=dict(zip(names, tiktok_counts, strict=True)),
        has_tiktoks=has_tiktoks,
        keep_ids=keep_ids,
    )
    return True


def current_disguise() -> Disguise:
    """Return how persons are hidden. Raises RuntimeError before begin_disguise: nothing may leave as it is then."""
    if _disguise is None:
        raise RuntimeError(
            "the names to be hidden are not known: build int_names_gathered first, in the same run of dbt"
        )
    return _disguise


def register(connection: DuckDBPyConnection) -> None:
    """Make every function of this module known to the connection."""
    connection.create_function("snowball_stem", snowball_stem, ["VARCHAR"], "VARCHAR")
    connection.create_function("character_forms", character_forms, ["VARCHAR"], "VARCHAR[]")
    connection.create_function("salvage_records", salvage_records, ["VARCHAR"], "VARCHAR")
    # the answer changes with the file: without this DuckDB would keep the first one
    connection.create_function(
        "file_version",
        file_version,
        ["VARCHAR"],
        "VARCHAR",
        side_effects=True,
    )
    connection.create_function(
        "folder_problem",
        folder_problem,
        ["VARCHAR"],
        "VARCHAR",
        side_effects=True,
    )
    connection.create_function("count_names", count_names, ["VARCHAR[]", "VARCHAR[]"], "MAP(VARCHAR, INTEGER)")
    connection.create_function(
        "begin_disguise",
        begin_disguise,
        ["VARCHAR", "BOOLEAN", "BOOLEAN", "VARCHAR[]", "VARCHAR[]", "INTEGER[]"],
        "BOOLEAN",
        side_effects=True,
    )
    register_hiding(connection, current_disguise)
    connection.create_function(
        "publish_snapshot",
        publish_snapshot,
        ["VARCHAR"],
        "VARCHAR",
        side_effects=True,
    )
