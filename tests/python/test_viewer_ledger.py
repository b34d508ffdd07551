"""The viewer's ledger: each line once, on the disk, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from warehouses import PROJECT

from viewer.ledger import IdTakenError, Ledger, LedgerFullError
from viewer.messages import Submission
from viewer.submissions import FILE, NotYoursError, Submissions

OWNER = "a" * 32
OTHER = "b" * 32


def id_of(line: Mapping[str, Any]) -> str | None:
    value = line.get("id")
    return value if isinstance(value, str) else None


def ledger_at(path: Path, **changes: Any) -> Ledger:
    return Ledger(path, **{"id_of": id_of, "said": ("owner", "text"), **changes})


def ids_in(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines() if line.startswith("{")]


def submission(number: int = 1, **changes: Any) -> Submission:
    made = {
        "query_id": f"00000000-0000-4000-8000-{number:012x}",
        "query_text": f"words {number}",
        "target_id": "7000000000000000001",
        "pseudonym": "amber-otter-12ab",
        "owner_key": OWNER,
        "found_by": "history",
        "viewed_seconds_ago": 4000.0,
        "last_viewed_seconds_ago": 3700.5,
        "watched_seconds": 12.5,
    }
    return Submission(**{**made, **changes})


def test_a_line_is_written_once_however_often_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "file.ndjson"
    ledger = ledger_at(path)
    assert ledger.add({"id": "1", "text": "ä", "owner": "me", "moment": 1}) is True
    assert ledger.add({"id": "1", "text": "ä", "owner": "me", "moment": 2}) is False
    assert ledger_at(path).add({"id": "1", "text": "ä", "owner": "me", "moment": 3}) is False
    with pytest.raises(IdTakenError):
        ledger.add({"id": "1", "text": "other words", "owner": "me"})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"id": "1", "text": "ä", "owner": "me", "moment": 1}
    ]


def test_threads_and_ledgers_of_one_file_write_each_line_once(tmp_path: Path) -> None:
    path = tmp_path / "file.ndjson"
    ledgers = [ledger_at(path), ledger_at(path)]
    outcomes: Counter[bool] = Counter()
    lock = threading.Lock()

    def write(worker: int) -> None:
        for number in range(40):
            is_new = ledgers[worker % 2].add({"id": f"{worker // 2} {number}", "text": "x" * number})
            with lock:
                outcomes[is_new] += 1

    # every line is sent by two threads, through two ledgers
    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {True: 240, False: 240}
    assert Counter(ids_in(path)) == {f"{worker} {number}": 1 for worker in range(6) for number in range(40)}


@pytest.mark.parametrize("torn", ['{"id": "2", "te', '{"id": "2", "text": "b"}'])
def test_a_torn_line_is_closed_and_sent_again(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "file.ndjson"
    path.write_text('{"id": "1", "text": "a"}\n' + torn)
    ledger = ledger_at(path)
    is_new = ledger.add({"id": "2", "text": "b"})
    assert is_new is not torn.endswith("}")
    assert ledger.add({"id": "3", "text": "c"})
    whole = [json.loads(line)["id"] for line in path.read_text().splitlines() if line.endswith("}")]
    assert whole == ["1", "2", "3"]


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "file.ndjson"
    ledger = ledger_at(path)
    ledger.add({"id": "1", "text": "a"})
    successor = tmp_path / "successor"
    successor.write_text('{"id": "2", "text": "b"}\n')
    successor.replace(path)
    assert ledger.add({"id": "1", "text": "a"}) is True
    assert ledger.add({"id": "2", "text": "b"}) is False
    assert ids_in(path) == ["2", "1"]


def test_a_file_that_was_rewritten_twice_is_read_anew(tmp_path: Path) -> None:
    """The second successor may have the first file's number, and be as long."""
    path = tmp_path / "file.ndjson"
    ledger, other = ledger_at(path), ledger_at(path)
    for line_id in ("1", "2", "3"):
        ledger.add({"id": line_id, "text": "a", "owner": "me"})
    ledger.rewrite(lambda entry, raw: raw.replace(b'"3"', b'"4"'))
    other.add({"id": "5", "text": "a"})
    ledger.rewrite(lambda entry, raw: raw.replace(b'"5"', b'"6"'))
    assert [ledger.add({"id": line_id, "text": "a", "owner": "me"}) for line_id in ("2", "3")] == [False, True]
    assert ids_in(path) == ["1", "2", "4", "6", "3"]
    assert ledger.owner_of("4") == "me"


def test_a_full_ledger_takes_no_more(tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path / "file.ndjson", max_lines=2)
    ledger.add({"id": "1"})
    ledger.add({"id": "2"})
    with pytest.raises(LedgerFullError, match="holds 2 lines"):
        ledger.add({"id": "3"})
    assert ledger.add({"id": "2"}) is False


def test_a_disk_that_refuses_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path / "a folder" / "file.ndjson")
    (tmp_path / "a folder").write_text("is a file")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        ledger.add({"id": "1"})


KILLED = """
import sys
from pathlib import Path
from viewer.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), id_of=lambda line: line.get("id"), said=("text",))
for number in range(100_000):
    if ledger.add({"id": str(number), "text": "words " * (number % 40)}):
        print(number, flush=True)
"""


def test_what_was_confirmed_before_a_kill_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "file.ndjson"
    confirmed: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        assert process.stdout is not None
        for line in process.stdout:
            confirmed.append(line.strip())
            if len(confirmed) % 60 == 0:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
        process.stdout.close()
    counts = Counter(ids_in(path))
    assert set(confirmed) <= set(counts)
    assert max(counts.values()) == 1


def test_a_query_is_recorded_with_its_history(tmp_path: Path) -> None:
    submissions = Submissions(tmp_path, delay_minutes=60, app_version="1.2.3")
    assert submissions.add(submission(submitted_seconds_ago=100.0, is_early=True), snapshot_version="build")
    line = json.loads((tmp_path / FILE).read_text())
    assert {key: line[key] for key in ("query_id", "query_text", "target_id", "pseudonym", "found_by", "is_early")} == {
        "query_id": "00000000-0000-4000-8000-000000000001",
        "query_text": "words 1",
        "target_id": "7000000000000000001",
        "pseudonym": "amber-otter-12ab",
        "found_by": "history",
        "is_early": True,
    }
    # delivered 100 s late: the delay is that of the query, not of its arrival
    assert (line["delay_seconds"], line["required_delay_seconds"], line["watched_seconds"]) == (3900.0, 3600.0, 12.5)
    assert line["viewed_at"] < line["last_viewed_at"] < line["submitted_at"]
    assert (line["snapshot_version"], line["app_version"]) == ("build", "1.2.3")
    assert OWNER not in (tmp_path / FILE).read_text()


def test_only_the_author_sees_and_withdraws(tmp_path: Path) -> None:
    submissions = Submissions(tmp_path, delay_minutes=0, app_version="1")
    for number in (1, 2, 3):
        submissions.add(submission(number), snapshot_version="build")
    submissions.add(submission(4, owner_key=OTHER), snapshot_version="build")
    first = submission(1).query_id
    for query_id, owner in ((first, OTHER), (submission(9).query_id, OWNER)):
        with pytest.raises(NotYoursError):
            submissions.withdraw(query_id, owner)
    assert submissions.withdraw(first, OWNER) is True
    assert submissions.withdraw(first, OWNER) is False
    given = submissions.given(OWNER)
    assert [line.get("query_id") for line in given] == [submission(n).query_id for n in (1, 2, 3)] + [None]
    assert [line.get("query_text") for line in given] == [None, "words 2", "words 3", None]
    assert not any("owner" in line for line in given)
    assert submissions.withdraw_all(OWNER) == 2
    assert submissions.withdraw_all(OWNER) == 0
    assert [line.get("query_text") for line in submissions.given(OTHER)] == ["words 4"]


def test_a_withdrawn_query_leaves_its_id_and_time(tmp_path: Path) -> None:
    path = tmp_path / FILE
    submissions = Submissions(tmp_path, delay_minutes=0, app_version="1")
    first, second = submission(1), submission(2)
    # what a kill tore holds the words as well
    path.write_text(f'{{"query_id": "{first.query_id}", "query_text": "words 1 of a torn li\n')
    for one in (first, second):
        submissions.add(one, snapshot_version="build")
    whole = path.read_text()
    assert submissions.withdraw(first.query_id, OWNER)
    assert "words 1" in whole
    assert "words 1" not in path.read_text()
    lines = path.read_text().splitlines()
    assert lines[0] == ""
    tomb, kept, withdrawal = (json.loads(line) for line in lines[1:])
    assert tomb.keys() == {"query_id", "owner", "submitted_at", "app_version", "is_withdrawn"}
    assert (tomb["query_id"], withdrawal["withdrawn"]) == (first.query_id, first.query_id)
    assert kept == json.loads(whole.splitlines()[2])
    # sent once more, it does not come back
    with pytest.raises(IdTakenError):
        submissions.add(first, snapshot_version="build")
    # and where a kill came between the withdrawal and the words, the next start takes them out
    path.write_text(whole + lines[3] + "\n")
    restarted = Submissions(tmp_path, delay_minutes=0, app_version="1")
    assert restarted.take_out_withdrawn() == 2
    assert path.read_text().splitlines() == lines
    assert restarted.take_out_withdrawn() == 0


def test_withdrawing_and_giving_at_once_lose_nothing(tmp_path: Path) -> None:
    submissions = [Submissions(tmp_path, delay_minutes=0, app_version="1") for _ in range(2)]

    def give(share: int) -> None:
        for number in range(share, 120, 4):
            submissions[share % 2].add(submission(number), snapshot_version="build")
            if number % 3 == 0:
                submissions[1 - share % 2].withdraw(submission(number).query_id, OWNER)

    threads = [threading.Thread(target=give, args=(share,)) for share in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    texts = Counter((line["query_id"], line.get("query_text")) for line in lines if "query_id" in line)
    assert texts == {
        (submission(number).query_id, None if number % 3 == 0 else f"words {number}"): 1 for number in range(120)
    }
    assert sum("withdrawn" in line for line in lines) == 40
