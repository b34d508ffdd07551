"""Forgetting reaches every layer and nothing else; rechecking lists only what the site plainly says is gone."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fault_server import FaultServer, Handler, Route, mp4, run_cli, scraped, serving, write_batch

from extract.forgetting import DROPPED, Targets, owned_ids, scrub
from extract.journal import Journal
from extract.raw_zone import find_posts
from extract.steps.common import NoInputError, StepOptions, UsageError
from extract.steps.forget import rewrite_warehouse, run, targets_of
from extract.steps.import_files import run as import_files
from extract.steps.recheck import RecheckSettings, address_of
from extract.steps.recheck import run as recheck
from tiktok_retrieval.disguises import Disguise
from tiktok_retrieval.pseudonyms import load_key, pseudonym_of_person

GONE, KEPT, THIRD = "7000000000000000201", "7000000000000000202", "7000000000000000203"
JANE = "jane.doe"


def record(tiktok_id: str, creator: str, nickname: str, **fields: Any) -> dict[str, Any]:
    link = f"https://www.tiktok.com/@{creator}/video/{tiktok_id}"
    return scraped(
        tiktok_id, "blob:x", **{"creator-username": creator, "creator-nickname": nickname, "permalink": link, **fields}
    )


def comment(name: str, text: str, **fields: Any) -> dict[str, Any]:
    return {"commenter-username": f"@{name}", "comment-text": text, **fields}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif path.suffix == ".ndjson":
        path.write_text("".join(json.dumps(line) + "\n" for line in content), encoding="utf-8")
    else:
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Fill every layer of a raw zone with one TikTok of Jane's, one that mentions her, and one without her."""
    data = tmp_path / "data"
    write_batch(
        data,
        [
            record(GONE, JANE, "Jane D"),
            record(
                KEPT,
                "bob",
                "Bob",
                description="with @Jane.Doe and @jane.doeling",
                comments=[
                    comment("Jane.Doe · Creator", "me!"),
                    comment("Eve", "hi @jane.doe", replies=[comment(JANE, "hi Eve")]),
                ],
                **{"music-title": "original sound - jane.doe"},
            ),
        ],
    )
    write_batch(data, [record(THIRD, "bob", "Bob")], "batch_2.json")
    write(data / "imports/yt-dlp/a.info.json", {"id": GONE, "webpage_url": "https://x", "extractor": "TikTok"})
    write(
        data / "imports/zeeschuimer/a.ndjson",
        [
            {"item_id": GONE, "data": {"id": GONE, "createTime": 1, "author": {"uniqueId": JANE}}},
            {"data": {"id": KEPT, "createTime": 1, "author": {"uniqueId": "bob"}}},
            {"cid": "1", "aweme_id": GONE, "text": "on hers", "user": {"unique_id": "eve"}},
            {"cid": "2", "aweme_id": KEPT, "text": "by her", "user": {"unique_id": JANE}},
        ],
    )
    write(
        data / "imports/personal-export/a.json",
        {
            "Activity": {
                "Like List": {
                    "ItemFavoriteList": [
                        {"Date": "d", "Link": f"https://www.tiktokv.com/share/video/{tiktok_id}/"}
                        for tiktok_id in (GONE, KEPT)
                    ]
                }
            }
        },
    )
    write(data / "master.json", {GONE: record(GONE, JANE, "Jane D"), KEPT: record(KEPT, "bob", "Bob")})
    write(data / "ocr.json", {GONE: "her words", KEPT: "his words"})
    write(
        data / "queries.json",
        [{"text": "q1", "target": GONE, "author": "bob"}, {"text": "q2", "target": KEPT, "author": JANE}],
    )
    write(data / "queries/more.json", [{"text": "q3", "target": KEPT, "author": "eve"}])
    write(data / "queries.ndjson", [{"query_text": "q4", "target_id": GONE}, {"query_text": "q5", "target_id": KEPT}])
    write(data / "judgements.ndjson", [{"query_id": "q5", "doc_id": i, "answer": "no"} for i in (GONE, KEPT)])
    for name in ("downloads.ndjson", "ocr.ndjson", "rechecks.ndjson"):
        write(data / name, [{"tiktok_id": i, "status": "ok", "text": "for @jane.doe"} for i in (GONE, KEPT)])
    for name in (
        *(f"videos/{GONE}.mp4", f"videos/{KEPT}.mp4", f"videos/{GONE}.mp4.part", f"audios/{GONE}.wav"),
        *(
            f"coverphotos/{GONE}.jpg",
            f"coverphotos/{GONE}_2.jpg",
            f"coverphotos/{KEPT}.jpg",
            f"coverphotos/{GONE}.jpg.bad",
        ),
    ):
        write(data / name, mp4(100))
    write(data / "scrape_again.txt", f"{GONE}\tforbidden\thttps://x\n{KEPT}\tforbidden\t\n".encode())
    write(data / "runs/mine.trec", f"1 Q0 {GONE} 1 2.0 mine\n1 Q0 {KEPT} 2 1.0 mine\n".encode())
    with closing(sqlite3.connect(data / "tiktoks.db")) as database:
        database.execute("create table tiktoks (id int, creator_username text, description text)")
        database.execute("create table comments (video_id int, commenter_name text, comment_text text)")
        database.executemany("insert into tiktoks values (?, ?, ?)", [(GONE, JANE, ""), (KEPT, "bob", "for @jane.doe")])
        database.executemany(
            "insert into comments values (?, ?, ?)",
            [(GONE, "@eve", "a"), (KEPT, "@jane.doe · Creator", "b"), (KEPT, "@eve", "c")],
        )
        database.commit()
    for path in (data / "warehouse.duckdb", data / "published/1/warehouse.duckdb"):
        make_warehouse(path)
    return data


def make_warehouse(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(path) as database:
        database.execute("create schema corpus; create schema search_index; create schema staging")
        database.execute(
            f"""
            create table corpus.tiktoks as select * from (values
                ('{GONE}', '{JANE}', 'hers', 'a song', 'https://www.tiktok.com/@{JANE}/video/{GONE}'),
                ('{KEPT}', 'bob', 'with @Jane.Doe', 'original sound - Jane.Doe', 'https://x')
            ) as t (tiktok_id, creator_username, description, music_title, permalink);
            create table corpus.comments as select * from (values
                ('1', '{GONE}', 'eve', 'x'), ('2', '{KEPT}', 'Jane.Doe', 'y'), ('3', '{KEPT}', 'eve', 'z')
            ) as t (comment_id, tiktok_id, commenter_name, comment_text);
            create table staging.records as select * from (values
                ('{{"id": "{GONE}"}}'::json), ('{{"comments": "Jane.Doe"}}'::json), ('{{"id": "9"}}'::json)
            ) as t (record);
            create table search_index.documents as select * from (values ('{GONE}', 1), ('{KEPT}', 2))
                as t (doc_id, document_number);
            create table search_index.terms as select * from (values (1, 'jane'), (2, 'song')) as t (term_id, term);
            create table search_index.postings as select * from (values (1, 1), (2, 1), (2, 2))
                as t (term_id, document_number);
            create view corpus.names as select creator_username from corpus.tiktoks;
            create macro search(word) as table select * from corpus.tiktoks where description = word;
            """
        )


def everything_in(data: Path) -> str:
    """Return all text below a folder, what a database file holds included."""
    texts = []
    for path in sorted(data.rglob("*")):
        if path.is_file() and path.name != "deletions.ndjson":
            texts += [path.name, path.read_bytes().decode("utf-8", "replace")]
    return "\n".join(texts).lower()


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as database:
        return database.execute(query).fetchall()


def test_a_forgotten_tiktok_is_nowhere(data: Path) -> None:
    untouched = {path: path.read_bytes() for path in (data / "info/batch_2.json", data / "queries/more.json")}
    result = run(StepOptions(data), [GONE])
    assert result.failed == 0, result.messages
    assert GONE not in everything_in(data)
    assert Journal(data / "deletions.ndjson").latest().keys() == {(GONE, "", "", "")}
    assert list(find_posts(data)) == [KEPT, THIRD]
    assert {path: path.read_bytes() for path in untouched} == untouched
    assert json.loads((data / "ocr.json").read_text()) == {KEPT: "his words"}
    assert json.loads((data / "queries.json").read_text()) == [{"text": "q2", "target": KEPT, "author": JANE}]
    assert [line["tiktok_id"] for line in Journal(data / "downloads.ndjson").read()] == [KEPT]
    assert [line["query_text"] for line in Journal(data / "queries.ndjson").read()] == ["q5"]
    assert [line["doc_id"] for line in Journal(data / "judgements.ndjson").read()] == [KEPT]
    assert sorted(path.name for path in data.glob("*/*.mp4*")) == [f"{KEPT}.mp4"]
    assert sorted(path.name for path in (data / "coverphotos").iterdir()) == [f"{KEPT}.jpg"]
    assert not (data / "imports/yt-dlp/a.info.json").exists()
    assert (data / "runs/mine.trec").read_text() == f"1 Q0 {KEPT} 2 1.0 mine\n"
    # Her other traces are not what was asked for
    assert "jane.doe" in (data / "info/batch_1.json").read_text().lower()


WRITING = """
import sys
import threading
from pathlib import Path
from viewer.ledger import Ledger
files = [Ledger(Path(sys.argv[1]) / name, id_of=lambda line: line["query_id"], said=()) for name in sys.argv[2:]]
for number in range(400):
    for file in files:
        file.add({"query_id": str(number), "query_text": "for me", "target_id": str(7000000000000000000 + number)})
    print(number, flush=True)
"""


def test_forgetting_loses_nothing_that_the_viewer_writes_meanwhile(tmp_path: Path) -> None:
    """Another process adds lines to both files while one TikTok after the other is forgotten."""
    names = ["queries.ndjson", "judgements.ndjson"]
    forgotten: set[int] = set()
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, str(tmp_path), *names],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            number = int(line)
            if number % 20 == 0:
                assert run(StepOptions(tmp_path), [str(7000000000000000000 + number)]).failed == 0
                forgotten.add(number)
    assert process.returncode == 0
    for name in names:
        found = [json.loads(line)["query_id"] for line in (tmp_path / name).read_text().splitlines()]
        assert found == [str(number) for number in range(400) if number not in forgotten]


def test_a_forgotten_person_is_nowhere(data: Path) -> None:
    result = run(StepOptions(data), ["@Jane.Doe"])
    assert result.failed == 0, result.messages
    left = everything_in(data).replace("jane.doeling", "")
    assert "jane.doe" not in left
    assert GONE not in left
    batch = json.loads((data / "info/batch_1.json").read_text())
    assert [tiktok["id"] for tiktok in batch] == [KEPT]
    assert batch[0]["description"] == "with @[forgotten] and @jane.doeling"
    assert batch[0]["music-title"] == "original sound - [forgotten]"
    assert batch[0]["comments"] == [comment("Eve", "hi @[forgotten]", replies=[])]
    lines = [json.loads(line) for line in (data / "imports/zeeschuimer/a.ndjson").read_text().splitlines()]
    assert [line["data"]["id"] for line in lines] == [KEPT]
    assert json.loads((data / "queries.json").read_text()) == []
    deletions = list(Journal(data / "deletions.ndjson").read())
    assert [line.get("tiktok_id") or line.get("person") for line in deletions] == [GONE, JANE]
    assert result.details["other_names"] == ["jane d"]


def test_who_is_forgotten_is_forgotten_under_the_pseudonym_too(tmp_path: Path) -> None:
    """In files that were imported pseudonymised, and in a warehouse that was built so."""
    data = tmp_path / "data"
    batch = [
        record(GONE, JANE, "Jane D"),
        record(KEPT, "bob", "Bob", description="with jane.doe", comments=[comment(JANE, "me"), comment("eve", "z")]),
    ]
    (tmp_path / "batch.json").write_text(json.dumps(batch))
    import_files(StepOptions(data), [tmp_path / "batch.json"], pseudonymise=True)
    key = load_key(data / ".pseudonym_key")
    jane, bob, eve = (pseudonym_of_person(key, name) for name in (JANE, "bob", "eve"))
    hidden_id = Disguise(key).identifier(GONE)
    assert jane is not None and hidden_id is not None
    with duckdb.connect(data / "warehouse.duckdb") as database:
        database.execute(
            f"""
            create schema corpus;
            create table corpus.tiktoks as select * from (values
                ('{hidden_id}', '{jane}', 'hers'), ('123456789012345', '{bob}', 'with {jane}, {jane}'))
                as t (tiktok_id, creator_username, description);
            create table corpus.comments as select * from (values
                ('1', '{hidden_id}', '{eve}', 'x'), ('2', '123456789012345', '{jane}', 'y'))
                as t (comment_id, tiktok_id, commenter_name, comment_text);
            """
        )
    assert jane in everything_in(data)
    result = run(StepOptions(data), [JANE])
    assert result.failed == 0, result.messages
    left = everything_in(data)
    assert jane not in left
    assert hidden_id not in left
    assert GONE not in left
    assert f"@{bob}" in left
    with duckdb.connect(data / "warehouse.duckdb") as database:
        assert database.execute("select creator_username, description from corpus.tiktoks").fetchall() == [
            (bob, "with [forgotten], [forgotten]")
        ]
        assert database.execute("select count(*) from corpus.comments").fetchall() == [(0,)]
    # Imported once more, from whatever copy, the pseudonym is on the list of those who are left out
    assert jane in (data / "deletions.ndjson").read_text()
    (data / ".pseudonym_key").write_text("no key")
    with pytest.raises(UsageError, match="holds no key"):
        run(StepOptions(data), [JANE])


@pytest.mark.parametrize("word", [GONE, JANE])
def test_warehouse_and_published_copies_are_written_anew(data: Path, word: str) -> None:
    run(StepOptions(data), [word])
    for path in (data / "warehouse.duckdb", data / "published/1/warehouse.duckdb"):
        assert rows(path, "select tiktok_id from corpus.tiktoks") == [(KEPT,)]
        assert rows(path, "select doc_id from search_index.documents") == [(KEPT,)]
        assert rows(path, "select * from search_index.postings") == [(2, 2)]
        assert rows(path, "select term from search_index.terms") == [("song",)]
        assert rows(path, "select creator_username from corpus.names") == [("bob",)]
        assert rows(path, "select count(*) from search('nothing')") == [(0,)]
        comments = [row[0] for row in rows(path, "select comment_id from corpus.comments order by all")]
        assert comments == (["2", "3"] if word == GONE else ["3"])
        if word == JANE:
            assert rows(path, "select description, music_title from corpus.tiktoks") == [
                ("with @[forgotten]", "original sound - [forgotten]")
            ]
            assert rows(path, "select record ->> 'id' from staging.records") == [("9",)]


def test_the_sqlite_file_keeps_nothing_in_its_free_pages(data: Path) -> None:
    run(StepOptions(data), [JANE])
    with closing(sqlite3.connect(data / "tiktoks.db")) as database:
        assert database.execute("select cast(id as text), description from tiktoks").fetchall() == [
            (KEPT, "for @[forgotten]")
        ]
        assert database.execute("select comment_text from comments").fetchall() == [("c",)]
    assert b"jane" not in (data / "tiktoks.db").read_bytes()


def test_forgetting_twice_changes_nothing_more(data: Path) -> None:
    run(StepOptions(data), [GONE])
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    result = run(StepOptions(data), [GONE])
    assert result.ok == 0
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_a_dry_run_only_says_what_it_would_do(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    result = run(StepOptions(data, dry_run=True), [JANE])
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    assert {"info/batch_1.json", "tiktoks.db", "warehouse.duckdb", f"videos/{GONE}.mp4"} <= set(
        result.details["changed"]
    )


def test_a_layer_that_cannot_be_cleaned_is_told_and_the_others_are_cleaned(data: Path) -> None:
    (data / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    result = run(StepOptions(data), [GONE])
    assert result.exit_code(strict=False) == 1
    assert any(message.startswith("NOT CLEANED") and "warehouse.duckdb" in message for message in result.messages)
    assert not (data / f"videos/{GONE}.mp4").exists()
    assert GONE not in (data / "info/batch_1.json").read_text()


def test_a_warehouse_in_use_is_not_replaced(data: Path) -> None:
    with duckdb.connect(data / "warehouse.duckdb", read_only=True), pytest.raises(duckdb.Error):
        rewrite_warehouse(data / "warehouse.duckdb", Targets(frozenset({GONE})), dry_run=False)


def test_of_a_broken_file_only_what_can_be_read_is_kept(tmp_path: Path) -> None:
    path = write_batch(tmp_path, [record(KEPT, "bob", "Bob"), record(GONE, JANE, "Jane D")])
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(GONE.encode()) + 40])
    run(StepOptions(tmp_path), [GONE])
    assert [tiktok["id"] for tiktok in json.loads(path.read_text())] == [KEPT]
    (tmp_path / "ocr.ndjson").write_bytes(b'{"tiktok_id": "1"}\n{"tiktok_id": "' + GONE.encode() + b'", "te\n{torn\n')
    run(StepOptions(tmp_path), [GONE])
    assert (tmp_path / "ocr.ndjson").read_bytes() == b'{"tiktok_id": "1"}\n{torn\n'


def test_what_is_forgotten_is_not_downloaded_again(data: Path) -> None:
    run(StepOptions(data), [JANE])
    write_batch(data, [record(THIRD[:-1] + "9", JANE, "Jane D"), record(GONE, "moved", "Moved")], "batch_9.json")
    (data / "info/batch_1.json").unlink()
    done = run_cli("download", "--data", data, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in json.loads(done.stdout)["would_do"]} == {KEPT, THIRD}


def test_scrub_is_exact() -> None:
    targets = targets_of([GONE, "@Jane.Doe"])
    assert targets == Targets(frozenset({GONE}), frozenset({JANE}))
    assert scrub({"id": int(GONE)}, targets) is DROPPED
    assert scrub({"id": GONE + "1"}, targets) == {"id": GONE + "1"}
    assert scrub({"text": f"see /video/{GONE}?x"}, targets) == {"text": "see /video/[forgotten]?x"}
    assert scrub({"n": 1.5, "t": None, "b": True}, targets) == {"n": 1.5, "t": None, "b": True}
    assert scrub(["jane.doe", "jane"], targets) == ["[forgotten]", "jane"]
    assert scrub({"track": "By Jane.Doe live", "text": "jane.doe here"}, targets) == {
        "track": "By [forgotten] live",
        "text": "jane.doe here",
    }
    found = dict(owned_ids([{"id": "1", "author": {"uniqueId": JANE, "nickname": "JD"}}, {"id": "2"}], targets))
    assert found == {"1": frozenset({JANE, "jd"})}


def test_nothing_named_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(StepOptions(tmp_path), [" @ "])
    assert run_cli("forget", "--data", tmp_path).returncode == 2


def test_the_door_forgets(data: Path) -> None:
    (data / "unavailable.txt").write_text(f"{GONE}\tgone\n")
    done = run_cli("forget", "--ids", f"@{data / 'unavailable.txt'}", "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ids"] == [GONE]
    assert GONE not in everything_in(data)


# --- Recheck --------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with serving() as running:
        yield running


def answering(status: int, body: str = "", headers: dict[str, str] | None = None) -> Route:
    return lambda handler, count: handler.answer(body.encode(), status, headers)


def test_recheck_lists_only_what_is_plainly_gone(tmp_path: Path, server: FaultServer) -> None:
    ids = [str(7_000_000_000_000_000_300 + number) for number in range(9)]
    expected = {1: "not_found", 2: "gone", 3: "removed_or_blocked", 4: "private", 5: "not_found"}
    replies: list[tuple[int, str, dict[str, str]]] = [
        (200, f"<html>{ids[0]}</html>", {}),
        (404, "", {}),
        (410, "", {}),
        (200, '{"statusCode":10204}', {}),
        (200, '{"statusCode": 10216}', {}),
        (302, "", {"Location": "/404"}),
        (403, "", {}),
        (429, "", {"Retry-After": "7"}),
        (302, "", {"Location": "/login"}),
    ]
    for tiktok_id, reply in zip(ids, replies, strict=True):
        server.routes[f"/@somebody/video/{tiktok_id}"] = answering(*reply)
    server.routes["/404"] = answering(200, "nothing here")
    server.routes["/login"] = answering(200, "log in")
    write_batch(tmp_path, [scraped(tiktok_id, "blob:x") for tiktok_id in ids])
    pauses: list[float] = []
    settings = RecheckSettings(base_url=server.link(""), timeout=5)
    result = recheck(StepOptions(tmp_path), settings, sleep=pauses.append)
    assert result.details["unavailable"] == {ids[number]: fault for number, fault in expected.items()}
    assert (result.ok, result.failed) == (6, 3)
    assert sorted(set(pauses)) == [1.0, 7.0]
    listed = [line.split()[0] for line in (tmp_path / "unavailable.txt").read_text().splitlines()]
    assert listed == [ids[number] for number in expected]

    # Only what gave no answer is asked again, until it is asked for by name
    asked = sum(server.requests.values())
    again = recheck(StepOptions(tmp_path), settings, sleep=pauses.append)
    assert (again.skipped, again.failed) == (6, 3)
    assert again.details["unavailable"] == result.details["unavailable"]
    assert sum(server.requests.values()) == asked + 4  # one of the three leads to another page
    assert recheck(StepOptions(tmp_path, force=True), settings, sleep=pauses.append).skipped == 0

    # A later "don't know" does not take a post off the list; seen again, it goes
    server.routes[f"/@somebody/video/{ids[1]}"] = answering(503)
    server.routes[f"/@somebody/video/{ids[2]}"] = answering(200, ids[2])
    result = recheck(StepOptions(tmp_path, ids=frozenset(ids[1:3])), settings, sleep=pauses.append)
    assert set(result.details["unavailable"]) == {ids[1], ids[3], ids[4], ids[5]}


def test_recheck_keeps_the_path_of_the_permalink(tmp_path: Path) -> None:
    write_batch(tmp_path, [scraped(GONE, "blob:x")])
    post = find_posts(tmp_path)[GONE]
    assert address_of(post, None) == f"https://www.tiktok.com/@somebody/video/{GONE}"
    assert address_of(post, "http://127.0.0.1:1/base/") == f"http://127.0.0.1:1/base/@somebody/video/{GONE}"
    with pytest.raises(NoInputError):
        recheck(StepOptions(tmp_path / "nothing"))


def test_the_door_rechecks(tmp_path: Path, server: FaultServer) -> None:
    server.routes[f"/@somebody/video/{GONE}"] = answering(404)
    write_batch(tmp_path, [scraped(GONE, "blob:x")])
    done = run_cli("recheck", "--data", tmp_path, "--base-url", server.link(""), "--pause", "0", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unavailable"] == {GONE: "not_found"}


def test_recheck_asks_a_host_no_more_at_once_than_it_is_told(tmp_path: Path, server: FaultServer) -> None:
    ids = [str(7_000_000_000_000_000_400 + number) for number in range(6)]
    write_batch(tmp_path, [scraped(tiktok_id, "blob:x") for tiktok_id in ids])
    for tiktok_id in ids:
        server.routes[f"/@somebody/video/{tiktok_id}"] = answering(200, tiktok_id)
    settings = RecheckSettings(base_url=server.link(""), timeout=10, pause=0)
    assert recheck(StepOptions(tmp_path, jobs=4), settings).ok == 6
    assert server.most_in_hand == 1

    together = threading.Barrier(2, timeout=10)  # neither is answered before the other has come

    def meet(handler: Handler, count: int) -> None:
        together.wait()
        handler.answer(handler.path.rpartition("/")[2].encode())

    for tiktok_id in ids:
        server.routes[f"/@somebody/video/{tiktok_id}"] = meet
    two = replace(settings, per_host=2)
    assert recheck(StepOptions(tmp_path, jobs=4, force=True), two).ok == 6
    assert server.most_in_hand == 2
