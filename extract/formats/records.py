"""Read a JSON file of any size record by record, and go on to the last whole record of a broken one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

CHUNK = 1 << 20
# A single record larger than this is taken for a broken file
LARGEST_RECORD = 64 << 20
# A first line larger than this is a document of its own, not one line of many
LARGEST_FIRST_LINE = 8 << 20
BLANK = " \t\r\n"


@dataclass(frozen=True)
class Record:
    """One element of an array, one member of an object, or one line of NDJSON.

    `key` is the member's name, the element's number from 0, or None for a line; `line` counts from 1; `shape` says
    which of the three it is: array, object, lines.
    """

    shape: str
    line: int
    key: str | int | None
    value: Any


@dataclass(frozen=True)
class Fault:
    """Where and why a file could not be read further (`line` counts from 1)."""

    line: int
    reason: str


class _Reader:
    """A window on a text file from which JSON values are taken one after the other."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._position = 0
        self._ended = False
        self.line = 1

    def _fill(self, size: int) -> None:
        self._text = self._text[self._position :] + self._read(size)
        self._position = 0

    def _read(self, size: int) -> str:
        more = self._file.read(size)
        self._ended = not more
        return more

    def peek(self) -> str:
        """Return the next character that is not blank, '' at the end."""
        while True:
            while self._position < len(self._text) and self._text[self._position] in BLANK:
                self.line += self._text[self._position] == "\n"
                self._position += 1
            if self._position < len(self._text) or self._ended:
                return self._text[self._position : self._position + 1]
            self._fill(CHUNK)

    def take(self, expected: str) -> None:
        found = self.peek()
        if found not in expected or not found:
            raise ValueError(f"{expected!r} expected, {found!r} found" if found else "the file ends too early")
        self._position += 1

    def value(self) -> Any:
        """Return the next value. Raises ValueError for what is no JSON, or ends too early."""
        self.peek()
        size = CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
            except json.JSONDecodeError as error:
                # A string or word that the window cuts looks like a fault; one well inside the window is one
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self._text) - 16
                if self._ended:
                    at_end = error.msg.startswith("Unterminated string") or error.pos >= len(self._text.rstrip())
                    raise ValueError("the file ends too early" if at_end else error.msg) from error
                if not cut or len(self._text) - self._position > LARGEST_RECORD:
                    raise ValueError(error.msg) from error
            else:
                # The last characters of the window may be the first ones of a longer number
                if end < len(self._text) or self._ended:
                    self.line += self._text.count("\n", self._position, end)
                    self._position = end
                    return value
            self._fill(size)
            size *= 2


def iter_records(path: Path) -> Iterator[Record | Fault]:
    """Yield the records of a JSON or NDJSON file in bounded memory; bytes that are not UTF-8 become U+FFFD.

    A broken document ends with a Fault after its last whole record; a broken line of NDJSON is a Fault of its own.
    Raises OSError when the file cannot be opened.
    """
    if _holds_lines(path):
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    try:
                        yield Record("lines", number, None, json.loads(text))
                    except (ValueError, RecursionError) as error:
                        yield Fault(number, f"not JSON: {getattr(error, 'msg', error)}")
        return
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        reader = _Reader(file)
        try:
            yield from _members(reader)
            if reader.peek():
                yield Fault(reader.line, "something follows the end of the document")
        except ValueError as error:
            yield Fault(reader.line, f"not JSON: {error}")


def _members(reader: _Reader) -> Iterator[Record]:
    opening = reader.peek()
    if opening not in ("[", "{"):
        raise ValueError("an array or an object expected" if opening else "the file is empty")
    reader.take(opening)
    closing = "]" if opening == "[" else "}"
    number = 0
    while True:
        if reader.peek() == closing and number == 0:
            break
        line = reader.line
        if opening == "{":
            key = reader.value() if reader.peek() == '"' else None
            if key is None:
                raise ValueError("a name expected")
            reader.take(":")
            yield Record("object", line, key, reader.value())
        else:
            yield Record("array", line, number, reader.value())
        number += 1
        if reader.peek() == closing:
            break
        reader.take(",")
    reader.take(closing)


def _holds_lines(path: Path) -> bool:
    """Whether the first line is a whole object and another object begins on a later one."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = ""
        while not first.strip():
            first = file.readline(CHUNK)
            if not first:
                return False
        if not first.lstrip().startswith("{"):
            return False
        if not first.endswith("\n"):
            first += file.readline(LARGEST_FIRST_LINE)
        if not first.endswith("\n"):
            return False
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            # An object spread over several lines begins with a line that is no object
            return first.rstrip().endswith("}") and file.readline(CHUNK).lstrip().startswith("{")
        while following := file.readline(CHUNK):
            if following.strip():
                return following.lstrip().startswith("{")
        return False
