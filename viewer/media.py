"""Find the media of a TikTok in the raw zone: by its id alone, so that no path leads anywhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ID = re.compile(r"[0-9]{1,25}")
SLIDE = re.compile(r"[0-9]{1,25}_([0-9]{1,3})")
_SUBTITLES = re.compile(r"[0-9]{1,25}(?:\.([A-Za-z0-9_-]{1,20}))?")
_TIMING = re.compile(
    r"^\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})", re.MULTILINE
)
_TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")
SUBTITLE_BYTES = 1_000_000


@dataclass(frozen=True)
class Media:
    """What there is to show of one TikTok."""

    video: Path | None
    cover: Path | None
    slides: tuple[Path, ...]
    captions: Path | None


class MediaFolder:
    """The media of a raw zone."""

    def __init__(self, data: Path) -> None:
        """Take the raw zone; its folders may be missing."""
        self.videos = data / "videos"
        self.covers = data / "coverphotos"

    def video(self, tiktok_id: str) -> Path | None:
        """Return the clip."""
        return _file(self.videos, tiktok_id, ".mp4")

    def cover(self, tiktok_id: str) -> Path | None:
        """Return the cover; of a photo post without one the first slide."""
        return _file(self.covers, tiktok_id, ".jpg") or next(iter(self.slides(tiktok_id)), None)

    def slide(self, tiktok_id: str, number: int) -> Path | None:
        """Return one slide of a photo post; the first has the number 1."""
        return _file(self.covers, tiktok_id, f"_{number}.jpg")

    def slides(self, tiktok_id: str) -> tuple[Path, ...]:
        """Return the slides in order."""
        if not ID.fullmatch(tiktok_id) or not self.covers.is_dir():
            return ()
        numbered = [
            (int(match[1]), path)
            for path in self.covers.glob(f"{tiktok_id}_*.jpg")
            if (match := SLIDE.fullmatch(path.stem)) and path.is_file()
        ]
        return tuple(path for _, path in sorted(numbered))

    def captions(self, tiktok_id: str) -> Path | None:
        """Return the subtitle file beside the clip, the English one where there are several."""
        if not ID.fullmatch(tiktok_id) or not self.videos.is_dir():
            return None
        found = [
            ((match[1] or "en").startswith("en"), path.suffix == ".vtt", path.name, path)
            for path in self.videos.glob(f"{tiktok_id}.*")
            if path.suffix in (".vtt", ".srt") and (match := _SUBTITLES.fullmatch(path.stem)) and path.is_file()
        ]
        return max(found)[-1] if found else None

    def of(self, tiktok_id: str, *, is_photo: bool) -> Media:
        """Return all there is of one TikTok."""
        return Media(
            video=None if is_photo else self.video(tiktok_id),
            cover=self.cover(tiktok_id),
            slides=self.slides(tiktok_id) if is_photo else (),
            captions=None if is_photo else self.captions(tiktok_id),
        )


def _file(folder: Path, tiktok_id: str, ending: str) -> Path | None:
    path = folder / f"{tiktok_id}{ending}"
    return path if ID.fullmatch(tiktok_id) and path.is_file() else None


def web_vtt(path: Path) -> str:
    """Return a subtitle file as WebVTT of plain cues: times and words, nothing else of what is in the file."""
    text = path.read_bytes()[:SUBTITLE_BYTES].decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return "\n\n".join(["WEBVTT", *_cues(text)]) + "\n"


def _cues(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        timing = _TIMING.search(block)
        if timing is None:
            continue
        words = html.unescape(_TAG.sub("", block[timing.end() :].partition("\n")[2])).strip()
        if words:
            escaped = html.escape(words, quote=False)
            yield f"{_stamp(timing.groups()[:4])} --> {_stamp(timing.groups()[4:])}\n{escaped}"


def _stamp(parts: tuple[str | None, ...]) -> str:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
