"""Published snapshots: immutable copies of a warehouse that any number of readers open while the next build runs.

A complete build without errors ends by publishing one: `published/<n>/` beside the warehouse, each a folder that
appears whole, and the link `published/current` to the newest. Old ones stay until no process has them open, and two in
any case.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# Copies beside the newest that are kept, used or not: a reader may have looked up its path and not opened it yet
KEPT = 2
# In a process of its own: to close a file here would let go of every lock that this process has on it
COPY = """
import os, shutil, sys
shutil.copyfile(sys.argv[1], sys.argv[2])
with open(sys.argv[2], "rb+") as file:
    os.fsync(file.fileno())
"""
# Names the files that nobody has open: DuckDB holds a lock on each that it reads
UNUSED = """
import fcntl, sys
for path in sys.argv[1:]:
    with open(path, "rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        print(path)
"""


class SnapshotError(Exception):
    """A snapshot could not be published; the message says why and what to do."""


class NoSnapshotError(Exception):
    """There is no published snapshot of a warehouse; the message says what to do."""


def current(warehouse: Path) -> Path:
    """Return the database file of the newest published snapshot. Raises NoSnapshotError where there is none."""
    folder = _folder(warehouse)
    # Where two warehouses share a folder the link leads to the one that was published last
    for candidate in (folder / "current", *sorted(_numbered(folder), key=_number, reverse=True)):
        path = candidate.resolve() / warehouse.name
        if path.is_file():
            return path
    raise NoSnapshotError(
        f"nothing has been published from {warehouse}: run `dbt build`, which ends by publishing when it is complete"
        " and without errors"
    )


def connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the newest published snapshot for reading. Raises NoSnapshotError where there is none."""
    while True:
        path = current(warehouse)
        try:
            return duckdb.connect(str(path), read_only=True)
        except duckdb.IOException:
            if path.exists():
                raise
            # it was removed between the two steps, so there is a newer one


def publish(warehouse: Path) -> Path:
    """Publish a snapshot of a warehouse that nobody is writing to and return its file. Raises SnapshotError."""
    if not warehouse.is_file():
        raise SnapshotError(f"there is no warehouse {warehouse}: run `dbt build`")
    try:
        duckdb.connect(str(warehouse)).close()  # writes what a killed process left in the log
        with duckdb.connect(str(warehouse), read_only=True):
            return publish_open(warehouse)
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise SnapshotError(f"{warehouse} cannot be published ({reason}): wait for the build to end") from error


def publish_open(warehouse: Path) -> Path:
    """Publish a snapshot of a warehouse that this process has open, right after a checkpoint. Raises SnapshotError."""
    folder = _folder(warehouse)
    try:
        folder.mkdir(exist_ok=True)
        with _locked(folder):
            for leftover in folder.glob("*.part"):
                _remove(leftover)
            number = max((_number(path) for path in _numbered(folder)), default=0) + 1
            part = folder / f"{number}.part"
            part.mkdir()
            _run(COPY, warehouse, part / warehouse.name)
            duckdb.connect(str(part / warehouse.name), read_only=True).close()
            _sync(part)
            part.rename(folder / str(number))
            _sync(folder)
            _switch(folder, number)
            _prune(folder)
    except (OSError, subprocess.SubprocessError, duckdb.Error) as error:
        reason = str(error).partition("\n")[0]
        raise SnapshotError(
            f"no snapshot could be published to {folder} ({reason}): the last one stays in force;"
            " mend that and build again"
        ) from error
    return folder / str(number) / warehouse.name


def _folder(warehouse: Path) -> Path:
    return warehouse.absolute().parent / "published"


def _number(path: Path) -> int:
    return int(path.name)


def _numbered(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("[0-9]*") if path.name.isdigit())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let no other process publish to the folder meanwhile; a process that dies lets go of it."""
    with (folder / "publishing.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(script: str, *arguments: Path) -> str:
    command = [sys.executable, "-S", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip().rpartition("\n")[2])
    return done.stdout


def _sync(folder: Path) -> None:
    """Make sure that what the folder holds is on the disk under these names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _switch(folder: Path, number: int) -> None:
    """Let `current` lead to the snapshot, in one step."""
    link = folder / "current.part"
    link.symlink_to(str(number))
    link.replace(folder / "current")
    _sync(folder)


def _prune(folder: Path) -> None:
    """Remove old snapshots that nobody has open, the newest ones aside."""
    old = sorted(_numbered(folder), key=_number)[: -1 - KEPT]
    files = [file for path in old for file in path.glob("*.duckdb")]
    unused = set(_run(UNUSED, *files).splitlines()) if files else set()
    for path in old:
        if all(str(file) in unused for file in path.glob("*.duckdb")):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.suffix == ".part":
        shutil.rmtree(path)
    else:
        # Out of sight in one step, so that nobody finds half of it
        hidden = path.with_name(f"{path.name}.part")
        path.rename(hidden)
        shutil.rmtree(hidden)
