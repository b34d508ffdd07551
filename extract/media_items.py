"""The media files of the raw zone as items of a step, and whether a journal says that they are done.

A file that changed after its line was written (downloaded again) is not done: its SHA-256 decides, looked at only when
the file is younger than the line, so that a re-run over thousands of done files reads none of them.
"""

from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from extract.journal import OK, Journal, Key, Line

# {id}.jpg is the cover, {id}_{n}.jpg the n-th slide of a photo post
_STEM = re.compile(r"(?P<tiktok_id>[A-Za-z0-9-]+)(?:_(?P<slide>\d+))?")

# File systems keep times more coarsely than journals do
_CLOCK_SLACK_SECONDS = 2.0


@dataclass(frozen=True)
class MediaItem:
    """One media file: whose it is, which part of the TikTok (video, cover, slide_n), and where it lies."""

    tiktok_id: str
    part: str
    path: Path

    @property
    def label(self) -> str:
        """How a person calls the item."""
        return self.tiktok_id if self.part in ("video", "cover") else f"{self.tiktok_id} {self.part}"


def cover_items(data: Path) -> list[MediaItem]:
    """List the covers and slides of the raw zone, by TikTok, the cover first."""
    found: list[tuple[str, int, MediaItem]] = []
    for path in (data / "coverphotos").glob("*.jpg"):
        match = _STEM.fullmatch(path.stem)
        if match is None or not path.is_file():
            continue
        slide = match["slide"]
        part = "cover" if slide is None else f"slide_{int(slide)}"
        found.append(
            (match["tiktok_id"], -1 if slide is None else int(slide), MediaItem(match["tiktok_id"], part, path))
        )
    return [item for _, _, item in sorted(found, key=lambda entry: entry[:2])]


def video_items(data: Path) -> list[MediaItem]:
    """List the videos of the raw zone, by TikTok."""
    return _plain_items(data / "videos", "*.mp4")


def audio_items(data: Path) -> list[MediaItem]:
    """List the audio files of the raw zone, by TikTok; their part is the video that they come from."""
    return _plain_items(data / "audios", "*.wav")


def _plain_items(folder: Path, pattern: str) -> list[MediaItem]:
    return [MediaItem(path.stem, "video", path) for path in sorted(folder.glob(pattern)) if path.is_file()]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DoneItems:
    """What a journal says is done for one engine and its settings, looked up by item."""

    def __init__(
        self,
        journal: Journal,
        engine: str,
        settings: str,
        settled: Collection[str] = (OK,),
        holds: Callable[[Line], bool] = lambda line: True,
    ) -> None:
        """Read the journal once.

        `settled` are the outcomes that need no second look at the same file; `holds` says whether what a line tells of
        is still there.
        """
        self._engine = engine
        self._settings = settings
        self._settled = frozenset(settled)
        self._holds = holds
        self._lines: Mapping[Key, dict[str, Any]] = journal.latest(settled=self._settled, holds=holds)

    def line_of(self, item: MediaItem) -> dict[str, Any] | None:
        """Return the line that counts for an item, if it is settled and was written for the file as it is now."""
        line = self._lines.get(Key(item.tiktok_id, item.part, self._engine, self._settings))
        if line is None or line.get("status") not in self._settled or not self._holds(line):
            return None
        return line if _describes(line, item.path) else None

    def __contains__(self, item: object) -> bool:
        """Whether nothing is left to do for this item."""
        return isinstance(item, MediaItem) and self.line_of(item) is not None


def _describes(line: Line, path: Path) -> bool:
    """Whether the file is the one that the line was written for."""
    written = line.get("started_at")
    try:
        if isinstance(written, str):
            age = datetime.fromisoformat(written).timestamp() - path.stat().st_mtime
            if age > _CLOCK_SLACK_SECONDS:
                return True
        return line.get("input_sha256") == sha256_of(path)
    except (OSError, ValueError):
        return False


@contextmanager
def interrupts_held_off() -> Iterator[None]:
    """Hold off Ctrl-C from this thread and the programs that it starts meanwhile.

    A terminal sends Ctrl-C to every process in the foreground: without this, the item in hand would lose its program
    and be written down as failed, while the step itself waits for it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
