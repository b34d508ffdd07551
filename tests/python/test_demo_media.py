"""The demo's own server and the raw zone it prepares."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tiktok_retrieval.demo import DEMO, MEDIA, earlier_port, live_ids, prepare
from tiktok_retrieval.demo_server import DemoServer, parse_range


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    """Serve the demo's media."""
    with DemoServer(MEDIA) as running:
        yield running


def get(server: DemoServer, path: str, **headers: str) -> requests.Response:
    """Ask the server for a path."""
    return requests.get(f"http://127.0.0.1:{server.port}/{path}", headers=headers, timeout=10)


CLIP = "videos/live-owl-return.mp4"


def test_server_sends_whole_files_with_their_type(server: DemoServer) -> None:
    """A clip and a cover come whole, labelled as what they are."""
    clip = get(server, CLIP + "?mime_type=video_mp4")
    assert (clip.status_code, clip.headers["Content-Type"]) == (200, "video/mp4")
    assert clip.content == (MEDIA / CLIP).read_bytes()
    cover = get(server, "coverphotos/live-owl-return.jpg")
    assert cover.headers["Content-Type"] == "image/jpeg"
    assert cover.content[:3] == b"\xff\xd8\xff"


def test_server_resumes(server: DemoServer) -> None:
    """A range gives the rest; a stale If-Range gives everything; a range behind the end is refused."""
    whole = (MEDIA / CLIP).read_bytes()
    rest = get(server, CLIP, Range="bytes=1000-")
    assert (rest.status_code, rest.content) == (206, whole[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    same = get(server, CLIP, **{"Range": "bytes=1000-", "If-Range": rest.headers["ETag"]})
    assert same.status_code == 206
    stale = get(server, CLIP, **{"Range": "bytes=1000-", "If-Range": '"another"'})
    assert (stale.status_code, stale.content) == (200, whole)
    assert get(server, CLIP, Range=f"bytes={len(whole)}-").status_code == 416


def test_server_refuses_as_the_real_hosts_do(server: DemoServer) -> None:
    """403 without the cookie, the clip with it, 404 for what is gone, HTML for a page, nothing outside the folder."""
    locked = "locked/locked-tram-opera.mp4?tk=tt_chain_token"
    assert get(server, locked).status_code == 403
    assert get(server, locked, Cookie="tt_chain_token=demo").headers["Content-Type"] == "video/mp4"
    assert get(server, "videos/gone-balloon.mp4").status_code == 404
    assert get(server, "@spoonfuls_of_magic/video/1").headers["Content-Type"].startswith("text/html")
    for path in ("..%2fqueries.json", "%2e%2e/make_media.py", "videos/", ""):
        assert get(server, path).status_code == 404
    assert requests.head(f"http://127.0.0.1:{server.port}/{CLIP}", timeout=10).headers["Content-Length"] != "0"


def test_a_client_that_hangs_up_is_not_worth_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    """A connection that is reset between two requests leaves no traceback, and the server answers the next one."""
    with DemoServer(MEDIA) as own:
        client = socket.create_connection(("127.0.0.1", own.port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /videos/gone.mp4 HTTP/1.1\r\nHost: demo\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 404"
        # Closing with a linger time of 0 sends a reset
        client.close()
        assert get(own, CLIP).status_code == 200
    deadline = time.monotonic() + 5
    while any("process_request_thread" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", (0, 9)),
        ("bytes=3-5", (3, 5)),
        ("bytes=3-99", (3, 9)),
        ("bytes=-4", (6, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=10-", None),
        ("bytes=5-3", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("pages=1-2", None),
    ],
)
def test_ranges_of_ten_bytes(header: str, expected: tuple[int, int] | None) -> None:
    """Ranges are read as RFC 9110 defines them."""
    assert parse_range(header, 10) == expected


def test_a_taken_port_is_no_obstacle() -> None:
    """The preferred port is used when it is free, another one when it is not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with DemoServer(MEDIA, port) as elsewhere:
            assert elsewhere.port != port
    with DemoServer(MEDIA, port) as there:
        assert there.port == port


def test_missing_media_are_named(tmp_path: Path) -> None:
    """A folder that is not there is told by name."""
    with pytest.raises(NotADirectoryError, match="nowhere"):
        DemoServer(tmp_path / "nowhere")


def test_prepare_points_links_at_the_server(tmp_path: Path, server: DemoServer) -> None:
    """Every placeholder is replaced, every live link is answered as its TikTok's fate says, nothing else changes."""
    prepare(tmp_path, server.port)
    assert earlier_port(tmp_path) == server.port
    for source in [*DEMO.glob("info/*.json"), DEMO / "master.json", DEMO / "ocr.json", DEMO / "queries.json"]:
        copy = (tmp_path / source.relative_to(DEMO)).read_text()
        assert "demo-media" not in copy
        back = copy.replace(f"http://localhost:{server.port}/", "http://demo-media-prime.test/")
        assert back.replace(f"http://127.0.0.1:{server.port}/", "http://demo-media.test/") == source.read_text()
    records = json.loads((tmp_path / "info/batch_4.json").read_text())
    links = [record["video-src"] for record in records if record["video-src"]]
    answers = [requests.get(link, timeout=10) for link in links]
    kinds = sorted(f"{answer.status_code} {answer.headers['Content-Type'].split(';')[0]}" for answer in answers)
    assert kinds == ["200 text/html", *["200 video/mp4"] * 13, *["403 text/plain"] * 2, "404 text/plain"]
    pictures = [
        link for record in records for link in (record["coverphoto-src"], *(record["slide-srcs"] or [])) if link
    ]
    assert {requests.get(link, timeout=10).headers["Content-Type"] for link in pictures} == {"image/jpeg"}


def test_preparing_again_touches_nothing(tmp_path: Path) -> None:
    """A second run with the same port rewrites no file and keeps what others put there; a new port rewrites links."""
    prepare(tmp_path, 50001)
    (tmp_path / "downloads.ndjson").write_text("{}\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    prepare(tmp_path, 50001)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    prepare(tmp_path, 50002)
    changed = {path.name for path, moment in before.items() if path.is_file() and path.stat().st_mtime_ns != moment}
    assert changed == {"batch_4.json", "batch_4_cut_off.json"}
    assert earlier_port(tmp_path) == 50002
    assert earlier_port(tmp_path / "nowhere") is None


def test_live_ids_are_those_the_server_is_asked_for(tmp_path: Path) -> None:
    """Nineteen TikToks have links to the demo's hosts, two of them only slides."""
    prepare(tmp_path, 50001)
    records = json.loads((tmp_path / "info/batch_4.json").read_text())
    linked = {record["id"] for record in records if ":50001/" in json.dumps(record)}
    assert live_ids() == linked
    assert len(linked) == 19
