"""The viewer's server: what it answers, what it refuses, and what it never tells."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from starlette.testclient import TestClient
from viewers import HOSTILE, OWNER, POST, Zone, client_of, make_zone, settings_of
from warehouses import PROJECT, BuildResult

from tiktok_retrieval import snapshots
from viewer import safety
from viewer.app import STATIC, create_app
from viewer.corpus import CorpusError
from viewer.media import web_vtt
from viewer.settings import Settings


@pytest.fixture(scope="module")
def zone(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return make_zone(tmp_path_factory.mktemp("viewer"), demo_build)


@pytest.fixture(scope="module")
def client(zone: Zone) -> Iterator[TestClient]:
    with client_of(zone, requests_per_minute=1_000_000, submissions_per_minute=1_000_000) as client:
        yield client


def query(target: str, number: int = 1, **changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "query_id": f"00000000-0000-4000-8000-{number:012x}",
        "query_text": "what I remember",
        "target_id": target,
        "pseudonym": "amber-otter-12ab",
        "owner_key": OWNER,
        "found_by": "history",
    }
    return {**made, **changes}


# --------------------------------------------------------------------------------------------------- watching


def test_posts_say_what_there_is_to_show(client: TestClient, zone: Zone) -> None:
    def media(tiktok_id: str) -> tuple[object, ...]:
        post = client.get(f"/api/posts/{tiktok_id}").json()
        return post["video"], post["cover"], post["slides"], post["captions"]

    video, photo = zone.videos[0], zone.photo
    cover = f"media/covers/{video}.jpg"
    assert media(video) == (f"media/videos/{video}.mp4", cover, [], f"media/captions/{video}.vtt")
    slides = [f"media/slides/{photo}_{number}.jpg" for number in (1, 2, 3)]
    assert media(photo) == (None, f"media/covers/{photo}.jpg", slides, None)
    assert media(zone.cover_only) == (None, f"media/covers/{zone.cover_only}.jpg", [], None)
    assert media(zone.bare) == (None, None, [], None)
    for address in filter(None, [cover, *slides, f"media/videos/{video}.mp4"]):
        assert client.get(address).status_code == 200


def test_queue_holds_the_corpus(client: TestClient, demo_build: BuildResult) -> None:
    queue = client.get("/api/queue").json()
    assert queue["ids"] == [row[0] for row in demo_build.rows("select tiktok_id from corpus.tiktoks order by 1")]
    assert queue["snapshot_version"]


def test_comments_come_in_order_with_their_replies(client: TestClient, demo_build: BuildResult) -> None:
    found = demo_build.rows(
        "select tiktok_id, list(comment_id order by position) from corpus.comments group by 1 order by count(*) desc, 1"
    )
    for tiktok_id, ids in found[:5]:
        comments = client.get(f"/api/posts/{tiktok_id}").json()["comments"]
        assert [comment["id"] for comment in comments] == ids


@pytest.mark.parametrize(
    ("header", "status", "length"),
    [
        ("bytes=0-9", 206, 10),
        ("bytes=-7", 206, 7),
        ("bytes=5-", 206, None),
        ("bytes=99999999-", 416, None),
        ("bytes=abc", 400, None),
        ("", 200, None),
    ],
)
def test_media_come_in_ranges(client: TestClient, zone: Zone, header: str, status: int, length: int | None) -> None:
    answer = client.get(f"/media/videos/{zone.videos[0]}.mp4", headers={"Range": header} if header else {})
    assert answer.status_code == status
    assert length is None or len(answer.content) == length
    if status in (200, 206):
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["accept-ranges"] == "bytes"


def test_head_and_conditional_requests(client: TestClient, zone: Zone) -> None:
    address = f"/media/covers/{zone.videos[0]}.jpg"
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert client.get(address).headers["etag"] == head.headers["etag"]


def test_captions_become_plain_cues(client: TestClient, zone: Zone, tmp_path: Path) -> None:
    answer = client.get(f"/media/captions/{zone.videos[0]}.vtt")
    assert answer.headers["content-type"].startswith("text/vtt")
    assert answer.text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nfirst line &amp; more\n\n00:00:02.500 --> 00:00:03.000\nsecond line\n"
    )
    srt = tmp_path / "1.srt"
    srt.write_text("1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>words</i>\r\n\r\nNOTE <script>\r\n")
    assert web_vtt(srt) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nwords\n"


@pytest.mark.parametrize(
    "address",
    [
        "/media/videos/../warehouse.duckdb",
        "/media/videos/%2e%2e%2fwarehouse.duckdb",
        "/media/videos/..%2f..%2f..%2fetc%2fpasswd",
        "/media/covers/%2fetc%2fpasswd",
        "/media/covers/1%00.jpg",
        "/media/videos/1.mp4/../../x",
        "/media/slides/1_../2.jpg",
        "/media/slides/1_99999.jpg",
        "/media/captions/*.vtt",
        "/media/videos/*.mp4",
        "/media/covers/7.en.jpg",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
    ],
)
def test_no_path_leads_out_of_the_media_folder(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (400, 404)
    assert b"DUCK" not in answer.content
    assert b"root:" not in answer.content


@pytest.mark.parametrize("tiktok_id", ["7", "999999999999999999999999", "abc", "1' or '1'='1", "٣", "-1", "7" * 26])
def test_what_is_no_tiktok_is_said_to_be_none(client: TestClient, tiktok_id: str) -> None:
    answer = client.get(f"/api/posts/{tiktok_id}")
    assert answer.status_code in (404, 422)
    assert isinstance(answer.json()["detail"], str)


# --------------------------------------------------------------------------------------------------- search


def test_search_is_the_warehouses_own(client: TestClient, demo_build: BuildResult) -> None:
    for text, expected in demo_build.rows(
        """
        select queries.query_text, list(runs.doc_id order by runs.rank)
        from retrieval.runs
        inner join test_collection.queries using (query_id)
        inner join search.searchable_systems as systems on runs.system_id = systems.system_id and systems.is_best
        where runs.rank <= 10 and runs.query_id in (select query_id from test_collection.queries order by 1 limit 8)
        group by queries.query_id, queries.query_text
        """
    ):
        answer = client.get("/api/search", params={"query": text}).json()
        assert [result["id"] for result in answer["results"]] == expected
        assert [result["rank"] for result in answer["results"]] == list(range(1, len(expected) + 1))


def test_search_is_limited_to_creator_and_dates(client: TestClient) -> None:
    whole = client.get("/api/search", params={"query": "the", "k": 50}).json()["results"]
    creator, day = whole[0]["creator"]["username"], whole[0]["posted_at"][:10]
    for filters in ({"creator": creator}, {"posted_from": day, "posted_to": day}):
        found = client.get("/api/search", params={"query": "the", **filters}).json()["results"]
        assert whole[0]["id"] in [result["id"] for result in found]
        assert len(found) < len(whole)


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": ""},
        {},
        {"query": "x" * 301},
        {"query": "x", "k": "0"},
        {"query": "x", "k": "many"},
        {"query": "x", "posted_from": "yesterday"},
        {"query": "x", "posted_from": "0001-01-01"},
        {"query": "x", "system": "no such system"},
    ],
)
def test_a_search_that_cannot_be_is_refused_in_a_sentence(client: TestClient, parameters: dict[str, str]) -> None:
    answer = client.get("/api/search", params=parameters)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) > 5
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize("text", ["'; drop table x; --", "\x00", "🦆", "''", "%", "\\", "ﷺ" * 100, "$query", "日本語"])
def test_hostile_words_are_words(client: TestClient, text: str) -> None:
    assert client.get("/api/search", params={"query": text}).status_code == 200


# --------------------------------------------------------------------------------------------------- queries


def test_a_query_is_kept_once_and_can_be_had_back(client: TestClient, zone: Zone) -> None:
    sent = query(zone.videos[0], 1)
    first, second = (client.post("/api/queries", json=sent, headers=POST) for _ in range(2))
    assert (first.status_code, first.json()["is_new"]) == (201, True)
    assert (second.status_code, second.json()["is_new"]) == (200, False)
    other = client.post("/api/queries", json={**sent, "query_text": "other words"}, headers=POST)
    assert other.status_code == 409
    mine = client.post("/api/mine", json={"owner_key": OWNER}, headers=POST).json()["lines"]
    assert [line["query_text"] for line in mine] == ["what I remember"]
    assert client.post("/api/mine", json={"owner_key": "f" * 32}, headers=POST).json()["lines"] == []
    withdrawal = {"query_id": sent["query_id"], "owner_key": OWNER}
    foreign = client.post("/api/queries/withdraw", json={**withdrawal, "owner_key": "f" * 32}, headers=POST)
    assert foreign.status_code == 404
    assert client.post("/api/queries/withdraw", json=withdrawal, headers=POST).json()["is_new"] is True
    assert client.post("/api/mine/withdraw", json={"owner_key": OWNER}, headers=POST).json() == {"withdrawn": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"target_id": "7"},
        {"target_id": None},
        {"target_id": "../x"},
        {"query_text": ""},
        {"query_text": "  \n "},
        {"query_text": "x" * 301},
        {"query_text": 7},
        {"query_id": "1"},
        {"owner_key": "short"},
        {"pseudonym": "Jane Doe"},
        {"pseudonym": "a@b.example"},
        {"found_by": "chance"},
        {"viewed_seconds_ago": -1},
        {"viewed_seconds_ago": 1e12},
        {"extra": "field"},
    ],
)
def test_a_query_that_cannot_be_is_refused(client: TestClient, zone: Zone, changes: dict[str, object]) -> None:
    before = (zone.data / "queries.ndjson").read_bytes() if (zone.data / "queries.ndjson").exists() else b""
    answer = client.post("/api/queries", json={**query(zone.videos[0], 2), **changes}, headers=POST)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
    after = (zone.data / "queries.ndjson").read_bytes() if (zone.data / "queries.ndjson").exists() else b""
    assert before == after


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"query_text": "\\ud800"}', b"[" * 5000, b"1e999"]
)
def test_malformed_bodies_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/queries", content=body, headers=POST)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/json"


def test_lone_surrogates_are_refused_where_all_else_is_right(client: TestClient, zone: Zone) -> None:
    body = json.dumps(query(zone.videos[0], 3)).replace("what I remember", "\\ud800")
    assert client.post("/api/queries", content=body.encode(), headers=POST).status_code == 422


# --------------------------------------------------------------------------------------------------- safety


def test_every_answer_carries_the_policy(client: TestClient, zone: Zone) -> None:
    addresses = [
        "/",
        "/api/queue",
        f"/media/covers/{zone.videos[0]}.jpg",
        "/static/main.js",
        "/nowhere",
        "/api/posts/x",
    ]
    for address in addresses:
        headers = client.get(address).headers
        assert headers["content-security-policy"] == safety.CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"]
    assert "unsafe" not in safety.CONTENT_SECURITY_POLICY
    assert "http" not in safety.CONTENT_SECURITY_POLICY


def test_pages_load_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/").text
    assert re.findall(r"(?:src|href)=\"(?!static/|#|research\b)[^\"]*", page) == []
    for path in STATIC.iterdir():
        text = path.read_text()
        addresses = set(re.findall(r"https?://[^\s\"')]+", text)) - {"http://www.w3.org/2000/svg"}
        assert addresses == set(), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path.name
        )


def test_scraped_words_stay_words(client: TestClient, zone: Zone) -> None:
    assert client.get(f"/api/posts/{zone.hostile}").json()["comments"][0]["text"] == HOSTILE
    assert client.get(f"/api/posts/{zone.hostile}").headers["content-type"] == "application/json"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8000", "[::2]"])
def test_other_names_of_this_address_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/queue", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machines_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/queue", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Viewer-Request": ""}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_other_sites_cannot_post(client: TestClient, zone: Zone, headers: dict[str, str], status: int) -> None:
    answer = client.post("/api/queries", json=query(zone.videos[0], 9), headers={**POST, **headers})
    assert answer.status_code == status


def test_large_requests_are_refused(client: TestClient) -> None:
    too_long = b'"' + b"x" * safety.BODY_BYTES + b'"'
    assert client.post("/api/queries", content=too_long, headers=POST).status_code == 413
    pieces = (b"x" * 1000 for _ in range(100))
    assert client.post("/api/queries", content=pieces, headers=POST).status_code == 413
    assert client.get("/api/search", params={"query": "x" * 5000}).status_code == 414
    assert client.post("/api/queries", headers={**POST, "Content-Length": "-5"}).status_code == 413


def test_whoever_asks_too_often_waits(zone: Zone) -> None:
    with client_of(zone, requests_per_minute=40) as client:
        statuses = [client.get("/robots.txt").status_code for _ in range(14)]
        assert statuses[:10] == [200] * 10
        assert 429 in statuses
        assert int(client.get("/robots.txt").headers["retry-after"]) >= 1


def test_rate_fills_up_again() -> None:
    now = 0.0
    rate = safety.Rate(60, clock=lambda: now)
    assert [rate.seconds_to_wait("a") for _ in range(15)] == [0.0] * 15
    assert rate.seconds_to_wait("a") == 1.0
    assert rate.seconds_to_wait("b") == 0.0
    now = 1.0
    assert (rate.seconds_to_wait("a"), rate.seconds_to_wait("a")) == (0.0, 1.0)


def test_a_token_lets_in(zone: Zone) -> None:
    with client_of(zone, token="open sesame", research_token="more") as client:
        assert client.get("/api/queue").status_code == 401
        answer = client.get("/?video=7", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
        assert client.get("/enter").status_code == 200
        assert client.get("/static/viewer.css").status_code == 200
        assert client.post("/api/enter", json={"token": "wrong"}, headers=POST).status_code == 401
        entered = client.post("/api/enter", json={"token": "open sesame"}, headers=POST)
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "sesame" not in cookie
        assert client.get("/api/queue").status_code == 200
        assert client.get("/research").status_code == 401
        client.cookies.clear()
        client.post("/api/enter", json={"token": "more"}, headers=POST)
        assert client.get("/api/queue").status_code == 200


def test_tokens_cannot_be_guessed_fast(zone: Zone) -> None:
    with client_of(zone, token="secret") as client:
        statuses = [client.post("/api/enter", json={"token": str(n)}, headers=POST).status_code for n in range(30)]
    assert statuses.count(429) >= 15


def test_beyond_this_machine_names_are_pseudonyms(zone: Zone, demo_build: BuildResult) -> None:
    names = {
        str(name)
        for row in demo_build.rows("select creator_username, creator_nickname from corpus.tiktoks")
        for name in row
        if name and len(name) > 4
    }
    shown = {}
    for is_shown in (True, False):
        host: dict[str, Any] = {"host": "0.0.0.0", "allowed_hosts": ("study.example",), "with_names": is_shown or None}
        with client_of(zone, **host) as client:
            answer = client.get("/api/queue", headers={"Host": "study.example"})
            posts = [
                client.get(f"/api/posts/{one}", headers={"Host": "study.example"}).text for one in answer.json()["ids"]
            ]
            assert client.get("/research", headers={"Host": "study.example"}).status_code == 403
        shown[is_shown] = "\n".join(posts)
    assert len(names) > 40
    assert [name for name in names if f'"username":"{name}"' in shown[False]] == []
    assert [name for name in names if f'"nickname":"{name}"' in shown[False]] == []
    assert "tiktok.com/@" in shown[True]
    assert "tiktok.com/@" not in shown[False]
    assert '"username":"person_' in shown[False]
    assert Settings(zone.data, zone.warehouse).shows_names
    assert not Settings(zone.data, zone.warehouse, behind_proxy=True).shows_names


# ------------------------------------------------------------------------------------------------- the command


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiktok_retrieval", "viewer", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)


def test_a_missing_or_strange_warehouse_is_named(tmp_path: Path, zone: Zone) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with pytest.raises(CorpusError, match=r"nothing has been published from .*warehouse.duckdb: run `dbt build`"):
        create_app(settings_of(zone, warehouse=warehouse))
    (tmp_path / "published" / "1").mkdir(parents=True)
    (tmp_path / "published" / "1" / "warehouse.duckdb").write_text("no database")
    with pytest.raises(CorpusError, match="cannot be opened"):
        create_app(settings_of(zone, warehouse=warehouse))
    answer = run("serve", "--data", str(tmp_path / "nothing"))
    assert answer.returncode == 4
    assert answer.stderr.startswith("viewer: nothing has been published from ")
    assert answer.stderr.count("\n") == 1


def test_a_new_snapshot_is_served_and_a_reader_never_blocks_a_build(
    zone: Zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.corpus.SECONDS_BETWEEN_LOOKS", 0.0)
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(zone.warehouse, warehouse)
    snapshots.publish(warehouse)
    with client_of(zone, warehouse=warehouse) as client:
        before = client.get("/api/queue").json()
        with duckdb.connect(str(warehouse)) as connection:  # as a build would
            connection.execute("delete from corpus.tiktoks where tiktok_id = $1", [zone.bare])
            connection.execute("update meta.builds set build_id = 'the next one'")
        assert client.get("/api/queue").json() == before
        snapshots.publish(warehouse)
        after = client.get("/api/queue").json()
        assert after["snapshot_version"] == "the next one"
        assert set(before["ids"]) - set(after["ids"]) == {zone.bare}
        assert client.get(f"/api/posts/{zone.bare}").status_code == 404
        shutil.rmtree(tmp_path / "published")
        assert client.get("/api/queue").json() == after


def test_a_port_that_is_taken_is_named(zone: Zone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = run("serve", "--data", str(zone.data), "--port", port)
    assert answer.returncode == 1
    assert (
        answer.stderr == f"viewer: cannot listen on 127.0.0.1:{port}: Address already in use: choose another --port\n"
    )


def test_the_command_serves_logs_nothing_and_ends_well(zone: Zone) -> None:
    command = [sys.executable, "-m", "tiktok_retrieval", "viewer", "serve", "--data", str(zone.data), "--port", "0"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.fullmatch(r"The viewer is at (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n", line)
    assert match, line
    answer = httpx.get(f"{match[1]}/api/queue")
    assert answer.status_code == 200
    assert "server" not in answer.headers
    sent = query(zone.videos[0], 77, query_text="a telling query")
    assert httpx.post(f"{match[1]}/api/queries", json=sent, headers=POST).status_code == 201
    assert httpx.get(f"{match[1]}/api/search", params={"query": "a telling query"}).status_code == 200
    raw = socket.create_connection(("127.0.0.1", int(match[1].rpartition(":")[2])))
    raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n")
    assert raw.recv(100).startswith(b"HTTP/1.1 431")
    raw.close()
    process.terminate()
    assert process.wait(timeout=20) in (0, -15)
    assert process.stderr is not None
    # not a word, about participants or anything else
    assert process.stdout.read() + process.stderr.read() == ""
