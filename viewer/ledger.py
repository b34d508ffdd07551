"""What participants leave behind: lines appended to a file of the raw zone, each exactly once, each on the disk.

A line carries an id that the browser made. Who is not sure whether a line arrived sends it again: it is written once,
also when the viewer was killed in between, and when several viewers write one file. Lines that wait together are
written together, with one flush.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extract.journal import Entry, Journal

Line = Mapping[str, Any]
READ_BYTES = 1 << 20


class LedgerError(Exception):
    """Why a line was not taken."""


class IdTakenError(LedgerError):
    """The id stands for something else already."""


class LedgerFullError(LedgerError):
    """There are as many lines as may be."""


@dataclass
class _Pending:
    line: dict[str, Any]
    outcome: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True)
class _Known:
    owner: str | None
    digest: bytes


class Ledger:
    """An append-only file of lines with ids and owners.

    `add` may be called from many threads. Raises OSError where the disk refuses; then nothing of the line is kept.
    """

    def __init__(
        self,
        path: Path,
        *,
        id_of: Callable[[Line], str | None],
        said: Sequence[str],
        max_lines: int = 1_000_000,
    ) -> None:
        """Name the file, which the first line creates, and tell its lines apart.

        `id_of` returns a line's id, None for a line that is not ours; `said` are the columns in which two lines of
        one id have to be equal: others, such as the moment, differ when a line is sent again.
        """
        self.path = path
        self._id_of = id_of
        self._said = tuple(said)
        self.max_lines = max_lines
        self._journal = Journal(path)
        self._waiting: list[_Pending] = []
        self._waiting_lock = threading.Lock()
        self._writer = threading.Lock()
        self._identity: tuple[int, int] | None = None
        self._reset(None)

    def add(self, line: Line) -> bool:
        """Write a line and return once it is on the disk; say whether it is new. Raises LedgerError, OSError."""
        pending = _Pending(dict(line))
        with self._waiting_lock:
            self._waiting.append(pending)
        with self._writer:
            # Who waited here may find that the one before has written this line with its own
            if not pending.outcome.done():
                self._write_waiting()
        return pending.outcome.result()

    def owner_of(self, line_id: str) -> str | None:
        """Return who wrote a line, as far as this process has seen it; None for nobody."""
        with self._writer:  # a file that was replaced is just being read anew
            known = self._known.get(line_id)
        return known.owner if known else None

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what every readable line says, in order."""
        yield from self._journal.read()

    def refresh(self) -> None:
        """Learn what others wrote."""
        if self.path.exists():
            with self._writer:
                self._journal.append_chosen(self._choose_nothing)

    def rewrite(self, change: Callable[[Entry, bytes], bytes | None]) -> int:
        """Replace the file by what `change` makes of each line; nobody can write meanwhile. Raises OSError."""
        with self._writer:
            changed = self._journal.rewrite(change)
            self._identity = None  # what came before is gone, and the next file may get its number
            return changed

    def close(self) -> None:
        """Let go of the file."""
        with self._writer:
            self._journal.close()
            self._identity = None

    def _reset(self, identity: tuple[int, int] | None) -> None:
        self._identity = identity
        self._offset = 0
        self._line_count = 0
        self._known: dict[str, _Known] = {}

    def _write_waiting(self) -> None:
        with self._waiting_lock:
            batch, self._waiting = self._waiting, []
        answers: dict[int, bool | LedgerError] = {}

        def choose(descriptor: int) -> list[Line]:
            self._read_new(descriptor)
            chosen: dict[str, Line] = {}
            for pending in batch:
                answer = self._judge(pending.line, chosen)
                answers[id(pending)] = answer
                if answer is True:
                    chosen[str(self._id_of(pending.line))] = pending.line
            return list(chosen.values())

        try:
            self._journal.append_chosen(choose)
        except Exception as error:  # whoever waits has to learn of it
            for pending in batch:
                pending.outcome.set_exception(error)
            return
        for pending in batch:
            answer = answers[id(pending)]
            if isinstance(answer, LedgerError):
                pending.outcome.set_exception(answer)
            else:
                pending.outcome.set_result(answer)

    def _judge(self, line: Line, chosen: Mapping[str, Line]) -> bool | LedgerError:
        """Return whether a line is new, or why it cannot be taken."""
        line_id = str(self._id_of(line))
        known = self._known.get(line_id)
        digest = known.digest if known else self._digest(chosen[line_id]) if line_id in chosen else None
        if digest is not None:
            return False if digest == self._digest(line) else IdTakenError(f"the id {line_id} was used before")
        if self._line_count + len(chosen) >= self.max_lines:
            return LedgerFullError(f"{self.path.name} holds {self.max_lines} lines, and takes no more")
        return True

    def _read_new(self, descriptor: int) -> None:
        """Read the lines that were added since, or all where the file was replaced."""
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != self._identity or status.st_size < self._offset:
            self._reset((status.st_dev, status.st_ino))
        rest = b""
        position = self._offset
        while chunk := os.pread(descriptor, READ_BYTES, position):
            position += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            for raw in whole:
                self._learn(raw)
        self._offset = position - len(rest)
        if rest:
            # Either torn or whole but for its line break: the next line closes it, and then it is read once more
            self._learn(rest)
            self._line_count -= 1

    def _choose_nothing(self, descriptor: int) -> Sequence[Line]:
        self._read_new(descriptor)
        return ()

    def _learn(self, raw: bytes) -> None:
        if not raw.strip():
            return
        self._line_count += 1
        try:
            line = json.loads(raw)
        except ValueError:
            return
        line_id = self._id_of(line) if isinstance(line, dict) else None
        if line_id is not None:
            owner = line.get("owner")
            known = _Known(owner if isinstance(owner, str) else None, self._digest(line))
            self._known.setdefault(line_id, known)

    def _digest(self, line: Line) -> bytes:
        said = [line.get(column) for column in self._said]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
