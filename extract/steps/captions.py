"""Keep the platform's own captions where they lie beside or inside the videos: one line of captions.ndjson for each.

They are taken from {id}.vtt, {id}.{language}.vtt and the same with .srt and .json in videos/ (as yt-dlp's
--write-subs and our download name them), and from a subtitle track of {id}.mp4. Captions that a scraped batch carries
itself are read from there.
status ok: text is what the captions say; unreadable: there is no caption in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.captions import SUFFIXES, TRACKS, embedded_captions, read_captions
from extract.journal import OK, Journal, utc_now
from extract.media_checks import check_video
from extract.media_items import DoneItems, MediaItem, interrupts_held_off, sha256_of, video_items
from extract.steps.common import Outcome, StepOptions, StepResult, run_items

JOURNAL = "captions.ndjson"
ENGINE = "platform"

# What yt-dlp writes beside a video and is no captions
NO_LANGUAGES = (None, "info", "live_chat", "comments")

_NAME = re.compile(r"(?P<tiktok_id>[A-Za-z0-9-]+)(?:\.(?P<language>[A-Za-z0-9_-]+))?")


@dataclass(frozen=True)
class CaptionItem(MediaItem):
    """A file with captions and the language that its name tells."""

    language: str | None = None

    @property
    def settings(self) -> str:
        """What tells several captions of a clip apart in the journal."""
        source = "track" if self.path.suffix == ".mp4" else "file"
        return f"source={source} language={self.language or 'unknown'}"


def run(options: StepOptions) -> StepResult:
    """Read all captions that have not been read. Raises MissingToolError where a track needs ffmpeg."""
    items = caption_items(options.data)
    with Journal(options.data / JOURNAL) as journal:
        done = {settings: DoneItems(journal, ENGINE, settings) for settings in {item.settings for item in items}}
        return run_items(
            "captions",
            items,
            read_item,
            options,
            id_of=lambda item: item.tiktok_id,
            done=lambda item: item in done[item.settings],
            journal=journal,
        )


def caption_items(data: Path) -> list[CaptionItem]:
    """List what may hold captions, a clip's English ones last: the newest line of a journal is the one that counts."""
    items = [
        CaptionItem(item.tiktok_id, item.part, item.path) for item in video_items(data) if _has_caption_track(item.path)
    ]
    for path in (data / "videos").glob("*"):
        match = _NAME.fullmatch(path.stem)
        if match is None or (path.suffix == ".json" and match["language"] in NO_LANGUAGES):
            continue
        if path.suffix in SUFFIXES and path.is_file():
            items.append(CaptionItem(match["tiktok_id"], "video", path, match["language"]))
    return sorted(items, key=lambda item: (item.tiktok_id, (item.language or "").startswith("en"), item.path.name))


def _has_caption_track(path: Path) -> bool:
    try:
        return bool(TRACKS & set(check_video(path).tracks))
    except OSError:  # the audio step tells of it
        return False


def read_item(item: CaptionItem) -> Outcome:
    """Read one file's captions."""
    line: dict[str, Any] = {
        "tiktok_id": item.tiktok_id,
        "part": item.part,
        "status": OK,
        "text": None,
        "engine": ENGINE,
        "settings": item.settings,
        "started_at": utc_now(),
    }
    fault: str | None = None
    try:
        line["input_sha256"] = sha256_of(item.path)
        with interrupts_held_off():
            read = embedded_captions if item.path.suffix == ".mp4" else read_captions
            segments = read(item.path)
        line["text"] = " ".join(segment.text for segment in segments)
        line["extra"] = {"segments": [segment.as_json() for segment in segments]}
    except ValueError as error:
        fault = "corrupt"
        line.update(status="unreadable", reason=f"{item.path.name}: {error}")
    except OSError as error:
        fault = "file"
        line.update(status="failed", reason=f"{type(error).__name__}: {error}")
    if fault is not None:
        line["class"] = fault
    line["finished_at"] = utc_now()
    return Outcome(str(line["status"]), fault=fault, lines=[line])
