"""File what other tools collected: recognise each file by its content and put it, verbatim, where staging looks for it.

Nothing is parsed here beyond what recognising takes, so a file of any size is filed in bounded memory.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from extract.disguising import disguise_for, values_of, write_disguised
from extract.formats import FORMATS, Format, Sample
from extract.formats.base import no_posts
from extract.formats.records import Fault, Record, iter_records
from extract.steps.common import NoInputError, Outcome, StepOptions, StepResult, UsageError, run_items
from tiktok_retrieval.disguises import Disguise

SAMPLE_SIZE = 50
PIECE = 1 << 20
SUFFIXES = (".json", ".ndjson", ".jsonl", ".db", ".sqlite", ".sqlite3")
# Faults that are told one by one for a file; the rest is only counted
TOLD_FAULTS = 5
# Where a file goes that another one takes the place of
REPLACED = "replaced"


class RefusedError(Exception):
    """A file that is not filed; the message says where in it and why."""


class NotAskedForError(Exception):
    """A file that is not filed because none of its posts is asked for."""


class Turns:
    """Lets items that are begun in order, and worked on at once, go through a part of the work in that order."""

    def __init__(self, items: Sequence[Path]) -> None:
        """Begin with the first of them."""
        self._places = {item: place for place, item in enumerate(items)}
        self._ended: set[int] = set()
        self._next = 0
        self._changed = threading.Condition()

    def wait_for(self, item: Path) -> None:
        """Return when all before this one have ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == self._places[item])

    def end(self, item: Path) -> None:
        """Let the next one go on."""
        with self._changed:
            self._ended.add(self._places[item])
            while self._next in self._ended:
                self._next += 1
            self._changed.notify_all()


@dataclass(frozen=True)
class Filed:
    """What became of a file: its format, its place in the raw zone, and how many of its records can be read.

    `other_records` are those of posts that were not asked for: a file is filed whole or not at all.
    """

    form: Format
    place: Path
    is_new: bool
    records: int
    warnings: Sequence[str]
    other_records: int = 0


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are given, and those in the folders that are given. Raises UsageError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (file for file in sorted(path.rglob("*")) if file.is_file())
            found += [file for file in inside if file.suffix.lower() in SUFFIXES]
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"no such file: {path}")
    return list(dict.fromkeys(found))


def read_tables(path: Path) -> frozenset[str]:
    """Return the tables of an SQLite file. Raises RefusedError."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)) as database:
            rows = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    except sqlite3.Error as error:
        raise RefusedError(f"{path}: a broken SQLite file: {error}") from error
    return frozenset(row[0] for row in rows)


def take_sample(path: Path) -> Sample:
    """Return the beginning of a file. Raises RefusedError, with file and line, when nothing in it can be read."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head.strip():
        raise RefusedError(f"{path}: the file is empty")
    if head.startswith(b"SQLite format 3\0"):
        return Sample(path.name, tables=read_tables(path))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise RefusedError(f"{path}:1: not UTF-8; a file in UTF-16 has to be saved as UTF-8 first")
    if head.startswith(b"PK"):
        raise RefusedError(f"{path}: an archive: unpack it and import the files in it")
    records: list[Record] = []
    for record in iter_records(path):
        if isinstance(record, Fault):
            if not records:
                raise RefusedError(f"{path}:{record.line}: {record.reason}")
            continue
        records.append(record)
        if len(records) == SAMPLE_SIZE:
            break
    if not records:
        raise RefusedError(f"{path}:1: no record in it")
    return Sample(path.name, tuple(records))


def recognise(path: Path, sample: Sample) -> Format:
    """Return the format of a file. Raises RefusedError that says what was expected."""
    for form in FORMATS:
        if form.recognises(sample):
            return form
    if sample.tables or not sample.records:
        shape = f"an SQLite file with the tables {', '.join(sorted(sample.tables)) or '(none)'}"
    else:
        first = sample.objects()[:1]
        keys = ", ".join(list(first[0])[:8]) if first else type(sample.records[0].value).__name__
        kinds = {"array": "an array", "object": "an object", "lines": "lines"}
        shape = f"{kinds[sample.records[0].shape]} with: {keys}"
    expected = "\n".join(f"  {form.name}: {form.expected}" for form in FORMATS)
    raise RefusedError(f"{path}:1: unknown shape ({shape}). Expected one of:\n{expected}")


def count_records(path: Path, form: Format, ids: frozenset[str] | None) -> tuple[int, int, list[str]]:
    """Read a JSON file to its end; return how many records it holds, how many of them are of other posts, its faults.

    Faults have file and line. Without `ids` no post is another.
    """
    readable = others = 0
    faults: list[str] = []
    unread = 0
    for record in iter_records(path):
        if isinstance(record, Record):
            readable += 1
            others += ids is not None and not any(post.tiktok_id in ids for post in form.posts(record))
        elif len(faults) < TOLD_FAULTS:
            faults.append(f"{path}:{record.line}: {record.reason}")
        else:
            unread += 1
    if unread:
        faults.append(f"{path}: {unread} more such records")
    return readable, others, faults


def copy_and_digest(source: Path, target: Path, *, is_text: bool) -> str:
    """Copy a file byte for byte; return its SHA-256. Raises RefusedError for text that is not UTF-8."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with source.open("rb") as reader, target.open("wb") as writer:
        while piece := reader.read(PIECE):
            if is_text:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError as error:
                    line = lines + piece.count(b"\n", 0, error.start)
                    raise RefusedError(f"{source}:{line}: not UTF-8: save it as UTF-8 first") from error
                lines += piece.count(b"\n")
            digest.update(piece)
            writer.write(piece)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place_for(data: Path, form: Format, name: str, digest: str, size: int, *, force: bool) -> tuple[Path, bool]:
    """Return where a file goes, and whether it lies there already. Raises RefusedError when its place is taken."""
    target = data / form.place
    if form.is_single:
        if not target.exists():
            return target, False
        if digest_of(target) == digest:
            return target, True
        if form.later is None:
            if force:
                return target, False
            raise RefusedError(
                f"{target} holds another file already; --force puts this one in its place and keeps the old one in "
                f"{data / REPLACED}"
            )
        target = data / form.later
    for known in sorted(target.iterdir()) if target.is_dir() else ():
        if known.is_file() and known.stat().st_size == size and digest_of(known) == digest:
            return known, True
    wanted = PurePosixPath(name)
    suffix = wanted.suffix.lower()
    if suffix not in form.endings:
        suffix = form.endings[0]
        wanted = PurePosixPath(f"{name}{suffix}")
    path = target / wanted.name
    if path.exists():
        path = target / f"{wanted.name[: -len(suffix)]}.{digest[:8]}{suffix}"
    return path, False


def write_and_digest(source: Path, form: Format, target: Path, disguise: Disguise) -> str:
    """Write a file with pseudonyms in place of persons; return its SHA-256."""
    with target.open("w", encoding="utf-8") as file:
        write_disguised(source, form, file, disguise)
        file.flush()
        os.fsync(file.fileno())
    return digest_of(target)


def disguise_of(data: Path, sources: Iterable[Path]) -> Disguise:
    """Return how the persons in all files are hidden: a name that one file gives may stand in another's texts.

    Raises UsageError for a key that cannot be had.
    """
    readable: list[tuple[Path, Format]] = []
    for source in sources:
        with suppress(RefusedError, OSError):  # told of when its turn comes
            readable.append((source, recognise(source, take_sample(source))))
    try:
        return disguise_for(data, lambda: (value for source, form in readable for value in values_of(source, form)))
    except (OSError, ValueError) as error:
        raise UsageError(f"the key for pseudonyms cannot be had: {error}") from error


def file_one(
    data: Path,
    source: Path,
    options: StepOptions,
    wait_for_turn: Callable[[], None],
    disguise: Disguise | None = None,
) -> Filed:
    """Recognise a file and file it; in a dry run only say where it would go. Raises RefusedError, NotAskedForError.

    Without a disguise the file stays as it is. With one its name is hidden too: yt-dlp names files after creators.
    `wait_for_turn` is called before a place is looked for and taken.
    """
    sample = take_sample(source)
    form = recognise(source, sample)
    is_text = not sample.tables
    if disguise is not None and not is_text:
        raise RefusedError(
            f"{source}: an SQLite file cannot be pseudonymised: import the master.json that it was made of"
        )
    if options.ids is not None and form.posts is no_posts:
        raise RefusedError(f"{source}: {form.name} names no posts to choose by: import it without --ids")
    readable, others, faults = count_records(source, form, options.ids) if is_text else (0, 0, [])
    if options.ids is not None and others == readable:
        raise NotAskedForError
    # Beside its folder: what staging reads there must be whole
    copy = data / f".import-{os.getpid()}-{hashlib.sha256(str(source).encode()).hexdigest()[:12]}.part"
    data.mkdir(parents=True, exist_ok=True)
    try:
        name = source.name
        if disguise is None:
            digest = copy_and_digest(source, copy, is_text=is_text)
        else:
            digest = write_and_digest(source, form, copy, disguise)
            name = f"{digest[:16]}{source.suffix.lower()}"
        size = copy.stat().st_size
        wait_for_turn()
        place, is_known = place_for(data, form, name, digest, size, force=options.force)
        if not is_known and not options.dry_run:
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                kept = data / REPLACED / f"{place.stem}.{digest_of(place)[:8]}{place.suffix}"
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, kept)
            copy.replace(place)
    finally:
        copy.unlink(missing_ok=True)
    return Filed(form, place, not is_known, readable, faults, others)


def run(options: StepOptions, paths: Sequence[Path], *, pseudonymise: bool = False) -> StepResult:
    """File the given files and those in the given folders, as they are or with pseudonyms in place of persons.

    Raises UsageError for a path that is not there, NoInputError when not one file could be read.
    """
    sources = files_of(paths)
    filed: dict[Path, Filed] = {}
    refused: dict[Path, str] = {}
    turns = Turns(sources)
    disguise = disguise_of(options.data, sources) if pseudonymise and not options.dry_run else None

    def work(source: Path) -> Outcome:
        try:
            filed[source] = file_one(options.data, source, options, lambda: turns.wait_for(source), disguise)
        except NotAskedForError:
            return Outcome("other posts", is_failure=False, settled=True)
        except RefusedError as error:
            refused[source] = str(error)
            return Outcome("refused")
        except OSError as error:
            refused[source] = f"{source}: {error.strerror or error}"
            return Outcome("refused")
        finally:
            turns.end(source)
        return Outcome(settled=not filed[source].is_new)

    # A dry run recognises as well: only nothing is written
    looking = StepOptions(options.data, limit=options.limit, jobs=options.jobs, force=True)
    result = run_items("import", sources, work, looking, id_of=str)
    # In the order in which they were given, whichever was done first
    filed = {source: filed[source] for source in sources if source in filed}
    complaints = [refused[source] for source in sources if source in refused]
    if not filed and not result.interrupted:
        if result.skipped:
            raise NoInputError("\n".join([*complaints, "no file holds a post that --ids asks for"]))
        raise NoInputError("\n".join(complaints) or f"no file to import in {', '.join(map(str, paths))}")
    return StepResult(
        "import",
        ok=result.ok,
        skipped=result.skipped,
        failed=result.failed,
        left=result.left,
        interrupted=result.interrupted,
        inputs_failed=sum(len(entry.warnings) for entry in filed.values()),
        statuses=result.statuses,
        details={
            "files": [_details(options.data, source, entry) for source, entry in filed.items()],
            "formats": dict(sorted(Counter(entry.form.name for entry in filed.values()).items())),
        },
        messages=[
            *(_message(options, source, entry) for source, entry in filed.items()),
            *(warning for entry in filed.values() for warning in entry.warnings),
            *complaints,
        ],
    )


def _details(data: Path, source: Path, entry: Filed) -> dict[str, Any]:
    """Return what a program reads of a filed file."""
    return {
        "file": str(source),
        "format": entry.form.name,
        "filed_as": entry.place.relative_to(data).as_posix(),
        "records": entry.records,
        "other_records": entry.other_records,
        "is_new": entry.is_new,
    }


def _message(options: StepOptions, source: Path, entry: Filed) -> str:
    """Return what a person reads of a filed file."""
    place = entry.place.relative_to(options.data).as_posix()
    verb = "would be filed as" if options.dry_run else "filed as"
    others = f"; {entry.other_records} of its {entry.records} records are of other posts" if entry.other_records else ""
    return f"{source}: {entry.form.name}, " + (f"{verb} {place}{others}" if entry.is_new else "known already")
