"""Read subtitle files (WebVTT, SubRip) and the subtitle track of an MP4 into timed segments."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

from extract.sound import find_ffmpeg
from extract.speech_engines import Segment

SUFFIXES = (".vtt", ".srt")
# The handlers of an MP4's subtitle tracks
TRACKS = frozenset({"sbtl", "subt", "text", "clcp"})
READ_SECONDS = 60

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")


def read_captions(path: Path) -> list[Segment]:
    """Return the cues of a subtitle file in order. Raises ValueError if it has none, OSError."""
    return parse_captions(path.read_bytes().decode("utf-8-sig", "replace"))


def embedded_captions(path: Path) -> list[Segment]:
    """Return the cues of the first subtitle track of a clip. Raises ValueError, MissingToolError."""
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-i", f"file:{path}"]
    command += ["-map", "0:s:0", "-f", "srt", "pipe:1"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=READ_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"ffmpeg was not done after {READ_SECONDS} s") from error
    return parse_captions(done.stdout.decode("utf-8", "replace"))


def parse_captions(text: str) -> list[Segment]:
    """Return the cues of a WebVTT or SubRip text; what an earlier cue showed already is not said again.

    Raises ValueError if there is no cue.
    """
    segments: list[Segment] = []
    cues = 0
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        rows = block.strip("\n").split("\n")
        timing = next(((index, match) for index, row in enumerate(rows) if (match := _TIMING.match(row))), None)
        if timing is None:
            continue
        cues += 1
        index, match = timing
        begin, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        shown = [" ".join(html.unescape(_TAG.sub("", row)).split()) for row in rows[index + 1 :]]
        # Rolling captions show the last row of the cue before once more
        before = segments[-1].text if segments else ""
        new = [row for row in shown if row]
        if new and before and (before == new[0] or before.endswith(" " + new[0])):
            new = new[1:]
        if new:
            segments.append(Segment(begin, end, " ".join(new)))
    if not cues:
        raise ValueError("no cue in it")
    return segments


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
