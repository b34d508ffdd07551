"""The platform's own captions: beside the videos, inside them, and kept apart from what a recogniser hears."""

from __future__ import annotations

import json
from pathlib import Path

import media_files as media
import pytest
from fault_server import HTML, FaultServer, scraped, serve, serving, write_batch
from warehouses import build

from extract.captions import parse_captions
from extract.journal import Journal
from extract.raw_zone import find_posts
from extract.steps import captions, download
from extract.steps.common import StepOptions
from extract.steps.download_plan import scrape_again

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
    for text in ("", "words", "<!DOCTYPE html><html></html>"):
        with pytest.raises(ValueError, match="no cue"):
            parse_captions(text)
    for text in ("[1]", "{}", '{"utterances": [{"text": 1}]}', '{"events": 3}', '"text"[', "[{]"):
        with pytest.raises(ValueError, match=r"JSON|no cue"):
            parse_captions(text)
    assert parse_captions("WEBVTT\n") == []


def test_json_of_players() -> None:
    texts = (
        {
            "utterances": [
                {"text": "fish", "start_time": 500, "end_time": 1250},
                {"text": " ", "start_time": 1, "end_time": 2},
            ]
        },
        {"events": [{"tStartMs": 500, "dDurationMs": 750, "segs": [{"utf8": "fi"}, {"utf8": "sh"}]}, {"tStartMs": 0}]},
        [{"start": 0.5, "end": 1.25, "text": "fish"}],
    )
    for text in texts:
        (segment,) = parse_captions(json.dumps(text))
        assert (segment.begin, segment.end, segment.text) == (0.5, 1.25, "fish")


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


# --- Captions that are only linked ---


def write_imports(data: Path, server: FaultServer) -> None:
    """A TikTok of each source that links captions."""
    page = {"webpage_url": "https://www.tiktok.com/@a/video/1", "extractor": "TikTok"}
    files = {
        "yt-dlp/a.info.json": {
            **page,
            "id": "70001",
            "subtitles": {
                "eng-US": [
                    {"ext": "json", "url": server.link("/a.json")},
                    {"ext": "vtt", "url": server.link("/a.vtt")},
                ],
                # What is in the file itself is not fetched
                "spa-ES": [{"ext": "srt", "url": server.link("/nowhere"), "data": SRT}],
            },
        },
        "yt-dlp/b.info.json": {
            **page,
            "id": "70002",
            "automatic_captions": {"en": [{"ext": "json", "url": server.link("/b.json")}]},
        },
        "zeeschuimer/c.ndjson": {
            "id": "70003",
            "createTime": 1_650_000_000,
            "author": {"uniqueId": "a"},
            "video": {
                "subtitleInfos": [
                    {"LanguageCodeName": "deu-DE", "Url": server.link("/c.vtt"), "Format": "webvtt", "Source": "ASR"},
                    {"LanguageCodeName": "eng-US", "Url": server.link("/d.srt"), "Format": "srt", "Source": "MT"},
                    {"LanguageCodeName": "jpn-JP", "Url": server.link("/nowhere"), "Format": "webvtt", "Source": "MT"},
                ],
                "claInfo": {"captionInfos": [{"language": "fr", "urlList": [server.link("/page")]}]},
            },
        },
    }
    for name, content in files.items():
        path = data / "imports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content) + "\n")
    tracks = [
        {"language": "en", "src": server.link("/forbidden"), "text": None},
        {"language": "de", "src": server.link("/nowhere"), "text": "was die Seite schon hatte"},
    ]
    write_batch(data, [scraped("70004", captions=tracks)])


def test_linked_captions_are_fetched_validated_read_and_reach_the_corpus(tmp_path: Path) -> None:
    heard = {"utterances": [{"text": "from the player", "start_time": 0, "end_time": 900}]}
    settings = download.DownloadSettings(timeout=1, deadline=5, backoff=0.01)
    with serving() as server:
        server.routes |= {
            "/a.vtt": serve(VTT.encode()),
            "/b.json": serve(json.dumps(heard).encode(), {"Content-Type": "application/json"}),
            "/c.vtt": serve(b"WEBVTT\n\n"),
            "/d.srt": serve(SRT.encode()),
            "/page": serve(HTML),
            "/forbidden": lambda handler, count: handler.answer(HTML, 403),
        }
        write_imports(tmp_path, server)
        result = download.run(StepOptions(tmp_path), settings)
        asked = sum(server.requests.values())
        download.run(StepOptions(tmp_path), settings)
        # Only what failed, and is worth another attempt, is asked for again
        assert (
            sum(server.requests.values()) - asked == server.requests["/forbidden"] - 1 + server.requests["/page"] // 2
        )
        assert "/nowhere" not in server.requests
        assert "/a.json" not in server.requests
    assert result.faults["not_media"] == 1
    assert sorted(path.name for path in (tmp_path / "videos").iterdir()) == [
        "70001.eng-US.vtt",
        "70002.en.json",
        "70003.deu-DE.vtt",
        "70003.eng-US.srt",
    ]
    lines = {
        (line["tiktok_id"], line["part"]): line.get("class") or line["status"]
        for line in Journal(tmp_path / "downloads.ndjson").read()
        if line["part"].startswith("captions")
    }
    assert lines == {
        ("70001", "captions_eng-US"): "ok",
        ("70002", "captions_en_json"): "ok",
        ("70003", "captions_deu-DE"): "ok",
        ("70003", "captions_eng-US_srt"): "ok",
        ("70003", "captions_fr"): "not_media",
        ("70004", "captions_en"): "forbidden",
    }
    assert captions.run(StepOptions(tmp_path)).ok == 4
    corpus = build(
        tmp_path,
        tmp_path / "warehouse.duckdb",
        select=["+tiktoks"],
        variables={"keep_incomplete_tiktoks": True},
        arguments=("--exclude-resource-type", "test", "unit_test"),
    )
    assert corpus.success
    assert corpus.rows("select tiktok_id, caption_text, download_status from corpus.tiktoks order by 1") == [
        ("70001", "Fish & chips please, twice", "failed"),
        ("70002", "from the player", "failed"),
        # Nothing is said in the original, and the English captions are the ones that count
        ("70003", "Buenos días amigos", "failed"),
        ("70004", "was die Seite schon hatte", "failed"),
    ]


def test_captions_alone_are_no_reason_to_scrape_again(tmp_path: Path) -> None:
    write_batch(
        tmp_path, [scraped("70004", "https://h/v.mp4", "https://h/c.jpg", captions=[{"src": "https://h/c.vtt"}])]
    )
    posts = find_posts(tmp_path)
    gone = {("70004", "captions_und"): {"status": "failed", "class": "forbidden"}}
    assert [link.language for link in posts["70004"].captions] == ["und"]
    assert scrape_again(tmp_path, posts, gone) == {}
    assert scrape_again(tmp_path, posts, {("70004", "video"): gone["70004", "captions_und"]}) == {"70004": "forbidden"}
