"""Read subtitle files (WebVTT, SubRip, JSON) and the subtitle track of an MP4 into timed segments."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

from extract.media_checks import MediaCheck, sniff
from extract.sound import find_ffmpeg
from extract.speech_engines import Segment

SUFFIXES = (".vtt", ".srt", ".json")
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
    """Return the cues of a WebVTT, SubRip or JSON text; what an earlier cue showed already is not said again.

    Nothing may be said in WebVTT or JSON. Raises ValueError for a text that is none of the three.
    """
    if text.lstrip()[:1] in ("{", "["):
        return _json_captions(text)
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
    if not cues and not text.startswith("WEBVTT"):
        raise ValueError("no cue in it")
    return segments


def _json_captions(text: str) -> list[Segment]:
    """Return the cues of captions in JSON: {utterances} or {events} (in ms), or a list of {start, end, text}."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"broken JSON: {error}") from error
    try:
        if isinstance(value, list):
            cues = [(cue["start"], cue["end"], cue["text"]) for cue in value]
        elif "utterances" in value:
            cues = [(cue["start_time"] / 1000, cue["end_time"] / 1000, cue["text"]) for cue in value["utterances"]]
        else:
            cues = [
                (
                    cue["tStartMs"] / 1000,
                    (cue["tStartMs"] + cue.get("dDurationMs", 0)) / 1000,
                    "".join(part["utf8"] for part in cue["segs"]),
                )
                for cue in value["events"]
                if "segs" in cue
            ]
        segments = [Segment(float(begin), float(end), " ".join(words.split())) for begin, end, words in cues]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("JSON, but no captions") from error
    return [segment for segment in segments if segment.text]


def check_captions(path: Path) -> MediaCheck:
    """Say whether a file holds captions."""
    content = path.read_bytes()
    if not content.strip():
        return MediaCheck(None, "empty", "the file is empty")
    kind = sniff(content[:512])
    try:
        parse_captions(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return MediaCheck(kind, "not_media", f"no captions but {kind or 'something unknown'}")
    except ValueError as error:
        is_cut = str(error).startswith("broken JSON")
        return MediaCheck(kind, "truncated" if is_cut else "not_media", f"no captions: {error}")
    return MediaCheck("captions")


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
