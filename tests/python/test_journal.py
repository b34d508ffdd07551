"""Journals survive kills, full disks, several writers and rewrites, and cost the same however long they are."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from extract.journal import Journal, key_of

REPOSITORY = Path(__file__).resolve().parents[2]


def line(tiktok_id: str, status: str = "ok", **columns: object) -> dict[str, object]:
    return {"tiktok_id": tiktok_id, "part": "video", "status": status, **columns}


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "downloads.ndjson")
    texts = ["plain", "two\nlines", "\u2028 and \u0000", "📎", "lone \ud800 surrogate"]
    for number, text in enumerate(texts):
        journal.append(line(str(number), text=text))
    assert [entry["text"] for entry in journal.read()] == texts
    assert journal.path.read_bytes().count(b"\n") == len(texts)


def test_columns_are_written_in_the_order_of_the_house(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "downloads.ndjson")
    journal.append({"attempt": 2, "bytes": 5, "status": "ok", "tiktok_id": "1"})
    assert journal.path.read_text() == '{"tiktok_id": "1", "status": "ok", "bytes": 5, "attempt": 2}\n'


def test_a_torn_line_never_swallows_the_next(tmp_path: Path) -> None:
    path = tmp_path / "downloads.ndjson"
    path.write_bytes(b'{"tiktok_id": "1", "status": "ok"}\n{"tiktok_id": "2", "sta')
    journal = Journal(path)
    journal.append(line("3"))
    entries = list(journal.entries())
    assert [(entry.position, entry.line and entry.line["tiktok_id"]) for entry in entries] == [
        (1, "1"),
        (2, None),
        (3, "3"),
    ]
    assert entries[1].reason == "not JSON: a torn line"


def test_a_line_torn_while_the_journal_is_open_is_closed_off_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "downloads.ndjson")
    journal.append(line("1"))
    with journal.path.open("ab") as other:
        other.write(b'{"tiktok_id": "2"')
    journal.append(line("3"))
    assert [entry["tiktok_id"] for entry in journal.read()] == ["1", "3"]


def test_unreadable_lines_say_why(tmp_path: Path) -> None:
    path = tmp_path / "ocr.ndjson"
    path.write_bytes(b'\xff\xfe\n[1]\n\n{"tiktok_id": "1"}\n')
    assert [(entry.position, entry.reason) for entry in Journal(path).entries()] == [
        (1, "not UTF-8"),
        (2, "not a JSON object"),
        (4, None),
    ]


def test_a_later_failure_undoes_no_success_whose_file_is_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "downloads.ndjson")
    for entry in (
        line("1", bytes=1),
        line("1", "failed"),
        line("2", "failed"),
        line("2", bytes=2),
        line("3", "failed"),
    ):
        journal.append(entry)
    everything = journal.latest()
    assert {key.tiktok_id: entry["status"] for key, entry in everything.items()} == {
        "1": "ok",
        "2": "ok",
        "3": "failed",
    }
    without_files = journal.latest(holds=lambda entry: entry["bytes"] != 1)
    assert {key.tiktok_id: entry["status"] for key, entry in without_files.items()} == {
        "1": "failed",
        "2": "ok",
        "3": "failed",
    }


def test_the_newest_success_of_a_key_wins_and_settings_are_part_of_the_key(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "ocr.ndjson")
    journal.append(line("1", engine="a", settings={"x": 1, "y": 2}, text="old"))
    journal.append(line("1", engine="a", settings={"y": 2, "x": 1}, text="new"))
    journal.append(line("1", engine="a", settings={"x": 3}, text="other"))
    assert [entry["text"] for entry in journal.latest().values()] == ["new", "other"]


def test_other_statuses_can_be_settled(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "audio.ndjson")
    journal.append(line("1", "no_audio"))
    journal.append(line("1", "failed"))
    assert journal.latest(settled=("ok", "no_audio"))[key_of(line("1"))]["status"] == "no_audio"


def append_many(path: str, writer: int, count: int) -> None:
    journal = Journal(Path(path), durable=False)
    for number in range(count):
        journal.append(line(f"{writer}-{number}", text="x" * (number % 500)))


def test_processes_and_threads_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "downloads.ndjson"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(str(path), writer, 300)) for writer in range(2)]
    for process in processes:
        process.start()
    journal = Journal(path, durable=False)

    def append_some(name: str) -> None:
        for number in range(300):
            journal.append(line(f"{name}-{number}"))

    threads = [threading.Thread(target=append_some, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    expected = {f"{writer}-{number}" for writer in ("0", "1", "a", "b") for number in range(300)}
    found = [entry.line and entry.line["tiktok_id"] for entry in journal.entries()]
    assert len(found) == len(expected)
    assert set(found) == expected


def test_a_kill_in_the_middle_of_a_line_costs_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "downloads.ndjson"
    script = (
        "import sys; from pathlib import Path; from extract.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), durable=False); number = 0\n"
        "while True:\n"
        "    journal.append({'tiktok_id': str(number), 'text': 'x' * 200_000}); number += 1\n"
    )
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=REPOSITORY)
        begin = path.stat().st_size if path.exists() else 0
        while not path.exists() or path.stat().st_size < begin + 2_000_000:
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    journal = Journal(path)
    journal.append(line("last"))
    entries = list(journal.entries())
    assert entries[-1].line == line("last")
    assert sum(entry.line is None for entry in entries) <= 3
    assert all(len(entry.line["text"]) == 200_000 for entry in entries[:-1] if entry.line is not None)


def test_a_full_disk_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "downloads.ndjson"
    Journal(path).append(line("1"))
    script = (
        "import resource, signal, sys; from pathlib import Path; from extract.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try:\n"
        "    Journal(Path(sys.argv[1])).append({'tiktok_id': '2', 'text': 'x' * 500})\n"
        "except OSError as error:\n"
        "    print(type(error).__name__)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert result.stdout == "OSError\n"
    Journal(path).append(line("3"))
    assert [entry.line and entry.line["tiktok_id"] for entry in Journal(path).entries()] == ["1", "3"]


def test_a_rewrite_is_not_lost_on_those_who_have_the_file_open(tmp_path: Path) -> None:
    path = tmp_path / "downloads.ndjson"
    writer = Journal(path)
    writer.append(line("1"))
    writer.append(line("2"))
    changed = Journal(path).rewrite(
        lambda entry, raw: None if entry.line is not None and entry.line["tiktok_id"] == "1" else raw
    )
    writer.append(line("3"))
    assert changed == 1
    assert [entry["tiktok_id"] for entry in Journal(path).read()] == ["2", "3"]


def bytes_read_by(journal: Journal, appends: int) -> int:
    """Return the bytes that our process reads while it appends: a journal that reads itself again would show."""
    before = int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])
    for number in range(appends):
        journal.append(line(str(number)))
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0]) - before


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs /proc/self/io")
def test_an_append_reads_no_more_at_a_hundred_thousand_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "downloads.ndjson", durable=False)
    bytes_read_by(journal, 10)
    at_the_start = bytes_read_by(journal, 50)
    journal.append_all(line(str(number)) for number in range(100_000))
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    at_the_end = bytes_read_by(journal, 50)
    assert at_the_end <= at_the_start + 1_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before < 10_000
