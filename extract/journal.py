"""Append-only journals of the raw zone: one JSON object on each line, one line for each attempt.

A line is written whole or not at all, by one `write` to a descriptor opened for appending, under a file lock, so that
several processes may write one journal at once. What a killed process or a full disk left half written stays where it
is, closed off by a line break, and is reported as a line that cannot be read: it never swallows the line after it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

Line = Mapping[str, Any]

# The columns of a journal, in the order in which they are written; a step leaves out what does not apply
COLUMNS = (
    "tiktok_id",
    "part",
    "status",
    "reason",
    "text",
    "engine",
    "engine_version",
    "settings",
    "input_sha256",
    "host",
    "class",
    "bytes",
    "started_at",
    "finished_at",
)

OK = "ok"


class Key(NamedTuple):
    """What a journal's state is kept by; a column that does not apply is ''."""

    tiktok_id: str
    part: str
    engine: str
    settings: str


@dataclass(frozen=True)
class Entry:
    """One line of a journal: its number from 1, and either what it says or why it cannot be read."""

    position: int
    line: dict[str, Any] | None
    reason: str | None


def utc_now() -> str:
    """Now in UTC as ISO 8601 with milliseconds: 2024-01-31T12:00:00.000Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_of(line: Line) -> Key:
    """Return the key of a line; settings that are not text count by their JSON with sorted keys."""
    return Key(
        _key_text(line.get("tiktok_id")),
        _key_text(line.get("part")),
        _key_text(line.get("engine")),
        _key_text(line.get("settings")),
    )


def _key_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def parse_line(raw: bytes, position: int) -> Entry:
    """Read one line; anything but a JSON object in UTF-8 becomes an entry with a reason instead of a line."""
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Entry(position, None, "not UTF-8")
    except (ValueError, RecursionError):
        return Entry(position, None, "not JSON: a torn line")
    if not isinstance(value, dict):
        return Entry(position, None, "not a JSON object")
    return Entry(position, value, None)


class Journal:
    """An append-only file of JSON lines, safe for several threads and processes.

    `durable=False` leaves the flush to the operating system: a kill loses nothing, a power cut may.
    Raises OSError when the line cannot be written; nothing of it is then left in the file.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        """Name the file; it is created by the first append."""
        self.path = path
        self._durable = durable
        self._descriptor: int | None = None
        self._threads = threading.Lock()

    def append(self, line: Line) -> None:
        """Write one line, at a cost that does not depend on how many are there already."""
        self.append_all([line])

    def append_all(self, lines: Iterable[Line]) -> None:
        """Write several lines with one `write` and one flush: all of them or none."""
        ready = list(lines)
        if ready:
            self.append_chosen(lambda _: ready)

    def append_chosen(self, choose: Callable[[int], Iterable[Line]]) -> None:
        """Write the lines that `choose` returns, as `append_all` does.

        It is called while nobody else can write, with the open file's descriptor, through which it may read what is
        there: so what is written can depend on what others wrote.
        """
        with self._threads, self._locked() as descriptor:
            payload = b"".join(_encode(line) for line in choose(descriptor))
            if not payload:
                return
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # A killed process left a torn line: a line break keeps it apart from ours
                payload = b"\n" + payload
            try:
                written = os.write(descriptor, payload)
                if written != len(payload):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                if self._durable:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise

    def entries(self) -> Iterator[Entry]:
        """Yield every line that is not blank, in order, the unreadable ones with their reason.

        A last line without a line break is given only if it is whole: another process may be writing it.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for position, raw in enumerate(file, start=1):
                if raw.strip():
                    yield parse_line(raw, position)

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield what every readable line says, in order."""
        for entry in self.entries():
            if entry.line is not None:
                yield entry.line

    def latest(
        self,
        *,
        settled: Collection[str] = (OK,),
        holds: Callable[[Line], bool] = lambda line: True,
    ) -> dict[Key, dict[str, Any]]:
        """Return the line that counts for each key.

        That is the newest line whose status is settled and which still holds (its file is there); where there is
        none, the newest line. So a later failure never undoes a success whose file is still there.
        """
        newest: dict[Key, dict[str, Any]] = {}
        newest_settled: dict[Key, dict[str, Any]] = {}
        for line in self.read():
            key = key_of(line)
            newest[key] = line
            if line.get("status") in settled:
                newest_settled[key] = line
        for key, line in newest_settled.items():
            if holds(line):
                newest[key] = line
        return newest

    def rewrite(self, change: Callable[[Entry, bytes], bytes | None]) -> int:
        """Replace the file by what `change` makes of each line (None drops it); return how many lines changed.

        Writers are held off meanwhile, and those that have the old file open find the new one by themselves.
        """
        if not self.path.exists():
            return 0
        changed = 0
        part = self.path.with_name(self.path.name + ".part")
        with self._threads, self._locked():
            with self.path.open("rb") as source, part.open("wb") as target:
                for position, raw in enumerate(source, start=1):
                    kept = change(parse_line(raw, position), raw) if raw.strip() else raw
                    changed += kept != raw
                    if kept is not None:
                        target.write(kept)
                target.flush()
                os.fsync(target.fileno())
            part.replace(self.path)
        return changed

    def close(self) -> None:
        """Close the descriptor; a later append opens it again."""
        with self._threads:
            self._close_descriptor()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the journal."""
        self.close()

    def _close_descriptor(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Lock the file that has the journal's name now, which may not be the one that was opened before."""
        while True:
            if self._descriptor is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            descriptor = self._descriptor
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_named(descriptor, self.path):
                break
            self._close_descriptor()
        try:
            yield descriptor
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)


def _encode(line: Line) -> bytes:
    ordered = {column: line[column] for column in COLUMNS if column in line}
    ordered.update((column, value) for column, value in line.items() if column not in ordered)
    # A lone surrogate cannot be written as UTF-8; escaped it can, and comes back as it was
    text = json.dumps(ordered, ensure_ascii=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(ordered).encode() + b"\n"
