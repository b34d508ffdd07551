"""Each input format is recognised by its content and filed verbatim; anything else is refused with the reason."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fault_server import REPOSITORY, run_cli, scraped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouses import BuildResult, build

from extract.forgetting import Targets, owned_ids, scrub
from extract.formats import FORMATS, Sample
from extract.formats.records import Fault, Record, iter_records
from extract.journal import Journal
from extract.steps.common import NoInputError, StepOptions, StepResult, UsageError
from extract.steps.import_files import run

YT_DLP = {
    "id": "7000000000000000101",
    "title": "A cut ti",
    "description": "how to fold a map #maps",
    "webpage_url": "https://www.tiktok.com/@mapmaker/video/7000000000000000101",
    "extractor": "TikTok",
    "extractor_key": "TikTok",
    "uploader": "mapmaker",
    "channel": "Map Maker",
    "track": "original sound",
    "artists": ["Map Maker"],
    "timestamp": 1_650_000_000,
    "like_count": 12,
    "comment_count": 3,
    "url": "https://v.example/101.mp4",
    "thumbnails": [{"url": "https://p.example/101.jpg"}],
    "subtitles": {"eng-US": [{"ext": "vtt", "data": "WEBVTT\n\n00:00.000 --> 00:01.000\nfold it twice\n"}]},
}
ZEESCHUIMER_VIDEO = {
    "id": "7000000000000000102",
    "desc": "bread at home",
    "createTime": 1_650_000_100,
    "author": {"uniqueId": "baker", "nickname": "The Baker"},
    "music": {"title": "slow song", "authorName": "A Singer", "playUrl": "https://m.example/102.mp3"},
    "stats": {"diggCount": 5, "commentCount": 1},
    "video": {"downloadAddr": "https://v.example/102.mp4", "cover": "https://p.example/102.jpg"},
}
ZEESCHUIMER_COMMENT = {
    "cid": "7100000000000000001",
    "aweme_id": "7000000000000000102",
    "user": {"unique_id": "eater", "nickname": "Eater"},
    "text": "smells good from here",
    "digg_count": 2,
    "reply_comment_total": 0,
    "create_time": 1_650_000_200,
    "reply_id": "0",
}
RESEARCH_VIDEO = {
    "id": 7_000_000_000_000_000_103,
    "create_time": 1_650_000_300,
    "username": "runner",
    "video_description": "five kilometres before breakfast",
    "region_code": "GB",
    "music_id": 7_000,
    "like_count": 7,
    "comment_count": 1,
    "voice_to_text": "left right left right",
}
RESEARCH_COMMENT = {
    "id": 7_100_000_000_000_000_002,
    "video_id": 7_000_000_000_000_000_103,
    "text": "which shoes",
    "like_count": 1,
    "reply_count": 0,
    "parent_comment_id": 7_000_000_000_000_000_103,
    "create_time": 1_650_000_400,
}
OLD_EXPORT = {
    "Profile": {"Profile Information": {"ProfileMap": {}}},
    "Activity": {
        "Video Browsing History": {
            "VideoList": [
                {"Date": "2022-11-01 10:00:00", "Link": "https://www.tiktokv.com/share/video/7000000000000000104/"}
            ]
        },
        "Like List": {
            "ItemFavoriteList": [
                {"Date": "2022-11-01 10:00:05", "Link": "https://www.tiktokv.com/share/video/7000000000000000104/"}
            ]
        },
        "Favorite Videos": {"FavoriteVideoList": []},
    },
}
NEW_EXPORT = {
    "Your Activity": {
        "Watch History": {
            "VideoList": [
                {"Date": "2025-02-01 10:00:00", "Link": "https://www.tiktokv.com/share/video/7000000000000000105/"}
            ]
        }
    },
    "Likes and Favorites": {
        "Like List": {
            "ItemFavoriteList": [
                {"date": "2025-02-01 10:00:05", "link": "https://www.tiktokv.com/share/video/7000000000000000106/"}
            ]
        },
        "Favorite Videos": {
            "FavoriteVideoList": [
                {"Date": "2025-02-01 10:01:05", "Link": "https://www.tiktokv.com/share/video/7000000000000000107/"}
            ]
        },
    },
}
QUERY = {"text": "folding a map", "target": "7000000000000000101", "author": "someone"}
GIVEN = {"query_id": "v", "query_text": "a map", "target_id": "7000000000000000101", "pseudonym": "calm-owl-1a2b"}


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(*values: Any) -> bytes:
    return b"".join(as_json(value) + b"\n" for value in values)


def old_spelling(tiktok_id: str) -> dict[str, Any]:
    """Return a record as the first versions of the scraper wrote it."""
    record = scraped(tiktok_id, "blob:x", timeposted="11-19")
    del record["creator-nickname"], record["web-id"]
    return record


SHAPES: list[tuple[str, bytes, str, str]] = [
    ("batch_1.json", as_json([scraped("70001")]), "console batch", "info/batch_1.json"),
    ("pasted.txt", as_json([{"error": "page failed"}, old_spelling("70002")]), "console batch", "info/pasted.txt.json"),
    ("with mark.json", b"\xef\xbb\xbf" + as_json([scraped("70003")]), "console batch", "info/with mark.json"),
    ("a.info.json", as_json(YT_DLP), "yt-dlp", "imports/yt-dlp/a.info.json"),
    ("pretty.info.json", json.dumps(YT_DLP, indent=4).encode(), "yt-dlp", "imports/yt-dlp/pretty.info.json"),
    ("dump.jsonl", as_lines(YT_DLP, YT_DLP), "yt-dlp", "imports/yt-dlp/dump.jsonl"),
    (
        "playlist.info.json",
        as_json({"_type": "playlist", "id": "x", "entries": [YT_DLP], "webpage_url": "https://x"}),
        "yt-dlp",
        "imports/yt-dlp/playlist.info.json",
    ),
    ("z.ndjson", as_lines(ZEESCHUIMER_VIDEO), "Zeeschuimer / 4CAT", "imports/zeeschuimer/z.ndjson"),
    (
        "wrapped.ndjson",
        as_lines({"item_id": "1", "data": ZEESCHUIMER_VIDEO}, {"item_id": "2", "data": ZEESCHUIMER_VIDEO}),
        "Zeeschuimer / 4CAT",
        "imports/zeeschuimer/wrapped.ndjson",
    ),
    ("comments.ndjson", as_lines(ZEESCHUIMER_COMMENT), "Zeeschuimer / 4CAT", "imports/zeeschuimer/comments.ndjson"),
    (
        "videos.json",
        as_json({"data": {"videos": [RESEARCH_VIDEO], "cursor": 1}, "error": {"code": "ok"}}),
        "TikTok Research API",
        "imports/research-api/videos.json",
    ),
    ("bare.json", as_json([RESEARCH_VIDEO]), "TikTok Research API", "imports/research-api/bare.json"),
    (
        "comments.json",
        as_json({"data": {"comments": [RESEARCH_COMMENT]}}),
        "TikTok Research API",
        "imports/research-api/comments.json",
    ),
    ("old.json", as_json(OLD_EXPORT), "personal data export", "imports/personal-export/old.json"),
    ("new.json", as_json(NEW_EXPORT), "personal data export", "imports/personal-export/new.json"),
    ("whatever.json", as_json({"70004": scraped("70004")}), "the original's master.json", "master.json"),
    ("my ocr.json", as_json({"70001": "text", "70002": None}), "the original's ocr.json", "ocr.json"),
    (
        "speech_to_text.json",
        as_json({"70001": "", "70002": None}),
        "the original's speech_to_text.json",
        "speech_to_text.json",
    ),
    ("q.json", as_json([QUERY]), "query set", "queries.json"),
    ("queries.ndjson", as_lines(GIVEN), "queries of the viewer", "queries/queries.ndjson"),
    (
        "queries.json",
        as_lines({"withdrawn": "v", "submitted_at": "2024-05-01T10:00:00Z"}, GIVEN),
        "queries of the viewer",
        "queries/queries.json.ndjson",
    ),
]


def import_files(data: Path, *paths: Path, **options: Any) -> StepResult:
    return run(StepOptions(data, **options), paths)


@pytest.mark.parametrize(("name", "content", "form", "place"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_every_shape_is_recognised_and_filed_as_it_is(
    tmp_path: Path, name: str, content: bytes, form: str, place: str
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    data = tmp_path / "data"
    result = import_files(data, source)
    (entry,) = result.details["files"]
    assert (entry["format"], entry["filed_as"]) == (form, place)
    assert (data / place).read_bytes() == content
    assert [path for path in data.rglob("*") if path.is_file()] == [data / place]

    again = import_files(data, source)
    assert (again.ok, again.skipped, again.failed) == (0, 1, 0)
    assert [path for path in data.rglob("*") if path.is_file()] == [data / place]


def test_the_sqlite_file_of_the_original(tmp_path: Path) -> None:
    source = tmp_path / "anything.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("create table tiktoks (id text)")
        database.execute("create table comments (id text)")
        database.commit()
    result = import_files(tmp_path / "data", source)
    assert result.details["files"][0]["filed_as"] == "tiktoks.db"
    assert (tmp_path / "data" / "tiktoks.db").read_bytes() == source.read_bytes()


def other_database(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table songs (id text)")
        database.commit()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"  \n ", "the file is empty"),
        (b"hello", ":1: not JSON: an array or an object expected"),
        (b"[]", "no record in it"),
        (b"{}", "no record in it"),
        (b"[{", ":1: not JSON: the file ends too early"),
        (b"\n\n[nonsense]", ":3: not JSON: Expecting value"),
        (as_json({"a": 1, "b": 2}), "unknown shape (an object with: a, b)"),
        (as_json([1, 2]), "unknown shape (an array with: int)"),
        (as_json({"70001": "whose text?"}), "'ocr' in its name"),
        ('[{"id": "70001"}]'.encode("utf-16"), "not UTF-8"),
        (b'[{"video-src": "\xff", "coverphoto-src": ""}]', ":1: not UTF-8"),
        (b"PK\x03\x04" + b"x" * 99, "unpack it"),
        (b"SQLite format 3\x00" + b"x" * 200, "a broken SQLite file"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    source = tmp_path / "input.json"
    source.write_bytes(content)
    with pytest.raises(NoInputError) as error:
        import_files(tmp_path / "data", source)
    assert said in str(error.value)
    assert str(source) in str(error.value)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(other_database(tmp_path / "songs.db"))
    with pytest.raises(NoInputError, match="an SQLite file with the tables songs"):
        import_files(tmp_path / "data", tmp_path / "x.db")


def test_an_unknown_shape_is_told_every_known_one(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(as_json({"a": 1}))
    with pytest.raises(NoInputError) as error:
        import_files(tmp_path / "data", tmp_path / "x.json")
    for name in ("console batch", "yt-dlp", "Zeeschuimer", "Research API", "personal data export", "tiktoks.db"):
        assert name in str(error.value)


def test_a_broken_file_is_filed_with_a_warning_when_some_of_it_can_be_read(tmp_path: Path) -> None:
    whole = as_json([scraped("70001"), scraped("70002")])
    (tmp_path / "cut.json").write_bytes(whole[:-60])
    (tmp_path / "lines.ndjson").write_bytes(as_lines(ZEESCHUIMER_VIDEO) + b"{torn\n" + as_lines(ZEESCHUIMER_VIDEO))
    result = import_files(tmp_path / "data", tmp_path / "cut.json", tmp_path / "lines.ndjson")
    assert result.ok == 2
    assert [entry["records"] for entry in result.details["files"]] == [1, 2]
    assert any("cut.json:1: not JSON: the file ends too early" in message for message in result.messages)
    assert any("lines.ndjson:2: not JSON" in message for message in result.messages)
    assert (result.exit_code(strict=False), result.exit_code(strict=True)) == (0, 1)


def test_some_readable_inputs_are_enough(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(as_json([scraped("70001")]))
    (tmp_path / "bad.json").write_bytes(b"nonsense")
    result = import_files(tmp_path / "data", tmp_path)
    assert (result.ok, result.failed) == (1, 1)
    assert any("bad.json:1" in message for message in result.messages)
    assert (result.exit_code(strict=False), result.exit_code(strict=True)) == (0, 1)


def test_another_file_of_the_same_name_gets_a_name_of_its_own(tmp_path: Path) -> None:
    for folder, tiktok_id in (("a", "70001"), ("b", "70002")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "batch.json").write_bytes(as_json([scraped(tiktok_id)]))
        import_files(tmp_path / "data", tmp_path / folder / "batch.json")
    names = sorted(path.name for path in (tmp_path / "data" / "info").iterdir())
    assert len(names) == 2
    assert "batch.json" in names


def test_the_same_content_under_another_name_is_known(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(as_json([scraped("70001")]))
    result = import_files(tmp_path / "data", tmp_path / "a.json", tmp_path / "b.json")
    assert (result.ok, result.skipped) == (1, 1)


def test_a_second_query_set_goes_beside_the_first_and_a_second_master_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "q1.json").write_bytes(as_json([QUERY]))
    (tmp_path / "q2.json").write_bytes(as_json([{**QUERY, "text": "another"}]))
    import_files(data, tmp_path / "q1.json", tmp_path / "q2.json")
    assert (data / "queries" / "q2.json").exists()
    (tmp_path / "m1.json").write_bytes(as_json({"70001": scraped("70001")}))
    (tmp_path / "m2.json").write_bytes(as_json({"70002": scraped("70002")}))
    import_files(data, tmp_path / "m1.json")
    with pytest.raises(NoInputError, match="--force"):
        import_files(data, tmp_path / "m2.json")
    import_files(data, tmp_path / "m2.json", force=True)
    assert "70002" in (data / "master.json").read_text()
    (kept,) = (data / "replaced").iterdir()
    assert kept.read_bytes() == (tmp_path / "m1.json").read_bytes()


def test_several_at_once_are_filed_as_one_after_the_other(tmp_path: Path) -> None:
    """The same places, messages and order, also of files of one name, equal ones, and a second master."""
    sources = []
    for number in range(12):
        source = tmp_path / f"folder{number}" / ("master.json" if number % 5 == 4 else "batch.json")
        source.parent.mkdir()
        # The earlier, the longer to read
        records = [scraped(str(70_000 + number % 7), description="x" * 300) for _ in range(300 // (number + 1))]
        source.write_bytes(
            b"nonsense" if number == 3 else as_json({"70001": records[0]} if "master" in source.name else records)
        )
        sources.append(source)
    found = {}
    for jobs in (1, 6):
        data = tmp_path / f"data{jobs}"
        result = import_files(data, *sources, jobs=jobs)
        files = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()}
        found[jobs] = (files, result.details, [said.replace(str(data), "DATA") for said in result.messages])
    assert found[6] == found[1]
    assert len(found[1][0]) > 8


def test_only_files_with_posts_that_are_asked_for(tmp_path: Path) -> None:
    """Whole files: what they hold of other posts is told."""
    (tmp_path / "a.json").write_bytes(as_json([scraped("70001"), scraped("70002"), scraped("70003")]))
    (tmp_path / "b.json").write_bytes(as_json([scraped("70004")]))
    (tmp_path / "q.json").write_bytes(as_json([QUERY]))
    data = tmp_path / "data"
    result = import_files(data, tmp_path, ids=frozenset({"70002"}))
    assert (result.ok, result.skipped, result.failed) == (1, 1, 1)
    assert [path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()] == ["info/a.json"]
    assert result.details["files"][0]["other_records"] == 2
    assert "filed as info/a.json; 2 of its 3 records are of other posts" in result.messages[0]
    assert "names no posts to choose by: import it without --ids" in result.messages[1]
    with pytest.raises(NoInputError, match="no file holds a post that --ids asks for"):
        import_files(data, tmp_path / "b.json", ids=frozenset({"70002"}))
    done = run_cli("import", tmp_path / "b.json", "--data", data, "--ids", "70004", "--jobs", "2", "--json")
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, 1)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(as_json([scraped("70001")]))
    result = import_files(tmp_path / "data", tmp_path / "a.json", dry_run=True)
    assert "would be filed as info/a.json" in result.messages[0]
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        import_files(tmp_path / "data", tmp_path / "nowhere.json")


def test_records_are_read_whatever_the_size_of_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [{"text": 'ä\\"}],' * length, "n": length, "f": 1.5e-7, "nested": [[], {}, None]} for length in range(40)]
    array, lines, members = tmp_path / "array.json", tmp_path / "lines.ndjson", tmp_path / "object.json"
    array.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    lines.write_bytes(as_lines(*values))
    members.write_bytes(as_json({str(number): value for number, value in enumerate(values)}))
    numbers = tmp_path / "numbers.json"
    numbers.write_text(json.dumps(list(range(100_000, 100_500))))
    for chunk in (1, 2, 7, 100, 1 << 20):
        monkeypatch.setattr("extract.formats.records.CHUNK", chunk)
        for path in (array, members, lines):
            assert [record.value for record in iter_records(path) if isinstance(record, Record)] == values, (
                chunk,
                path,
            )
        assert [record.value for record in iter_records(numbers) if isinstance(record, Record)] == list(
            range(100_000, 100_500)
        )


def test_a_cut_document_gives_its_whole_records_and_the_line_of_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    text = json.dumps([{"n": number, "t": "x" * 10} for number in range(20)], indent=1)
    source = random.Random(0)
    for _ in range(100):
        cut = source.randrange(2, len(text) - 1)
        path.write_text(text[:cut])
        found = list(iter_records(path))
        whole = text[:cut].count("}")
        assert [record.value["n"] for record in found if isinstance(record, Record)] == list(range(whole))
        (fault,) = (record for record in found if isinstance(record, Fault))
        assert fault.line <= text[:cut].count("\n") + 1


def json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def keys_in(value: Any) -> Iterator[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from (key, *keys_in(member)) if isinstance(key, str) else keys_in(member)


KEYS = st.sampled_from(
    sorted(
        {
            key
            for _, content, _, _ in SHAPES
            for line in content.decode("utf-8-sig").splitlines()
            for key in keys_in(json_or_none(line))
        }
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("https://h/@a/video/70001"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_no_shape_of_a_record_stops_a_step(value: Any) -> None:
    records = tuple(
        [Record("array", 1, number, item) for number, item in enumerate(value)]
        if isinstance(value, list)
        else [Record("object", 1, key, item) for key, item in value.items()]
        if isinstance(value, dict)
        else [Record("lines", 1, None, value)]
    )
    sample = Sample("ocr speech.json", records)
    targets = Targets(frozenset({"70001"}), frozenset({"a"}))
    for form in FORMATS:
        assert form.recognises(sample) in (True, False)
        for record in (*records, Record("lines", 1, None, value)):
            for post in form.posts(record):
                assert post.tiktok_id.isdigit()
                assert all(isinstance(link, str) for link in (post.video or "", post.cover or "", *post.slides))
    list(owned_ids(value, targets))
    assert "/video/70001" not in json.dumps(scrub(value, targets), default=lambda dropped: None)


def many_records(count: int, shape: str) -> Iterator[bytes]:
    record = as_json(scraped("7000000000000000000", "https://v.example/x.mp4", description="word " * 60))
    yield b"[" if shape == "array" else b"{"
    for number in range(count):
        tiktok_id = b"%d" % (7 * 10**18 + number)
        yield b"," if number else b""
        yield b"" if shape == "array" else b'"%s":' % tiktok_id
        yield record.replace(b"7000000000000000000", tiktok_id)
    yield b"]" if shape == "array" else b"}"


@pytest.mark.parametrize(("shape", "place"), [("array", "info/large.json"), ("object", "master.json")])
def test_a_hundred_thousand_records_are_imported_in_bounded_memory(tmp_path: Path, shape: str, place: str) -> None:
    source = tmp_path / "large.json"
    with source.open("wb") as file:
        file.writelines(many_records(100_000, shape))
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from extract.steps.common import StepOptions; from extract.steps.import_files import run\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "result = run(StepOptions(Path(sys.argv[2])), [Path(sys.argv[1])])\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(result.details['files'][0]['records'], after - before)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(source), str(tmp_path / "data")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    records, kilobytes = map(int, process.stdout.split())
    assert records == 100_000
    assert source.stat().st_size > 60_000_000
    assert kilobytes < 30_000
    assert (tmp_path / "data" / place).stat().st_size == source.stat().st_size


def test_the_door_imports(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(as_json([scraped("70001")]))
    (tmp_path / "bad.json").write_bytes(b"nonsense")
    done = run_cli("import", tmp_path / "a.json", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "console batch, filed as info/a.json" in done.stdout
    bad = run_cli("import", tmp_path / "bad.json", "--data", tmp_path / "data")
    assert bad.returncode == 4
    assert f"{tmp_path / 'bad.json'}:1: not JSON" in bad.stderr
    assert run_cli("import", tmp_path / "none.json", "--data", tmp_path / "data").returncode == 2
    assert run_cli("import", tmp_path, "--data", tmp_path / "data", "--strict").returncode == 1


# --- Through to the warehouse -----------------------------------------------------------------------------------------

LEGACY = """
    create table tiktoks (
        id int, web_id int, permalink text, video_src text, coverphoto_src text, music_src text, speech_to_text text,
        coverphoto_ocr text, music_title text, like_count text, comment_count text, creator_username text,
        creator_nickname text, description text, time_posted text, scrape_timestamp float, download_timestamp float
    );
    create table comments (
        video_id int, like_count text, replies_count text, comment_text text, commenter_name text, time_posted text
    );
    insert into tiktoks values (
        7000000000000000108, 1, 'https://www.tiktok.com/@legacy/video/7000000000000000108', 'blob:x', '', '', 'heard',
        'read', 'a song', '1.2K', '1', 'legacy', 'Legacy', 'of the old database', '2022-1-1', 1669975200.0, 1669975300.0
    );
    insert into comments values (7000000000000000108, '3', '', 'an old comment', '@Somebody', '1d ago ');
"""
CONSOLE = ["70001", "70002", "70003", "70004"]
IMPORTED = [f"7000000000000000{number}" for number in (101, 102, 103)]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Import a file of every shape into one raw zone, with texts for all its TikToks, and build all but the search."""
    folder = tmp_path_factory.mktemp("imported")
    data = folder / "data"
    with closing(sqlite3.connect(folder / "tiktoks.db")) as database:
        database.executescript(LEGACY)
    texts = as_json(dict.fromkeys([*CONSOLE, *IMPORTED], "words"))
    files = {name: content for name, content, _, _ in SHAPES}
    files |= {"my ocr.json": texts, "speech_to_text.json": texts}
    for number, (name, content) in enumerate(files.items()):
        source = folder / str(number) / name
        source.parent.mkdir()
        source.write_bytes(content)
        import_files(data, source)
    import_files(data, folder / "tiktoks.db")
    done = [{"tiktok_id": tiktok_id, "part": "video", "status": "ok"} for tiktok_id in [*CONSOLE, *IMPORTED]]
    Journal(data / "downloads.ndjson").append_all(done)
    return build(data, folder / "warehouse.duckdb", select=["+path:models/corpus", "+queries"])


def test_every_format_reaches_the_corpus(imported: BuildResult) -> None:
    assert imported.success, imported.messages
    found = imported.rows("select tiktok_id from corpus.tiktoks order by tiktok_id")
    excluded = imported.rows("select * from corpus.excluded_tiktoks")
    assert [row[0] for row in found] == sorted([*CONSOLE, *IMPORTED, "7000000000000000108"]), excluded
    assert imported.rows("select file, reason from corpus.quarantined_records where file not like 'info/pasted%'") == []


@pytest.mark.parametrize(
    ("tiktok_id", "creator", "nickname", "description", "music", "likes", "captions"),
    [
        (IMPORTED[0], "mapmaker", "Map Maker", "how to fold a map #maps", "original sound", 12, "fold it twice"),
        (IMPORTED[1], "baker", "The Baker", "bread at home", "slow song", 5, None),
        (IMPORTED[2], "runner", None, "five kilometres before breakfast", None, 7, "left right left right"),
        ("7000000000000000108", "legacy", "Legacy", "of the old database", "a song", 1200, None),
        ("70001", "somebody", "Some Body", None, None, None, None),
    ],
)
def test_the_fields_of_each_format_reach_the_corpus(
    imported: BuildResult,
    tiktok_id: str,
    creator: str,
    nickname: str | None,
    description: str | None,
    music: str | None,
    likes: int | None,
    captions: str | None,
) -> None:
    ((*row, music_title),) = imported.rows(
        "select creator_username, creator_nickname, description, like_count, caption_text, music_title "
        f"from corpus.tiktoks where tiktok_id = '{tiktok_id}'"
    )
    assert row == [creator, nickname, description, likes, captions]
    assert music_title is None if music is None else music_title.startswith(music)


def test_comments_lists_texts_and_queries_of_imports_reach_the_warehouse(imported: BuildResult) -> None:
    comments = imported.rows("select tiktok_id, commenter_name, comment_text from corpus.comments order by all")
    assert comments == [
        (IMPORTED[1], "Eater", "smells good from here"),
        (IMPORTED[2], None, "which shoes"),
        ("7000000000000000108", "Somebody", "an old comment"),
    ]
    listed = imported.rows("select list, tiktok_id from corpus.listed_tiktoks order by all")
    assert listed == [
        ("favourite", "7000000000000000107"),
        ("liked", "7000000000000000104"),
        ("liked", "7000000000000000106"),
        ("watched", "7000000000000000104"),
        ("watched", "7000000000000000105"),
    ]
    assert imported.rows("select distinct cover_text, speech_text from corpus.tiktoks order by all") == [
        ("read", "heard"),
        ("words", "words"),
    ]
    assert imported.rows("select query_text, author from test_collection.queries") == [("folding a map", "someone")]
