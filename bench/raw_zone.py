"""Time and weigh what grows with the raw zone: the journal at 100,000 lines, the import of 100,000 records."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from extract.journal import Journal

ITEMS = 100_000
BLOCK = 500
PROJECT = Path(__file__).resolve().parents[1]


def append_block(journal: Journal, first: int) -> float:
    """Append a block of lines; return the median seconds of one."""
    taken = []
    for number in range(first, first + BLOCK):
        line = {"tiktok_id": str(number), "part": "video", "status": "ok", "engine": "requests", "settings": ""}
        start = time.perf_counter()
        journal.append(line)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def compare_journal(folder: Path) -> str:
    """Tell the cost of an appended line to a full journal, as a ratio to that of an empty one."""
    path = folder / "downloads.ndjson"
    empty = append_block(Journal(path), 0)
    with path.open("a", encoding="utf-8") as file:
        for number in range(BLOCK, ITEMS):
            file.write(json.dumps({"tiktok_id": str(number), "part": "video", "status": "ok"}) + "\n")
    full = append_block(Journal(path), ITEMS)
    return (
        f"journal: a line at {ITEMS:,} lines takes {full / empty:.2f} x that of an empty one "
        f"({empty * 1e3:.2f} ms, {full * 1e3:.2f} ms, fsync included)"
    )


def import_memory(folder: Path, records: int) -> int:
    """Return the peak memory, in MiB, of a process that imports so many records."""
    source = folder / f"batch_of_{records}.json"
    with source.open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(records):
            record = {
                "id": str(7_000_000_000_000_000_000 + number),
                "video-src": "",
                "coverphoto-src": "",
                "comments": [],
            }
            file.write((",\n" if number else "") + json.dumps(record | {"description": "x" * 400}))
        file.write("]")
    command = [
        sys.executable,
        str(PROJECT / "extract" / "run.py"),
        "import",
        str(source),
        "--data",
        str(folder / "raw"),
    ]
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
    return int(done.stdout)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(compare_journal(folder))
        few, many = import_memory(folder, 100), import_memory(folder, ITEMS)
        print(f"import: {ITEMS:,} records take {many / few:.2f} x the memory of 100 ({few} MiB, {many} MiB)")


if __name__ == "__main__":
    main()
