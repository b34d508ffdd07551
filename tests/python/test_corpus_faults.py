"""What is broken in the raw zone is told, and the rest is built; what is done is not done again."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from warehouses import BuildResult, build

SCRAPED_AT = 1669975200.0  # 2022-12-02 10:00 UTC
CORPUS = ["+path:models/corpus"]


def tiktok(number: int, **fields: Any) -> dict[str, Any]:
    """Make a record as the scraper writes it; its id says that it was posted on 2022-11-01."""
    tiktok_id = str((1667260800 << 32) + number)
    record = {
        "id": tiktok_id,
        "video-src": f"https://v16m.example/{number}.mp4?expire=1669996800&x=1",
        "coverphoto-src": f"https://p16.example/{number}.jpeg?x-expires=1669996800",
        "permalink": f"https://www.tiktok.com/@maker{number}/video/{tiktok_id}",
        "web-id": "7000000000000000000",
        "like-count": "1.5K",
        "comment-count": "2",
        "creator-username": f"maker{number}",
        "creator-nickname": f"Maker {number}",
        "timeposted": "11-1",
        "music-title": "original sound",
        "music-src": "https://www.tiktok.com/music/original-sound-1",
        "description": f"description {number}",
        "comments": [comment("Ada", "first"), comment("Bob", "second")],
        "scrape-timestamp": SCRAPED_AT,
    }
    return {**record, **fields}


def comment(name: str, text: str, **fields: Any) -> dict[str, Any]:
    """Make a comment as the scraper writes it."""
    shown = {"commenter-username": f"@{name}", "comment-text": text, "time-posted": "1d ago ", "like-count": "3"}
    return {**shown, "replies-count": "", **fields}


def identify(number: int) -> str:
    """Return the id of the record that `tiktok(number)` makes."""
    return str(tiktok(number)["id"])


def lay(data: Path, files: dict[str, Any]) -> None:
    """Write files below a raw zone: bytes and text as they are, lists for .ndjson as lines, anything else as JSON."""
    for name, content in files.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content)
        elif name.endswith(".ndjson"):
            path.write_text("".join(json.dumps(line) + "\n" for line in content))
        else:
            path.write_text(json.dumps(content))


def texts(*numbers: int) -> dict[str, str]:
    """Cover texts or transcripts for some records."""
    return {identify(number): f"text {number}" for number in numbers}


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build a warehouse from a raw zone with every kind of dirt."""
    folder = tmp_path_factory.mktemp("dirty")
    data = folder / "raw [zone] *1"
    whole = json.dumps([tiktok(1), tiktok(2)])
    lay(
        data,
        {
            "info/whole.json": b"\xef\xbb\xbf" + whole.encode(),
            "info/cut.json": json.dumps([tiktok(3), tiktok(4), tiktok(5)])[:-300],
            "info/lines.json": "\n".join(json.dumps(tiktok(number)) for number in (6, 7)) + "\n",
            "info/single.json": tiktok(8),
            "info/half_an_emoji.json": json.dumps([tiktok(9, description="x")]).replace('"x"', '"\\ud83d cut"'),
            "info/not_utf8.json": b'[{"id": "\xff"}]',
            "info/empty.json": b"",
            "info/empty_list.json": [],
            "info/a_text.json": '"not a list"',
            "info/odd records.json": [
                17,
                "a text",
                tiktok(0, id=None),
                tiktok(10, comments="none could be read"),
                tiktok(11, comments=[comment("Ada", "first"), 5]),
                tiktok(12, **{"like-count": "many", "timeposted": "some day"}),
                {"id": identify(1), "error": "TypeError: null", "scrape-timestamp": SCRAPED_AT + 500},
                {"id": identify(13), "error": "TypeError: null", "scrape-timestamp": SCRAPED_AT},
                {"error": "the page did not load", "scrape-timestamp": SCRAPED_AT},
                tiktok(14),
                tiktok(15),
            ],
            # the newer scrape of 2: a new count, no description, a comment more and one less
            "info/again.json": [
                tiktok(
                    2,
                    **{"like-count": "2M", "description": "", "scrape-timestamp": SCRAPED_AT + 86400},
                    comments=[comment("Cy", "third"), comment("Ada", "first", **{"time-posted": "12-1"})],
                )
            ],
            "tiktoks.db": b"not a database",
            "master.json": {
                identify(number): {**tiktok(number), "download-timestamp": None if number == 3 else SCRAPED_AT + 60}
                for number in range(1, 13)
            },
            "ocr.json": {**texts(*range(1, 13)), identify(4): None, identify(6): " \n"},
            "speech_to_text.json": {**texts(*range(1, 13)), identify(6): "", identify(7): None},
            "downloads.ndjson": [
                {
                    "tiktok_id": identify(15),
                    "part": "video",
                    "status": "failed",
                    "class": "http_403",
                    "host": "v16m.example",
                },
                {"part": "video", "status": "ok"},
            ],
            "ocr.ndjson": '{"tiktok_id": "' + identify(15) + '", "part": "cover", "sta\n["no", "object"]\n',
            "deletions.ndjson": [{"tiktok_id": identify(8)}, {"person": "@Bob"}, {"persons": "typo"}],
        },
    )
    return build(data, folder / "warehouse.duckdb", select=CORPUS)


def test_dirt_does_not_stop_the_build(dirty: BuildResult) -> None:
    """Everything is built, no test fails, and the warnings say what is wrong."""
    assert dirty.success, dirty.messages
    assert dirty.status("assert_every_record_could_be_read") == "warn"
    assert dirty.status("assert_every_shown_value_could_be_read") == "warn"
    assert dirty.status("assert_newest_scrape_is_recent") == "warn"


def test_everything_unreadable_is_quarantined(dirty: BuildResult) -> None:
    """File, position and reason of each unreadable file, record and part of a record."""
    rows = dirty.rows("select file, position, reason from corpus.quarantined_records order by all")
    reasons = {(file, position): reason for file, position, reason in rows}
    assert len(reasons) == len(rows)
    expected = {
        ("downloads.ndjson", 2): "the record has no id",
        ("deletions.ndjson", 3): "the line names neither",
        ("info/a_text.json", None): "single JSON value",
        ("info/cut.json", 3): "broken JSON: nothing whole from character",
        ("info/empty.json", None): "the file is empty",
        ("info/not_utf8.json", None): "not valid UTF-8",
        ("info/odd records.json", 1): "ubigint, not an object",
        ("info/odd records.json", 2): "varchar, not an object",
        ("info/odd records.json", 3): "the record has no id",
        ("info/odd records.json", 4): "the comments are of the type varchar",
        ("info/odd records.json", 5): "comment 2 is of the type ubigint",
        ("info/odd records.json", 9): "could not tell the id: the page did not load",
        ("tiktoks.db", None): "not a SQLite database",
        ("ocr.ndjson", 1): "broken JSON",
        ("ocr.ndjson", 2): "array, not an object",
    }
    assert reasons.keys() == expected.keys()
    for place, words in expected.items():
        assert words in reasons[place], place


def test_every_scraped_tiktok_is_kept_or_excluded_with_one_reason(dirty: BuildResult) -> None:
    """What can be read is read: records before a break, a byte order mark, lines, a single object, half an emoji."""
    excluded = dict(dirty.rows("select tiktok_id, reason from corpus.excluded_tiktoks"))
    assert excluded == {
        identify(3): "download_failed",
        identify(4): "cover_failed",
        identify(7): "speech_failed",
        identify(13): "scrape_failed",
        identify(14): "download_not_attempted",
        identify(15): "download_failed",
    }
    kept = {row[0] for row in dirty.rows("select tiktok_id from corpus.tiktoks")}
    # 5 was cut off in its batch, and master.json has it whole
    assert kept == {identify(number) for number in (1, 2, 5, 6, 9, 10, 11, 12)}
    assert dirty.rows(
        f"select description from staging.stg_scraper__tiktoks where tiktok_id = '{identify(9)}' and file like 'info/%'"
    ) == [("\ufffd cut",)]


def test_what_is_to_be_forgotten_is_in_no_table(dirty: BuildResult) -> None:
    """A forgotten TikTok and a forgotten commenter leave no trace, not even in staging."""
    rows = dirty.rows(
        "select count(*) from staging.stg_raw__records where kind <> 'deletions' and tiktok_id = "
        f"'{identify(8)}' or record like '%Bob%' and kind <> 'deletions'"
    )
    assert rows == [(0,)]
    assert dirty.rows("select count(*) from corpus.comments where commenter_name = 'Bob'") == [(0,)]
    assert dirty.rows("select count(*) from corpus.comments where commenter_name = 'Ada'") == [(8,)]


def test_scrapes_are_merged(dirty: BuildResult) -> None:
    """Counts from the newest, the description from the newest that has one, comments united in the newest order."""
    assert dirty.rows(
        "select like_count, description, scraped_at::varchar, speech_text from corpus.tiktoks "
        f"where tiktok_id = '{identify(2)}'"
    ) == [(2_000_000, "description 2", "2022-12-03 10:00:00", "text 2")]
    assert dirty.rows(
        "select position, commenter_name, comment_text, posted_at::date::varchar from corpus.comments "
        f"where tiktok_id = '{identify(2)}' order by position"
    ) == [(1, "Cy", "third", "2022-12-02"), (2, "Ada", "first", "2022-12-01")]


def test_an_error_record_never_overwrites(dirty: BuildResult) -> None:
    """The newest record of TikTok 1 is an error: the older one stands."""
    assert dirty.rows(
        f"select like_count, description, scraped_at::varchar from corpus.tiktoks where tiktok_id = '{identify(1)}'"
    ) == [(1500, "description 1", "2022-12-02 10:00:00")]


def test_absent_failed_and_nothing_found_are_told_apart(dirty: BuildResult) -> None:
    """Found nothing is '', with a status that says so."""
    assert dirty.rows(
        "select cover_status, cover_text, speech_status, speech_text, download_status from corpus.tiktoks "
        f"where tiktok_id = '{identify(6)}'"
    ) == [("nothing_found", "", "nothing_found", "", "ok")]


def test_unparsed_values_are_excused(dirty: BuildResult) -> None:
    """A count and a date that are none are null and listed, once for each record that shows them."""
    assert dirty.rows(
        "select field, shown, reason, count(*) from corpus.unparsed_values group by all order by all"
    ) == [("like_count", "many", "not a count", 1), ("posted_at", "some day", "not a date", 1)]


def test_a_second_build_reads_only_what_changed_and_ends_as_a_full_one(tmp_path: Path) -> None:
    """One file added, one changed, one removed: the others keep their rows, and a full refresh tells no difference."""
    data, warehouse = tmp_path / "raw", tmp_path / "warehouse.duckdb"
    lay(data, {"info/a.json": [tiktok(1)], "info/b.json": [tiktok(2)], "info/c.json": [tiktok(3)]})
    lay(data, {"ocr.json": texts(1, 2, 3, 4), "speech_to_text.json": texts(1, 2, 3, 4)})
    everything = "select * from staging.stg_raw__records order by file, position"
    assert build(data, warehouse, select=["+tiktoks"], command="run").success
    # c changes, and its old time of change is put back: nothing but its reading could tell. It must not be read again.
    untouched = data / "info/c.json"
    state = untouched.stat()
    untouched.write_text(untouched.read_text().replace("description 3", "description x"))
    os.utime(untouched, ns=(state.st_atime_ns, state.st_mtime_ns))
    lay(data, {"info/d.json": [tiktok(4)], "info/b.json": [tiktok(2, **{"like-count": "9"})]})
    (data / "info/a.json").unlink()
    second = build(data, warehouse, select=["+tiktoks"], command="run")
    assert second.success
    assert second.rows("select tiktok_id, like_count, description from corpus.tiktoks order by tiktok_id") == [
        (identify(2), 9, "description 2"),
        (identify(3), 1500, "description 3"),
        (identify(4), 1500, "description 4"),
    ]
    untouched.write_text(untouched.read_text().replace("description x", "description 3"))
    incremental = build(data, warehouse, select=["stg_raw__records"], command="run").rows(everything)
    full = build(data, warehouse, select=["stg_raw__records"], command="run", arguments=["--full-refresh"])
    assert full.rows(everything) == incremental


def test_an_empty_raw_zone_builds_an_empty_corpus(tmp_path: Path) -> None:
    """No file at all: every table is there and empty."""
    (tmp_path / "nothing").mkdir()
    result = build(tmp_path / "nothing", tmp_path / "warehouse.duckdb", select=CORPUS)
    assert result.success, result.messages
    assert result.rows("select count(*) from corpus.tiktoks") == [(0,)]
    assert result.rows("select count(*) from corpus.funnel") == [(0,)]


def test_an_emptied_corpus_names_the_var_that_keeps_incomplete_tiktoks(tmp_path: Path) -> None:
    """Scraped only: the clean rule excludes all, the build says what to do, and that keeps them with null fields."""
    data, warehouse = tmp_path / "raw", tmp_path / "warehouse.duckdb"
    lay(data, {"info/a.json": [tiktok(1), tiktok(2)]})
    emptied = build(data, warehouse, select=["+tiktoks"], command="run")
    assert emptied.success
    assert any("keep_incomplete_tiktoks: true" in warning for warning in emptied.warnings)
    kept = build(data, warehouse, select=["+tiktoks"], variables={"keep_incomplete_tiktoks": True})
    assert kept.success
    assert (
        kept.rows("select cover_text, cover_status, speech_status, download_status from corpus.tiktoks")
        == [(None, "absent", "absent", "unknown")] * 2
    )


def test_the_legacy_database_is_read_like_the_other_files(tmp_path: Path) -> None:
    """A tiktoks.db of the original's form alone is a corpus with texts and comments."""
    data = tmp_path / "raw"
    data.mkdir()
    with sqlite3.connect(data / "tiktoks.db") as database:
        database.execute(
            "create table tiktoks (id int primary key, web_id int, permalink text, video_src text, coverphoto_src text,"
            " music_src text, speech_to_text text, coverphoto_ocr text, music_title text, like_count text,"
            " comment_count text, creator_username text, creator_nickname text, description text, time_posted text,"
            " scrape_timestamp float, download_timestamp float)"
        )
        database.execute(
            "create table comments (video_id int, like_count text, replies_count text, comment_text text,"
            " commenter_name text, time_posted text)"
        )
        row = tiktok(1)
        database.execute(
            f"insert into tiktoks values ({identify(1)}, 1, ?, 'https://v.example/1', '', '', 'spoken', 'read', 'song',"
            " '2.4M', '2', 'maker1', 'Maker 1', 'words', '11-1', ?, ?)",
            (row["permalink"], SCRAPED_AT, SCRAPED_AT + 60),
        )
        for name in ("@Ada", "@Bob"):
            database.execute(f"insert into comments values ({identify(1)}, '3', '', 'hello', '{name}', '1d ago ')")
    result = build(data, tmp_path / "warehouse.duckdb", select=CORPUS)
    assert result.success, result.messages
    assert result.rows(
        "select tiktok_id, like_count, cover_text, speech_text, download_status, posted_at_check from corpus.tiktoks"
    ) == [(identify(1), 2_400_000, "read", "spoken", "ok", "agreed")]
    assert result.rows("select position, commenter_name, reply_count from corpus.comments order by position") == [
        (1, "Ada", 0),
        (2, "Bob", 0),
    ]
