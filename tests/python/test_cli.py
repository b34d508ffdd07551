"""The one door: help that reads well, exit codes, the loop over items, progress, status and doctor."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fault_server import REPOSITORY, picture, run_cli, scraped, serve, serving, write_batch
from media_files import ffmpeg

from extract.journal import Journal
from extract.progress import Progress, describe_seconds
from extract.run import read_ids, run_in_order
from extract.steps import doctor
from extract.steps.common import (
    ExitCode,
    MissingToolError,
    Outcome,
    StepOptions,
    StepResult,
    UsageError,
    require_module,
    run_items,
)
from extract.steps.status import run as status

COMMANDS = ("scrape", "import", "download", "ocr", "audio", "speech", "all", "status", "doctor", "forget", "recheck")


def test_every_command_has_a_line_of_help() -> None:
    done = run_cli("--help", env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"│ {command} +[A-Z][^│]*\.", done.stdout), command


@pytest.mark.parametrize("arguments", [("nonsense",), ("download", "--nonsense"), ("download", "--limit", "0")])
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert run_cli(*arguments).returncode == 2


def test_ids_from_a_list_and_from_a_file(tmp_path: Path) -> None:
    assert read_ids(None) is None
    assert read_ids("1, 2,,3") == frozenset({"1", "2", "3"})
    (tmp_path / "ids.txt").write_text("1\tforbidden\n\n2\n")
    assert read_ids(f"@{tmp_path / 'ids.txt'}") == frozenset({"1", "2"})
    for wrong in (",", f"@{tmp_path / 'nowhere'}"):
        with pytest.raises(UsageError):
            read_ids(wrong)


def options(**more: Any) -> StepOptions:
    return StepOptions(Path("data"), **more)


def loop(work: Any, items: list[str], **more: Any) -> StepResult:
    done = more.pop("done", None)
    journal = more.pop("journal", None)
    return run_items("try", items, work, options(**more), id_of=str, done=done, journal=journal)


def test_the_loop_isolates_failures_and_counts(tmp_path: Path) -> None:
    def work(item: str) -> Outcome:
        if item == "3":
            raise ValueError("a bad file")
        if item == "4":
            return Outcome("failed", "truncated", lines=[{"tiktok_id": item, "status": "failed"}])
        return Outcome("no_audio", is_failure=False) if item == "5" else Outcome(lines=[{"tiktok_id": item}])

    journal = Journal(tmp_path / "try.ndjson")
    result = loop(work, list("12345"), done=lambda item: item == "1", journal=journal, jobs=2)
    assert (result.ok, result.skipped, result.failed, result.left) == (2, 1, 2, 0)
    assert result.faults == {"unexpected": 1, "truncated": 1}
    assert result.statuses == {"ok": 1, "failed": 2, "no_audio": 1}
    assert result.messages == ("3: ValueError: a bad file",)
    assert {line["tiktok_id"] for line in journal.read()} == {"2", "4"}


def test_ids_limit_force_and_dry_run() -> None:
    seen: list[str] = []

    def work(item: str) -> Outcome:
        seen.append(item)
        return Outcome()

    def done(item: str) -> bool:
        return item == "1"

    assert loop(work, list("1234"), done=done, dry_run=True).details == {"would_do": ["2", "3", "4"]}
    assert seen == []
    loop(work, list("1234"), done=done, limit=1)
    assert seen == ["2"]
    loop(work, list("1234"), done=done, ids=frozenset("14"), force=True)
    assert seen == ["2", "1", "4"]


def test_a_missing_tool_ends_the_step_with_the_line_that_installs_it() -> None:
    def work(item: str) -> Outcome:
        raise MissingToolError("tesseract", "apt-get install tesseract-ocr")

    with pytest.raises(MissingToolError, match="apt-get install tesseract-ocr") as error:
        loop(work, ["1", "2"])
    assert error.value.exit_code == ExitCode.MISSING_TOOL
    with pytest.raises(MissingToolError):
        require_module("no_such_module", "pip install it")


def test_an_outcome_can_stop_the_step() -> None:
    result = loop(lambda item: Outcome("failed", "disk_full", stop="the disk is full"), list("123"))
    assert (result.failed, result.left, result.stopped, result.interrupted) == (1, 2, "the disk is full", False)
    assert result.exit_code(strict=False) == ExitCode.FAILED


def test_no_more_items_are_in_hand_than_jobs() -> None:
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=20)
    counts = {"now": 0, "most": 0}

    def work(item: str) -> Outcome:
        with lock:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        both.wait()
        with lock:
            counts["now"] -= 1
        return Outcome()

    assert loop(work, list("123456"), jobs=2).ok == 6
    assert counts["most"] == 2


def test_exit_codes_of_results() -> None:
    assert StepResult("x", failed=1).exit_code(strict=False) == 0
    assert StepResult("x", failed=1).exit_code(strict=True) == 1
    assert StepResult("x", inputs_failed=1).exit_code(strict=True) == 1
    assert StepResult("x", failed=1, interrupted=True).exit_code(strict=True) == 130
    assert StepResult("x", exit=ExitCode.MISSING_TOOL).exit_code(strict=False) == 3


def test_steps_in_order_go_on_behind_one_that_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> StepResult:
        raise MissingToolError("tesseract", "apt-get install tesseract-ocr")

    def last() -> StepResult:
        raise AssertionError("behind a stop nothing runs")

    steps = [
        lambda: StepResult("download", failed=1),
        missing,
        lambda: StepResult("audio", stopped="the disk is full"),
        last,
    ]
    assert run_in_order(steps, as_json=True, strict=False) == ExitCode.MISSING_TOOL
    captured = capsys.readouterr()
    reports = json.loads(captured.out)["steps"]
    assert [report.get("step") or report["error"][:9] for report in reports] == ["download", "tesseract", "audio"]
    assert "apt-get install tesseract-ocr" in captured.err
    assert run_in_order([lambda: StepResult("x", failed=1)], as_json=True, strict=True) == ExitCode.FAILED
    assert run_in_order([lambda: StepResult("x", failed=1)], as_json=True, strict=False) == ExitCode.DONE
    assert run_in_order([lambda: StepResult("x", interrupted=True), last], as_json=True, strict=False) == 130


def test_all_steps_run_by_one_command(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    sources = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-f", "lavfi", "-i", "anullsrc=r=16000:d=1")
    subprocess.run([ffmpeg(), "-y", "-loglevel", "error", *sources, "-shortest", str(clip)], check=True)
    data = tmp_path / "data"
    with serving() as server:
        server.routes["/clip.mp4"] = serve(clip.read_bytes())
        server.routes["/cover.jpg"] = serve(picture())
        write_batch(data, [scraped("7000000000000000001", server.link("/clip.mp4"), server.link("/cover.jpg"))])
        done = run_cli("all", "--data", data, "--json", "--strict")
        assert done.returncode == 0, done.stdout + done.stderr
        again = run_cli("all", "--data", data, "--json")
    steps = json.loads(done.stdout)["steps"]
    assert [(step["step"], step["ok"], step["failed"]) for step in steps] == [
        ("download", 2, 0),
        ("ocr", 1, 0),
        ("audio", 1, 0),
        ("speech", 1, 0),
    ]
    assert [(step["ok"], step["skipped"]) for step in json.loads(again.stdout)["steps"]] == [(0, 2), *[(0, 1)] * 3]
    assert outcomes(status(StepOptions(data)), "complete") == {("yes", None): 1}


def test_all_of_nothing_says_so(tmp_path: Path) -> None:
    done = run_cli("all", "--data", tmp_path)
    assert done.returncode == 4
    assert "nothing to download" in done.stderr
    assert run_cli("all", "--data", tmp_path, "--ids", ",").returncode == 2


INTERRUPTED = """
import sys, time, typer
from pathlib import Path
from extract.run import finish
from extract.steps.common import Outcome, StepOptions, run_items

def work(item):
    print("begin", item, flush=True)
    time.sleep(float(sys.argv[1]))
    print("end", item, flush=True)
    return Outcome()

options = StepOptions(Path("data"))
try:
    finish(lambda: run_items("try", list("123"), work, options, id_of=str), as_json=False, strict=False)
except typer.Exit as end:
    raise SystemExit(end.exit_code)
"""


@pytest.mark.parametrize(("seconds", "signals", "ended"), [("1.5", 1, True), ("60", 2, False)])
def test_ctrl_c_once_finishes_the_item_in_hand_and_twice_stops_at_once(seconds: str, signals: int, ended: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, seconds],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begin 1\n"
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        threading.Event().wait(0.4)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert ("end 1" in output) == ended
    assert "begin 2" not in output


def test_progress_writes_a_line_now_and_then_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Progress("try", 4, stream=stream, line_seconds=0.0) as progress:
        progress.advance()
        progress.advance(failed=True)
        progress.tick()
    (line,) = stream.getvalue().splitlines()
    assert re.fullmatch(r"try: 2/4 done, 1 failed, [\d.]+/(s|min), \d+s left", line)
    quiet = io.StringIO()
    with Progress("try", 1, stream=quiet) as progress:
        progress.advance()
        progress.tick()
    assert quiet.getvalue() == ""


def test_progress_on_a_terminal_shows_a_bar_with_rate_time_left_and_failures() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with Progress("try", 2, stream=stream) as progress:
        progress.advance(failed=True)
    shown = stream.getvalue()
    for part in ("try", "1/2", "1 failed", "/s"):
        assert part in shown


def test_durations() -> None:
    assert [describe_seconds(value) for value in (7.6, 65, 7_380)] == ["8s", "1m05s", "2h03m"]


# --- Status and doctor --------------------------------------------------------------------------------------------


def outcomes(result: StepResult, stage: str) -> dict[tuple[str, str | None], int]:
    found: dict[tuple[str, str | None], int] = {}
    for row in result.details["funnel"]:
        if row["stage"] == stage:
            key = (row["outcome"], row["reason"])
            found[key] = found.get(key, 0) + row["tiktoks"]
    return found


def test_status_of_an_empty_raw_zone(tmp_path: Path) -> None:
    result = status(StepOptions(tmp_path))
    assert (result.details["tiktoks"], result.details["funnel"]) == (0, [])
    assert run_cli("status", "--data", tmp_path / "nowhere").returncode == 0


def test_status_shows_the_funnel_from_the_journals(tmp_path: Path) -> None:
    ids = [str(7_000_000_000_000_000_400 + number) for number in range(5)]
    photo = {**scraped(ids[4]), "slide-srcs": ["https://p.example/1.jpg"]}
    links = ["https://v.example/0", "https://v.example/1", "https://w.example/2?expire=1600000000", "blob:x"]
    write_batch(tmp_path, [*map(scraped, ids[:4], links), photo])
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / f"{ids[0]}.mp4").write_bytes(b"12345")
    journals: dict[str, list[dict[str, Any]]] = {
        "downloads.ndjson": [
            {"tiktok_id": ids[0], "part": "video", "status": "ok", "bytes": 5},
            {"tiktok_id": ids[0], "part": "video", "status": "failed", "class": "timeout"},
            {"tiktok_id": ids[1], "part": "video", "status": "failed", "class": "forbidden"},
        ],
        "ocr.ndjson": [
            {"tiktok_id": ids[0], "part": "cover", "status": "ok", "text": "words"},
            {"tiktok_id": ids[1], "part": "cover", "status": "ok", "text": ""},
            {"tiktok_id": ids[2], "part": "cover", "status": "unreadable", "class": "truncated"},
        ],
        "audio.ndjson": [{"tiktok_id": ids[0], "part": "video", "status": "no_audio_track"}],
        "speech.ndjson": [{"tiktok_id": ids[1], "part": "video", "status": "ok", "text": "hello"}],
    }
    for name, lines in journals.items():
        Journal(tmp_path / name).append_all(lines)
    with (tmp_path / "ocr.ndjson").open("ab") as file:
        file.write(b'{"torn')
    result = status(StepOptions(tmp_path))
    assert outcomes(result, "scrape") == {("ok", None): 5}
    assert outcomes(result, "download") == {("ok", None): 1, ("failed", "forbidden"): 1, ("absent", None): 3}
    assert outcomes(result, "cover") == {
        ("found", None): 1,
        ("nothing_found", None): 1,
        ("failed", "truncated"): 1,
        ("absent", None): 2,
    }
    assert outcomes(result, "speech") == {("nothing_to_transcribe", None): 2, ("found", None): 1, ("absent", None): 2}
    assert outcomes(result, "complete") == {("yes", None): 1, ("no", None): 4}
    assert result.details["links"]["expired"] == 1
    assert result.details["scrape_again"] == {ids[1]: "forbidden"}
    assert any("ocr.ndjson: 1 lines cannot be read" in message for message in result.messages)
    assert result.exit_code(strict=True) == 1


def test_status_reads_the_files_of_the_original(tmp_path: Path) -> None:
    ids = ["70001", "70002", "70003"]
    (tmp_path / "master.json").write_text(
        json.dumps({i: {**scraped(i, ""), "download-timestamp": 1.0 if i == "70001" else None} for i in ids})
    )
    (tmp_path / "ocr.json").write_text(json.dumps({"70001": "", "70002": "x", "70003": None}))
    (tmp_path / "speech_to_text.json").write_text(json.dumps({"70001": "said"}))
    result = status(StepOptions(tmp_path))
    assert outcomes(result, "download") == {("ok", None): 1, ("failed", "null download-timestamp"): 2}
    assert outcomes(result, "complete") == {("yes", None): 1, ("no", None): 2}


SHARED = Path(os.environ.get("TIKTOK_SHARED", REPOSITORY.parent / "shared"))


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_status_finds_the_original_projects_corpus() -> None:
    result = status(StepOptions(SHARED / "data" / "tiktok"))
    assert outcomes(result, "scrape") == {("ok", None): 3100}
    assert outcomes(result, "complete") == {("yes", None): 1462, ("no", None): 1638}


def test_doctor_names_what_is_missing_and_how_to_install_it(tmp_path: Path) -> None:
    here = doctor.Tool("here", "a step", lambda: "1.0", "install here")
    gone = doctor.Tool("gone", "a step", lambda: None, "install gone")
    extra = doctor.Tool("extra", "a step", lambda: None, "install extra", is_optional=True)
    result = doctor.run(StepOptions(tmp_path), (here, extra))
    assert result.exit_code(strict=False) == 0
    assert any(message.startswith("disk: ") for message in result.messages)
    result = doctor.run(StepOptions(tmp_path / "not there"), (here, gone, extra))
    assert result.exit_code(strict=False) == 3
    assert result.details["missing"] == {"gone": "install gone"}
    assert any("gone" in message and "install gone" in message for message in result.messages)


def test_the_door_of_the_doctor(tmp_path: Path) -> None:
    done = run_cli("doctor", "--data", tmp_path, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (3 if report["missing"] else 0)
    assert report["tools"]["duckdb"]
    assert report["disk_free_bytes"] > 0
