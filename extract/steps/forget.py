"""Forget a TikTok or a person: the deletions file at once, then every layer that holds something of them.

Each file is rewritten beside itself and put in its place whole; files that hold nothing of them are not touched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from extract.forgetting import DROPPED, PLACEHOLDER, Targets, owned_ids, scrub
from extract.formats.base import id_text
from extract.formats.records import Fault, Record, iter_records
from extract.journal import Entry, Journal, utc_now
from extract.raw_zone import DELETIONS
from extract.steps.common import ExitCode, StepOptions, StepResult, UsageError
from tiktok_retrieval.disguises import Disguise
from tiktok_retrieval.pseudonyms import KEY_FILE, load_key, plain_name, pseudonym_of_person

ID = re.compile(r"\d{5,25}\Z")
# An import that is younger may still be at work
LEFTOVER_SECONDS = 3600
LISTS = ("scrape_again.txt", "skip.txt", "unavailable.txt")
# Only ids, names in columns of their own and @mentions can be told in a database
NAME_COLUMNS = frozenset(
    {"creator_username", "creator_nickname", "commenter_name", "author", "person", "uploader", "channel", "username"}
)


def targets_of(words: Sequence[str]) -> Targets:
    """Sort what is given into ids (digits only) and persons. Raises UsageError for nothing."""
    ids = frozenset(word for word in words if ID.match(word))
    persons = frozenset(plain_name(word) for word in words if word not in ids and plain_name(word))
    if not ids and not persons:
        raise UsageError("say whom or what to forget: an id, or a person's handle or shown name")
    return Targets(ids, persons)


def json_files(data: Path) -> list[Path]:
    """Return the files of the raw zone that hold records, journals and deletions left out."""
    patterns = ("info/*", "imports/*/*", "queries/*", "replaced/*", "*.json")
    found = (path for pattern in patterns for path in data.glob(pattern))
    return sorted({path for path in found if path.suffix.lower() in (".json", ".ndjson", ".jsonl") and path.is_file()})


def journal_files(data: Path) -> list[Path]:
    """Return what is written line by line and has a lock; the list of what is to be forgotten is none of them."""
    return sorted(path for path in data.glob("*.ndjson") if path.name != DELETIONS)


def find_owned(data: Path, targets: Targets) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the TikToks that the persons made, and the other names that these give them."""
    ids: set[str] = set()
    names: set[str] = set()
    if targets.persons:
        for path in json_files(data):
            for record in whole_records(path):
                for found, shown in owned_ids(record, targets):
                    ids.add(found)
                    names |= shown
        if (data / "tiktoks.db").exists():
            ids |= _owned_in_sqlite(data / "tiktoks.db", targets)
    return frozenset(ids), frozenset(names - targets.persons)


def _owned_in_sqlite(path: Path, targets: Targets) -> set[str]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        database.create_function("is_person", 1, targets.names_person)
        try:
            rows = database.execute(
                "select cast(id as text) from tiktoks where is_person(creator_username) or is_person(creator_nickname)"
            ).fetchall()
        except sqlite3.Error:  # another schema: it is cleaned by its columns later
            return set()
    return {row[0] for row in rows}


def whole_records(path: Path) -> Iterator[Any]:
    """Yield the records of a file; an object that is not a list by ids is one record."""
    members: dict[str, Any] = {}
    for record in iter_records(path):
        if isinstance(record, Fault):
            continue
        if record.shape == "object" and id_text(record.key) is None:
            members[str(record.key)] = record.value
        elif record.shape == "object" and isinstance(record.value, dict):
            yield {"id": str(record.key), **record.value}
        else:
            yield record.value
    if members:
        yield members


def rewrite_json(path: Path, targets: Targets, *, dry_run: bool) -> int:
    """Take what is to be forgotten out of a JSON or NDJSON file; return how many records changed or went.

    Of a document that is broken only the whole records are kept, if it is rewritten at all. A file of which nothing
    stays is removed.
    """
    records: Iterator[Record | Fault] = iter_records(path)
    first = next(records, None)
    if isinstance(first, Record) and first.shape == "object" and id_text(first.key) is None:
        whole = next(whole_records(path))
        scrubbed = scrub(whole, targets)
        if scrubbed == whole:
            return int(_clear_broken(path, targets, dry_run=dry_run))
        if not dry_run:
            if scrubbed is DROPPED:
                path.unlink()
            else:
                _replace(path, lambda target: target.write_text(_dump(scrubbed), encoding="utf-8"))
        return 1
    changed = sum(1 for _, after, before in _scrubbed(path, targets) if after is DROPPED or after != before)
    broken = any(isinstance(record, Fault) for record in iter_records(path))
    if broken and not changed and targets.may_be_in(path.read_text(encoding="utf-8", errors="replace")):
        changed = 1
    if changed and not dry_run:
        _replace(path, lambda target: _write_records(path, target, targets))
    return changed


def _clear_broken(path: Path, targets: Targets, *, dry_run: bool) -> bool:
    """Remove a broken document of one record that may be about them: no part of it can be told from another."""
    broken = any(isinstance(record, Fault) for record in iter_records(path))
    if not broken or not targets.may_be_in(path.read_text(encoding="utf-8", errors="replace")):
        return False
    if not dry_run:
        path.unlink()
    return True


def _scrubbed(path: Path, targets: Targets) -> Iterator[tuple[Record, Any, Any]]:
    """Yield each record with what it becomes and what it was."""
    for record in iter_records(path):
        if isinstance(record, Record):
            is_named = record.shape == "object" and str(record.key) in targets.ids
            yield record, DROPPED if is_named else scrub(record.value, targets), record.value


def _write_records(path: Path, target: Path, targets: Targets) -> None:
    with target.open("w", encoding="utf-8") as file:
        opening = closing_ = separator = ""
        count = 0
        for record, after, _ in _scrubbed(path, targets):
            if count == 0 and not opening:
                opening, closing_, separator = {
                    "array": ("[\n", "\n]\n", ",\n"),
                    "object": ("{\n", "\n}\n", ",\n"),
                    "lines": ("", "\n", "\n"),
                }[record.shape]
                file.write(opening)
            if after is DROPPED:
                continue
            file.write(separator if count else "")
            file.write((f"{json.dumps(record.key)}: " if record.shape == "object" else "") + _dump(after))
            count += 1
        file.write(closing_ if count or opening else "")


def _dump(value: Any) -> str:
    """Write JSON that UTF-8 can hold: a lone surrogate only escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file's successor beside it and put it in its place; the folder is one where nothing is read."""
    with tempfile.TemporaryDirectory(prefix=".forget-", dir=path.parent) as folder:
        successor = Path(folder) / path.name
        write(successor)
        with successor.open("rb") as file:
            os.fsync(file.fileno())
        successor.replace(path)


def rewrite_journal(path: Path, targets: Targets, *, dry_run: bool) -> int:
    """Take lines out of a journal, under its lock; return how many changed."""
    changed = 0

    def change(entry: Entry, raw: bytes) -> bytes | None:
        nonlocal changed
        if entry.line is None:
            kept = None if targets.may_be_in(raw.decode("utf-8", "replace")) else raw
        else:
            scrubbed = scrub(entry.line, targets)
            if scrubbed == entry.line:
                return raw
            kept = None if scrubbed is DROPPED else _dump(scrubbed).encode() + b"\n"
        changed += kept != raw
        return kept

    if dry_run:
        for entry in Journal(path).entries():
            change(entry, b"" if entry.line is None else _dump(entry.line).encode() + b"\n")
        return changed
    return Journal(path).rewrite(change)


def rewrite_lines(path: Path, is_kept: Callable[[str], bool], *, dry_run: bool) -> int:
    """Take lines out of a text file; return how many."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    kept = [line for line in lines if is_kept(line)]
    if len(kept) < len(lines) and not dry_run:
        text = "".join(kept)
        _replace(path, lambda target: target.write_text(text, encoding="utf-8", errors="surrogateescape"))
    return len(lines) - len(kept)


def media_files(data: Path, tiktok_id: str) -> list[Path]:
    """Return everything that lies in the media folders for a TikTok, unfinished and set-aside files included."""
    found = [
        *(data / "videos").glob(f"{tiktok_id}.*"),
        *(data / "audios").glob(f"{tiktok_id}.*"),
        *(data / "coverphotos").glob(f"{tiktok_id}.*"),
        *(data / "coverphotos").glob(f"{tiktok_id}_*"),
    ]
    return sorted(found)


def rewrite_sqlite(path: Path, targets: Targets, *, dry_run: bool) -> int:
    """Take rows and mentions out of an SQLite file; return how many rows changed."""
    with tempfile.TemporaryDirectory(prefix=".forget-", dir=path.parent) as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        with closing(sqlite3.connect(copy)) as database:
            database.execute("pragma secure_delete = on")
            database.create_function("is_target_id", 1, targets.names_id)
            database.create_function("is_person", 1, targets.names_person)
            tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
            before = database.total_changes
            for table in tables:
                columns = [row[1] for row in database.execute(f'pragma table_info("{table}")')]
                for column in columns:
                    if column in ("id", "video_id", "tiktok_id", "parent_id"):
                        database.execute(f'delete from "{table}" where is_target_id(cast("{column}" as text))')
                    if column in NAME_COLUMNS:
                        database.execute(f'delete from "{table}" where is_person("{column}")')
                for column in columns:
                    cleaned = f"clean_{len(column)}_{columns.index(column)}"
                    database.create_function(
                        cleaned,
                        1,
                        lambda value, column=column: targets.clean(value, column) if isinstance(value, str) else value,
                    )
                    database.execute(
                        f'update "{table}" set "{column}" = {cleaned}("{column}") '
                        f'where {cleaned}("{column}") is not "{column}"'
                    )
            changed = database.total_changes - before
            database.commit()
            database.execute("vacuum")
        if changed and not dry_run:
            copy.replace(path)
    return changed


def rewrite_warehouse(path: Path, targets: Targets, *, dry_run: bool) -> int:
    """Take rows and mentions out of a DuckDB file and write it anew, so that nothing stays in its free blocks.

    Counts that were made of what is forgotten (document frequencies, ranks) stay as they are until the next build.
    Return how many rows changed. Raises duckdb.Error, among others when another process is writing the file.
    """
    import duckdb

    # dbt writes the file's stem into its views: a copy under another name could not be opened
    with tempfile.TemporaryDirectory(prefix=".forget-", dir=path.parent) as folder:
        copy, compact = Path(folder) / "copy" / path.name, Path(folder) / "compact" / path.name
        copy.parent.mkdir()
        compact.parent.mkdir()
        # Fails while another process has the file open for writing; afterwards nothing waits in a log beside it
        with duckdb.connect(path, read_only=dry_run) as database:
            if not dry_run:
                database.execute("checkpoint")
        shutil.copyfile(path, copy)
        with duckdb.connect(copy) as database:
            changed = _forget_rows(database, targets)
            if changed and not dry_run:
                database.execute("checkpoint")
                database.execute(f"attach {_quoted(str(compact))} as compact_copy (row_group_size 4096)")
                database.execute(f'copy from database "{path.stem}" to compact_copy')
                database.execute("detach compact_copy")
        if changed and not dry_run:
            compact.replace(path)
    return changed


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _forget_rows(database: Any, targets: Targets) -> int:
    """Delete and update in every table; return how many rows changed."""
    tables: dict[tuple[str, str], list[tuple[str, str]]] = {}
    rows = database.execute(
        "select columns.table_schema, columns.table_name, columns.column_name, columns.data_type "
        "from information_schema.columns as columns inner join duckdb_tables() as tables "
        "on columns.table_schema = tables.schema_name and columns.table_name = tables.table_name "
        "where tables.database_name = current_database() and columns.table_catalog = current_database() "
        "order by columns.table_schema, columns.table_name, columns.ordinal_position"
    ).fetchall()
    for schema, table, column, data_type in rows:
        tables.setdefault((schema, table), []).append((column, data_type))

    changed = 0

    def run(statement: str, parameters: Sequence[Any] = ()) -> None:
        nonlocal changed
        changed += database.execute(statement, parameters).fetchone()[0]

    numbers: list[int] = []
    if targets.ids and ("search_index", "documents") in tables:
        found = database.execute(
            "select document_number from search_index.documents where list_contains(?, doc_id)", [sorted(targets.ids)]
        ).fetchall()
        numbers = [row[0] for row in found]
    for (schema, table), columns in tables.items():
        name = f'"{schema}"."{table}"'
        texts = {column: kind for column, kind in columns if kind.startswith(("VARCHAR", "JSON", "STRUCT", "MAP"))}
        conditions: list[str] = []
        parameters: list[Any] = []
        if numbers and "document_number" in dict(columns):
            conditions.append("list_contains(?, document_number)")
            parameters.append(numbers)
        for column, kind in texts.items():
            for tiktok_id in sorted(targets.ids):
                conditions.append(f'contains("{column}"::varchar, ?)')
                parameters.append(tiktok_id)
            for person in sorted(targets.persons):
                if column in NAME_COLUMNS:
                    conditions.append(f'regexp_matches("{column}"::varchar, ?)')
                    parameters.append(rf"(?i)^\s*@?\s*{re.escape(person)}\s*(·[^·]*)?$")
                elif kind != "VARCHAR":
                    # Records as they were read: the next build reads them again from the rewritten file
                    conditions.append(f'contains(lower("{column}"::varchar), ?)')
                    parameters.append(person)
        if conditions:
            run(f"delete from {name} where {' or '.join(conditions)}", parameters)
        for column in (column for column, kind in texts.items() if kind == "VARCHAR" and column not in NAME_COLUMNS):
            for person in sorted(targets.persons):
                form = "{}" if re.search("music|sound", column) or person in targets.pseudonyms else "@{}"
                mention = "(?i)" + form.format(re.escape(person)) + r"\b"
                run(
                    f'update {name} set "{column}" = regexp_replace("{column}", ?, ?, \'g\') '
                    f'where contains(lower("{column}"), ?) and regexp_matches("{column}", ?)',
                    [mention, form.format(PLACEHOLDER), form.format(person), mention],
                )
    if changed and {("search_index", "terms"), ("search_index", "postings")} <= tables.keys():
        run("delete from search_index.terms where term_id not in (select term_id from search_index.postings)")
    return changed


def warehouses(warehouse: Path) -> list[Path]:
    """Return the warehouse and its published copies, as far as they are there."""
    return [
        path for path in (warehouse, *sorted(warehouse.parent.glob(f"published/*/{warehouse.name}"))) if path.exists()
    ]


def project_key(data: Path) -> bytes | None:
    """Return the key of the raw zone's pseudonyms, if there is one. Raises UsageError for a file that holds none."""
    path = data / KEY_FILE
    if not path.is_file():
        return None
    try:
        return load_key(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"the key for pseudonyms cannot be had: {error}") from error


def run(options: StepOptions, words: Sequence[str], *, warehouse: Path | None = None) -> StepResult:
    """Forget ids and persons in every layer; say what changed, and fail loudly when a layer could not be reached.

    Where the raw zone has a key for pseudonyms, what stands under those is forgotten as well.

    Raises UsageError when nothing is named.
    """
    data = options.data
    key = project_key(data)
    targets = targets_of(words)
    if key is not None:
        found = {pseudonym_of_person(key, person) for person in targets.persons}
        pseudonyms = frozenset(pseudonym for pseudonym in found if pseudonym)
        targets = replace(targets, persons=targets.persons | pseudonyms, pseudonyms=pseudonyms)
    dry_run = options.dry_run
    owned, other_names = find_owned(data, targets)
    everything = Targets(targets.ids | owned, targets.persons, targets.pseudonyms)
    changed: dict[str, int] = {}
    failures: list[str] = []
    if not dry_run:
        _note_deletions(data, everything)
    in_warehouses = everything
    if key is not None:
        hidden = {Disguise(key).identifier(tiktok_id) for tiktok_id in everything.ids}
        in_warehouses = replace(everything, ids=everything.ids | {found for found in hidden if found})

    def visit(path: Path, work: Callable[[Path], int]) -> None:
        try:
            count = work(path)
        except Exception as error:  # whatever is wrong with one file, the others must be cleaned
            failures.append(f"{path}: {type(error).__name__}: {error}")
        else:
            if count:
                changed[_shown(path, data)] = count

    for path in json_files(data):
        visit(path, lambda path: rewrite_json(path, everything, dry_run=dry_run))
    for path in data.glob(".import-*.part"):  # what a killed import left behind
        if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            visit(path, lambda path: _remove(path, dry_run=dry_run))
    for path in journal_files(data):
        visit(path, lambda path: rewrite_journal(path, everything, dry_run=dry_run))
    for path in (data / name for name in LISTS):
        if path.exists():
            visit(path, lambda path: rewrite_lines(path, _lists_others(everything), dry_run=dry_run))
    for path in sorted((data / "runs").glob("*.trec")):
        visit(path, lambda path: rewrite_lines(path, _ranks_others(everything), dry_run=dry_run))
    for path in (data / "tiktoks.db", *sorted((data / "replaced").glob("*.db"))):
        if path.exists():
            visit(path, lambda path: rewrite_sqlite(path, everything, dry_run=dry_run))
    for tiktok_id in sorted(everything.ids):
        for path in media_files(data, tiktok_id):
            visit(path, lambda path: _remove(path, dry_run=dry_run))
    for path in warehouses(warehouse or data / "warehouse.duckdb"):
        visit(path, lambda path: rewrite_warehouse(path, in_warehouses, dry_run=dry_run))

    verb = "would change" if dry_run else "changed"
    messages = [f"{verb} {path}: {count}" for path, count in changed.items()]
    if not changed:
        messages.append("nothing of them was found")
    if owned:
        messages.append(f"{len(owned)} TikToks of theirs are forgotten with them")
    if other_names:
        messages.append("these TikToks also call their maker: " + ", ".join(sorted(other_names)))
        messages.append("comments under those names stay unless they are forgotten as well")
    if not dry_run:
        messages.append("run `dbt build` now: counts and ranks still include what is forgotten")
    messages += [f"NOT CLEANED {failure}" for failure in failures]
    return StepResult(
        "forget",
        ok=len(changed),
        failed=len(failures),
        exit=ExitCode.FAILED if failures else None,
        details={
            "ids": sorted(everything.ids),
            "persons": sorted(everything.persons),
            "changed": changed,
            "other_names": sorted(other_names),
        },
        messages=messages,
    )


def _note_deletions(data: Path, targets: Targets) -> None:
    """Add what is not there yet to the deletions file, before anything else is touched."""
    with Journal(data / DELETIONS) as deletions:
        known = list(deletions.read())
        ids = {str(line.get("tiktok_id")) for line in known}
        persons = {plain_name(str(line.get("person") or "")) for line in known}
        now = utc_now()
        deletions.append_all(
            [
                *({"tiktok_id": found, "requested_at": now} for found in sorted(targets.ids - ids)),
                *({"person": found, "requested_at": now} for found in sorted(targets.persons - persons)),
            ]
        )


def _lists_others(targets: Targets) -> Callable[[str], bool]:
    return lambda line: not line.split() or (line.split()[0] not in targets.ids and not targets.links_to(line))


def _ranks_others(targets: Targets) -> Callable[[str], bool]:
    # A run's line: query, Q0, document, rank, score, system; a query may hold no blank
    return lambda line: len(line.split()) < 3 or line.split()[2] not in targets.ids


def _remove(path: Path, *, dry_run: bool) -> int:
    if not dry_run:
        path.unlink()
    return 1


def _shown(path: Path, data: Path) -> str:
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)
