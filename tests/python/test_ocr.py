"""Reading covers: what is found, in which order, and what becomes of images that are none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import media_files as media
import pytest
from PIL import Image

from extract.journal import Journal
from extract.media_checks import load_image
from extract.ocr_engines import (
    OcrEngine,
    ReadingError,
    TextLine,
    Word,
    in_reading_order,
    is_wordlike,
    open_ocr_engine,
    rows_of,
    scaled_for_reading,
    text_line,
    united,
    without_specks,
)
from extract.steps import ocr
from extract.steps.common import ExitCode, MissingToolError, StepOptions, UsageError

needs_tesseract = media.needs_tesseract


@pytest.fixture(params=["pytesseract", "rapidocr"])
def engine(request: pytest.FixtureRequest) -> Iterator[OcrEngine]:
    if request.param == "pytesseract" and shutil.which("tesseract") is None:
        pytest.skip("needs tesseract")
    if request.param == "rapidocr":
        pytest.importorskip("rapidocr")
    with open_ocr_engine(request.param) as opened:
        yield opened


def lines_by_key(data: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(line["tiktok_id"], line["part"]): line for line in media.journal_lines(data / "ocr.ndjson")}


def word(text: str, left: int, top: int, *, width: int = 40, height: int = 20, confidence: float = 95) -> Word:
    return Word(text, confidence, left, top, width, height)


# What is read


def test_both_engines_read_a_caption_over_a_photo(engine: OcrEngine) -> None:
    image = media.caption(media.photo(), "Five easy dinners\nfor busy students")

    lines = engine.read(image)

    assert media.words(ocr.text_of(lines)) == media.words("Five easy dinners for busy students")
    assert [line.text.split()[0] for line in lines] == ["Five", "for"]
    for line in lines:
        for read in line.words:
            assert 60 <= read.confidence <= 100
            assert 20 <= read.left < read.right <= image.width
            assert 110 <= read.top < read.bottom <= 220


@pytest.mark.parametrize(
    "image",
    [media.photo(seed=1), media.photo(seed=2), media.noise((100, 160)), media.gradient()],
    ids=["1", "2", "noise", "sweep"],
)
def test_an_image_without_text_gives_at_most_one_stray_token(engine: OcrEngine, image: Image.Image) -> None:
    assert media.words(ocr.text_of(engine.read(image))).total() <= 1


def test_a_plain_surface_gives_no_text(engine: OcrEngine) -> None:
    assert engine.read(Image.new("RGB", (405, 720), "white")) == []
    assert engine.read(Image.new("RGB", (1, 1), "black")) == []


@needs_tesseract
def test_coloured_letters_are_read_where_the_masks_see_nothing() -> None:
    image = Image.new("RGB", (405, 720), "#f2d13c")
    media.caption(image, "Recipe of the week", fill="#7a1020", stroke=None)

    with open_ocr_engine("pytesseract") as engine:
        text = ocr.text_of(engine.read(image))

    assert media.words(text) == media.words("Recipe of the week")


def test_two_captions_side_by_side_are_not_read_across(engine: OcrEngine) -> None:
    image = media.photo(size=(1080, 900))
    media.caption(image, "first thing\nwe saw there", left=60, top=200, size=44)
    media.caption(image, "second story\nthey told us", left=640, top=212, size=44)

    text = ocr.text_of(engine.read(image)).lower().split()

    assert text[:5] == ["first", "thing", "we", "saw", "there"]
    assert text[5:7] == ["second", "story"]


@needs_tesseract
def test_one_thread_for_each_tesseract_and_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "7")
    with open_ocr_engine("pytesseract"):
        assert os.environ["OMP_THREAD_LIMIT"] == "1"
    assert os.environ["OMP_THREAD_LIMIT"] == "7"


# Rules


def test_narrow_images_grow_to_the_reading_width_and_long_ones_stay_bounded() -> None:
    assert scaled_for_reading(Image.new("RGB", (405, 720))).size == (1080, 1920)
    assert scaled_for_reading(Image.new("RGB", (1440, 1280))).size == (1440, 1280)
    assert scaled_for_reading(Image.new("RGB", (10, 10))).size == (40, 40)
    width, height = scaled_for_reading(Image.new("RGB", (400, 30_000))).size
    assert width * height <= 7_100_000


def test_words_are_gathered_into_rows_and_a_wide_gap_parts_them() -> None:
    rows = rows_of([word("b", 60, 2), word("far", 300, 1), word("a", 10, 0), word("below", 10, 40)])
    assert [[each.text for each in row] for row in rows] == [["a", "b"], ["below"], ["far"]]


def test_reading_order_goes_block_by_block() -> None:
    def line(text: str, left: int, top: int) -> TextLine:
        return text_line([word(text, left, top, width=200)])

    lines = [line("right 2", 400, 33), line("left 1", 0, 0), line("right 1", 400, 3), line("left 2", 0, 30)]
    lines.append(line("bottom", 0, 600))
    assert [each.text for each in in_reading_order(lines)] == ["left 1", "left 2", "right 1", "right 2", "bottom"]


def test_a_second_look_adds_what_lies_elsewhere_and_replaces_what_is_less_sure() -> None:
    first = [word("wnat", 0, 0, confidence=61), word("kept", 100, 0, confidence=96)]
    second = [word("what", 1, 1, confidence=90), word("kapt", 101, 0, confidence=80), word("new", 200, 0)]
    assert [each.text for each in united(first, second)] == ["what", "kept", "new"]


def test_specks_are_dropped_and_a_bar_between_words_is_an_i() -> None:
    assert [each.text for each in without_specks([word("|", 0, 0), word("know", 50, 0)])] == ["I", "know"]
    assert without_specks([word("|", 0, 0)]) == []
    assert without_specks([word("a", 0, 0), word("4", 50, 0)]) == []
    assert without_specks([word("fi", 0, 0, confidence=74)]) == []
    assert [each.text for each in without_specks([word("end", 0, 0, confidence=96)])] == ["end"]
    assert [each.text for each in without_specks([word("本", 0, 0)])] == ["本"]


def test_wordlike_tokens() -> None:
    assert all(is_wordlike(text) for text in ("I", "a", "3", "@name", "|", "don't", "本"))
    assert not any(is_wordlike(text) for text in ("", "—", "=:", "x", "~~"))


# The step


@pytest.fixture
def faulty_covers(tmp_path: Path) -> Path:
    """Make a raw zone with one good cover, a slide, one without text, and every broken kind."""
    good = media.caption(media.photo(), "Wait for the plot twist")
    media.save_cover(tmp_path, "101", good)
    media.save_cover(tmp_path, "101_2", media.caption(media.photo(seed=9), "Second slide here"))
    media.save_cover(tmp_path, "102", media.gradient())
    folder = tmp_path / "coverphotos"
    media.cut(media.save_cover(tmp_path, "103", good), 0.5)
    good.convert("CMYK").save(folder / "104.jpg", "JPEG")
    good.save(folder / "105.jpg", "WEBP")
    (folder / "106.jpg").write_text("/etc/hostname\n/etc/passwd\n")
    Image.new("L", (8000, 8000), 90).save(folder / "107.jpg", "JPEG")
    (folder / "108.jpg").write_bytes(b"")
    (folder / "109.jpg").write_text("<!DOCTYPE html><html><body>Access denied</body></html>")
    (folder / "110.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4)
    (folder / "111.jpg.part").write_bytes(b"half")
    return tmp_path


@needs_tesseract
def test_every_kind_of_cover_ends_in_its_class(faulty_covers: Path) -> None:
    result = ocr.run(StepOptions(faulty_covers, jobs=2))

    lines = lines_by_key(faulty_covers)
    wanted = media.words("Wait for the plot twist")
    for key in (("101", "cover"), ("104", "cover"), ("105", "cover")):
        assert lines[key]["status"] == "ok"
        assert media.words(lines[key]["text"]) == wanted
    assert media.words(lines["101", "slide_2"]["text"]) == media.words("Second slide here")
    assert (lines["102", "cover"]["status"], lines["102", "cover"]["text"]) == ("ok", "")
    faults = {key[0]: line.get("class") for key, line in lines.items() if line["status"] == "unreadable"}
    assert faults == {
        "103": "truncated",
        "106": "not_media",
        "107": "too_large",
        "108": "empty",
        "109": "not_media",
        "110": "corrupt",
    }
    assert all(line["text"] is None and line["reason"] for line in lines.values() if line["status"] != "ok")
    assert (result.ok, result.failed, len(lines)) == (5, 6, 11)
    assert result.exit_code(strict=False) == ExitCode.DONE
    assert result.exit_code(strict=True) == ExitCode.FAILED


@needs_tesseract
def test_a_line_says_what_was_read_by_what_from_what(tmp_path: Path) -> None:
    path = media.save_cover(tmp_path, "201", media.caption(media.photo(), "plot twist"))
    ocr.run(StepOptions(tmp_path))

    line = media.journal_lines(tmp_path / "ocr.ndjson")[0]
    assert line["engine"] == "pytesseract"
    assert line["engine_version"] and line["settings"] and len(line["input_sha256"]) == 64
    assert line["started_at"] <= line["finished_at"]
    image = load_image(path)
    assert (line["extra"]["width"], line["extra"]["height"]) == image.size
    [row] = line["extra"]["lines"]
    assert [each["text"] for each in row] == ["plot", "twist"]
    assert all(len(each["box"]) == 4 and each["confidence"] >= 60 for each in row)


class CountingEngine:
    """An engine that says how often it was asked, and fails when told to."""

    name = "counting"
    version = "1"
    settings = "none"

    def __init__(self) -> None:
        """Begin with no reads and no fault."""
        self.reads = 0
        self.fault: Callable[[], Exception] | None = None

    def read(self, image: Image.Image) -> list[TextLine]:
        """Count and answer with one word."""
        self.reads += 1
        if self.fault is not None:
            raise self.fault()
        return [text_line([word("read", 0, 0)])]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingEngine:
    engine = CountingEngine()

    class Opened:
        def __enter__(self) -> CountingEngine:
            return engine

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(ocr, "open_ocr_engine", lambda name, language: Opened())
    return engine


def test_what_is_done_is_not_read_again_unless_the_file_changes_or_force(
    tmp_path: Path, counting: CountingEngine
) -> None:
    media.save_cover(tmp_path, "1", media.gradient())
    assert ocr.run(StepOptions(tmp_path)).ok == 1
    assert ocr.run(StepOptions(tmp_path)).skipped == 1
    assert counting.reads == 1

    media.save_cover(tmp_path, "1", media.noise())
    assert ocr.run(StepOptions(tmp_path)).ok == 1
    assert ocr.run(StepOptions(tmp_path, force=True)).ok == 1
    assert counting.reads == 3

    counting.settings = "others"
    assert ocr.run(StepOptions(tmp_path)).ok == 1
    assert len(media.journal_lines(tmp_path / "ocr.ndjson")) == 4


def test_an_unchanged_older_file_is_not_even_hashed(
    tmp_path: Path, counting: CountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = media.save_cover(tmp_path, "1", media.gradient())
    os.utime(path, (1_600_000_000, 1_600_000_000))
    ocr.run(StepOptions(tmp_path))

    def refuse(path: Path) -> str:
        raise AssertionError("hashed")

    monkeypatch.setattr("extract.media_items.sha256_of", refuse)
    assert ocr.run(StepOptions(tmp_path)).skipped == 1


def test_an_engine_that_fails_on_an_image_fails_only_its_row_and_is_tried_again(
    tmp_path: Path, counting: CountingEngine
) -> None:
    media.save_cover(tmp_path, "1", media.gradient())
    counting.fault = lambda: ReadingError("timeout", "too slow")
    assert ocr.run(StepOptions(tmp_path)).failed == 1
    counting.fault = None
    assert ocr.run(StepOptions(tmp_path)).ok == 1
    first, second = media.journal_lines(tmp_path / "ocr.ndjson")
    assert (first["status"], first["class"], first["text"]) == ("failed", "timeout", None)
    assert (second["status"], second["text"]) == ("ok", "read")


def test_ids_limit_and_dry_run(tmp_path: Path, counting: CountingEngine) -> None:
    for name in ("1", "1_1", "2", "3"):
        media.save_cover(tmp_path, name, media.gradient(size=(40, 60)))
    planned = ocr.run(StepOptions(tmp_path, ids=frozenset({"1"}), dry_run=True))
    assert planned.details["would_do"] == ["1", "1 slide_1"]
    assert not (tmp_path / "ocr.ndjson").exists()
    assert ocr.run(StepOptions(tmp_path, limit=3)).ok == 3
    assert ocr.run(StepOptions(tmp_path)).ok == 1


def test_no_covers_is_no_fault(tmp_path: Path, counting: CountingEngine) -> None:
    assert ocr.run(StepOptions(tmp_path)).ok == 0


# What is missing


def test_a_missing_program_stops_the_step_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media.save_cover(tmp_path, "1", media.gradient(size=(40, 60)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="apt-get install tesseract-ocr") as caught:
        ocr.run(StepOptions(tmp_path))
    assert caught.value.exit_code == ExitCode.MISSING_TOOL
    assert not (tmp_path / "ocr.ndjson").exists()


@pytest.mark.parametrize("package", ["pytesseract", "rapidocr"])
def test_a_missing_package_stops_the_step(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(MissingToolError, match="pip install"):
        ocr.run(StepOptions(tmp_path), engine=package)


@needs_tesseract
def test_a_language_that_is_not_installed_is_a_missing_tool(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="tesseract-ocr-xyz"):
        ocr.run(StepOptions(tmp_path), language="eng+xyz")


def test_an_unknown_engine_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pytesseract, rapidocr"):
        ocr.run(StepOptions(tmp_path), engine="magic")


# The real covers


@pytest.mark.parametrize(
    ("name", "least_recall", "least_precision"), [("pytesseract", 0.80, 0.75), ("rapidocr", 0.92, 0.90)]
)
def test_hand_read_covers(name: str, least_recall: float, least_precision: float) -> None:
    folder = media.shared_data() / "tiktok"
    if name == "pytesseract" and shutil.which("tesseract") is None:
        pytest.skip("needs tesseract")
    truth: dict[str, str] = media.read_json(folder / "coverphotos_truth.json")
    with open_ocr_engine(name) as engine:
        found = {key: ocr.text_of(engine.read(load_image(folder / "coverphotos" / f"{key}.jpg"))) for key in truth}

    recall, precision = media.recall_and_precision([(found[key], truth[key]) for key in truth])
    print(f"{name}: word recall {recall:.3f}, precision {precision:.3f}")
    assert recall >= least_recall
    assert precision >= least_precision
    assert all(media.words(found[key]).total() <= 1 for key in truth if truth[key] == "")


def test_the_journal_of_a_step_is_readable_by_the_house(tmp_path: Path, counting: CountingEngine) -> None:
    media.save_cover(tmp_path, "1", media.gradient(size=(40, 60)))
    ocr.run(StepOptions(tmp_path))
    [(key, line)] = Journal(tmp_path / "ocr.ndjson").latest().items()
    assert key == ("1", "cover", "counting", "none")
    assert line["text"] == "read"


@needs_tesseract
def test_ctrl_c_finishes_the_covers_in_hand(tmp_path: Path) -> None:
    for number in range(12):
        media.save_cover(tmp_path, str(number), media.caption(media.photo(seed=number), "Wait for it"))
    process = subprocess.Popen(
        [sys.executable, "extract/run.py", "ocr", "--data", str(tmp_path), "--jobs", "1"],
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    journal = tmp_path / "ocr.ndjson"
    try:
        deadline = time.monotonic() + 90
        while not (journal.exists() and journal.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
        # as a terminal does: to every process in the foreground, Tesseract too
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=90)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == ExitCode.INTERRUPTED
    lines = media.journal_lines(journal)
    assert 1 <= len(lines) < 12
    assert {line["status"] for line in lines} == {"ok"}
