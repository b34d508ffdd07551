"""The platform's own captions: beside the videos, inside them, and kept apart from what a recogniser hears."""

from __future__ import annotations

from pathlib import Path

import media_files as media
import pytest

from extract.captions import parse_captions
from extract.steps import captions
from extract.steps.common import StepOptions

VTT = """WEBVTT
Kind: captions

NOTE a remark
with two rows

1
00:00:01.500 --> 00:00:03.000 align:start
<c.white>Fish &amp; chips</c>

00:03.000 --> 00:04.250
please,
<b>twice</b>
"""

SRT = "1\r\n00:00:00,000 --> 00:00:02,000\r\nBuenos días\r\n\r\n2\r\n01:00:02,000 --> 01:00:03,000\r\namigos\r\n"


def test_web_vtt() -> None:
    first, second = parse_captions(VTT)
    assert (first.begin, first.end, first.text) == (1.5, 3.0, "Fish & chips")
    assert (second.begin, second.end, second.text) == (3.0, 4.25, "please, twice")


def test_sub_rip() -> None:
    first, second = parse_captions(SRT)
    assert (first.text, second.text, second.begin) == ("Buenos días", "amigos", 3602.0)


def test_rolling_captions_are_not_said_twice() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nso I went\n\n00:02.000 --> 00:03.000\nso I went\nto the shop\n\n"
        "00:03.000 --> 00:04.000\nto the shop\nand back\n"
    )
    assert [segment.text for segment in parse_captions(text)] == ["so I went", "to the shop", "and back"]


def test_a_text_without_a_cue_is_none() -> None:
    for text in ("", "WEBVTT\n", "<!DOCTYPE html><html></html>"):
        with pytest.raises(ValueError, match="no cue"):
            parse_captions(text)


def test_files_beside_the_videos_are_kept_once_and_the_english_ones_count(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "1.eng-US.vtt").write_text(VTT, encoding="utf-8")
    (videos / "1.spa-ES.srt").write_text(SRT, encoding="utf-8")
    (videos / "2.vtt").write_text("<html>expired</html>")
    (videos / "3.vtt.part").write_text(VTT)
    result = captions.run(StepOptions(tmp_path))
    assert (result.ok, result.failed) == (2, 1)
    lines = media.journal_lines(tmp_path / "captions.ndjson")
    assert [(line["tiktok_id"], line["status"], line["text"]) for line in lines] == [
        ("1", "ok", "Buenos días amigos"),
        ("1", "ok", "Fish & chips please, twice"),
        ("2", "unreadable", None),
    ]
    assert lines[1]["settings"] == "source=file language=eng-US"
    assert lines[1]["extra"]["segments"][0] == {"start": 1.5, "end": 3.0, "text": "Fish & chips"}
    assert captions.run(StepOptions(tmp_path)).skipped == 2


@media.needs_ffmpeg
def test_a_subtitle_track_of_a_clip_is_read(tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text(SRT.split("\r\n\r\n")[0], encoding="utf-8")
    plain = media.make_clip(tmp_path / "plain.mp4", sound=None)
    (tmp_path / "videos").mkdir()
    media.run_quietly(
        *(media.ffmpeg(), "-v", "error", "-i", plain, "-i", tmp_path / "words.srt"),
        *("-c:v", "copy", "-c:s", "mov_text", tmp_path / "videos" / "7.mp4"),
    )
    media.make_clip(tmp_path / "videos" / "8.mp4", sound=None)
    assert captions.run(StepOptions(tmp_path)).ok == 1
    [line] = media.journal_lines(tmp_path / "captions.ndjson")
    assert (line["tiktok_id"], line["text"], line["settings"]) == ("7", "Buenos días", "source=track language=unknown")
