"""Read the text of covers and of photo posts' slides: one line of ocr.ndjson for each image and attempt.

status ok: text is what was read, '' where there is none. unreadable: the file is no whole image (class says why) and
text is null, like failed: the engine gave up on this image.
"""

from __future__ import annotations

from typing import Any

from extract.journal import OK, Journal, utc_now
from extract.media_checks import MediaError, load_image
from extract.media_items import DoneItems, MediaItem, cover_items, interrupts_held_off, sha256_of
from extract.ocr_engines import OcrEngine, ReadingError, TextLine, open_ocr_engine
from extract.steps.common import Outcome, StepOptions, StepResult, run_items

JOURNAL = "ocr.ndjson"


def run(options: StepOptions, *, engine: str = "pytesseract", language: str | None = None) -> StepResult:
    """Read every cover and slide that this engine has not read yet with these settings.

    Raises MissingToolError where the engine is not installed, UsageError for an unknown engine.
    """
    items = cover_items(options.data)
    with open_ocr_engine(engine, language) as reader, Journal(options.data / JOURNAL) as journal:
        done = DoneItems(journal, reader.name, reader.settings)
        return run_items(
            "ocr",
            items,
            lambda item: read_item(item, reader),
            options,
            id_of=lambda item: item.tiktok_id,
            done=done.__contains__,
            journal=journal,
            label=lambda item: item.label,
        )


def read_item(item: MediaItem, engine: OcrEngine) -> Outcome:
    """Read one image; whatever is wrong with it becomes a line with a reason."""
    line: dict[str, Any] = {
        "tiktok_id": item.tiktok_id,
        "part": item.part,
        "status": OK,
        "text": None,
        "engine": engine.name,
        "engine_version": engine.version,
        "settings": engine.settings,
        "started_at": utc_now(),
    }
    fault: str | None = None
    try:
        line["input_sha256"] = sha256_of(item.path)
        with interrupts_held_off(), load_image(item.path) as image:
            lines = engine.read(image)
        line["text"] = text_of(lines)
        line["extra"] = {
            "width": image.width,
            "height": image.height,
            "lines": [[word.as_json() for word in text_line.words] for text_line in lines],
        }
    except MediaError as error:
        fault = error.check.fault or "corrupt"
        line.update(status="unreadable", reason=error.check.reason)
    except ReadingError as error:
        fault = error.fault
        line.update(status="failed", reason=str(error))
    except OSError as error:
        fault = "file"
        line.update(status="failed", reason=f"{type(error).__name__}: {error}")
    if fault is not None:
        line["class"] = fault
    line["finished_at"] = utc_now()
    return Outcome(str(line["status"]), fault=fault, lines=[line])


def text_of(lines: list[TextLine]) -> str:
    """Return the text of an image, a line for each line; '' where nothing was read."""
    return "\n".join(line.text for line in lines)
