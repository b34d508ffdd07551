"""Every fault of a host, a file or a machine ends in its class, and never leaves a bad file under a final name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from fault_server import (
    HTML,
    REPOSITORY,
    FaultServer,
    Handler,
    Route,
    mp4,
    picture,
    run_cli,
    scraped,
    serve,
    serving,
    write_batch,
)
from media_files import ffmpeg

from extract.journal import Journal, utc_now
from extract.media_checks import check_image, check_video
from extract.raw_zone import find_posts, part_path
from extract.steps.common import NoInputError, StepOptions, UsageError
from extract.steps.download import (
    Downloader,
    DownloadSettings,
    parse_retry_after,
    run,
)
from extract.steps.download_plan import link_expiry, parts_of

ID = "7000000000000000001"
FAST = DownloadSettings(timeout=0.6, deadline=5.0, backoff=0.01)
VIDEO = mp4()
COVER = picture()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with serving() as running:
        running.routes["/cover.jpg"] = serve(COVER)
        yield running


def lines(data: Path, part: str = "video") -> list[dict[str, Any]]:
    return [line for line in Journal(data / "downloads.ndjson").read() if line["part"] == part]


def last_class(data: Path, part: str = "video") -> str | None:
    found: str | None = lines(data, part)[-1].get("class")
    return found


def attempt(data: Path, server: FaultServer, route: Route | None = None, link: str | None = None, **more: Any) -> None:
    """Download one video from a route or a link; its cover is always fine."""
    if route is not None:
        server.routes["/video.mp4"] = route
    video = server.link("/video.mp4") if link is None else link
    write_batch(data, [scraped(ID, video, server.link("/cover.jpg"))])
    run(StepOptions(data), replace(FAST, **more))
    assert part_path(data, ID, "cover").read_bytes() == COVER
    assert lines(data, "cover")[-1]["status"] == "ok"


def failing(status: int, headers: Mapping[str, str] | None = None) -> Route:
    return lambda handler, count: handler.answer(HTML, status, {"Content-Type": "text/html", **(headers or {})})


def hang(handler: Handler) -> None:
    handler.server.closing.wait(30)
    handler.hang_up()


# --- What the host does --------------------------------------------------------------------------------------------


def test_a_good_file_comes_home_with_a_whole_line(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, serve(VIDEO))
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO
    (line,) = lines(tmp_path)
    assert (line["tiktok_id"], line["status"], line["host"], line["bytes"]) == (ID, "ok", "127.0.0.1", len(VIDEO))
    assert line["started_at"] <= line["finished_at"]
    assert list((tmp_path / "videos").iterdir()) == [part_path(tmp_path, ID, "video")]


@pytest.mark.parametrize(
    ("status", "expected", "requests"),
    [(401, "forbidden", 1), (403, "forbidden", 1), (404, "not_found", 1), (410, "gone", 1), (418, "http_error", 1)],
)
def test_refusals_are_permanent(tmp_path: Path, server: FaultServer, status: int, expected: str, requests: int) -> None:
    attempt(tmp_path, server, failing(status))
    assert last_class(tmp_path) == expected
    assert server.requests["/video.mp4"] == requests
    assert not part_path(tmp_path, ID, "video").exists()


def test_429_waits_as_long_as_it_is_told(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        if count == 1:
            handler.answer(b"", 429, {"Retry-After": "1"})
        else:
            serve(VIDEO)(handler, count)

    begin = time.monotonic()
    attempt(tmp_path, server, route)
    assert time.monotonic() - begin >= 1
    assert [(line["status"], line.get("class")) for line in lines(tmp_path)] == [
        ("failed", "rate_limited"),
        ("ok", None),
    ]


def test_500_twice_then_fine(tmp_path: Path, server: FaultServer) -> None:
    attempt(
        tmp_path,
        server,
        lambda handler, count: handler.answer(b"", 500) if count <= 2 else serve(VIDEO)(handler, count),
    )
    assert [line.get("class") for line in lines(tmp_path)] == ["server_error", "server_error", None]
    assert [line["attempt"] for line in lines(tmp_path)] == [1, 2, 3]
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


@pytest.mark.parametrize("content_type", ["video/mp4", "text/html; charset=utf-8"])
def test_a_page_is_no_video_whatever_it_is_labelled(tmp_path: Path, server: FaultServer, content_type: str) -> None:
    attempt(tmp_path, server, lambda handler, count: handler.answer(HTML, 200, {"Content-Type": content_type}))
    assert last_class(tmp_path) == "not_media"
    assert server.requests["/video.mp4"] == 2
    assert not part_path(tmp_path, ID, "video").exists()


def test_an_empty_answer(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, lambda handler, count: handler.answer(b""))
    assert last_class(tmp_path) == "empty"
    assert not part_path(tmp_path, ID, "video").exists()


@pytest.mark.parametrize("moov_first", [True, False])
def test_a_body_cut_without_a_length_is_found_by_its_boxes(
    tmp_path: Path, server: FaultServer, moov_first: bool
) -> None:
    body = mp4(moov_first=moov_first)

    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body[:-500] if count == 1 else body)
        handler.hang_up()

    attempt(tmp_path, server, route)
    assert [line.get("class") for line in lines(tmp_path)] == ["truncated", None]
    assert part_path(tmp_path, ID, "video").read_bytes() == body


def test_a_body_that_is_always_cut_is_given_up(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(VIDEO[:20_000])
        handler.hang_up()

    attempt(tmp_path, server, route)
    assert last_class(tmp_path) == "truncated"
    assert not part_path(tmp_path, ID, "video").exists()


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"v1"'}, '"v1"'),
        ({"Last-Modified": "Wed, 01 Nov 2023 00:00:00 GMT"}, "Wed, 01 Nov 2023 00:00:00 GMT"),
        ({}, None),
    ],
)
def test_a_cut_body_is_resumed_where_it_ended(
    tmp_path: Path, server: FaultServer, headers: dict[str, str], validator: str | None
) -> None:
    def route(handler: Handler, count: int) -> None:
        if count == 1:
            handler.answer(VIDEO[:20_000], 200, headers, length=len(VIDEO))
        else:
            serve(VIDEO, headers)(handler, count)

    attempt(tmp_path, server, route)
    assert [line.get("class") for line in lines(tmp_path)] == ["truncated", None]
    asked = [sent for path, sent in server.headers if path == "/video.mp4"][1]
    assert asked["Range"] == "bytes=20000-"
    assert asked.get("If-Range") == validator
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def test_a_file_that_changed_meanwhile_is_not_glued_together(tmp_path: Path, server: FaultServer) -> None:
    other = mp4(60_000)

    def route(handler: Handler, count: int) -> None:
        if count == 1:
            handler.answer(VIDEO[:20_000], 200, {"ETag": '"v1"'}, length=len(VIDEO))
        else:  # If-Range does not match: the whole new file
            handler.answer(other, 200, {"ETag": '"v2"'})

    attempt(tmp_path, server, route)
    assert part_path(tmp_path, ID, "video").read_bytes() == other


def test_a_host_that_resumes_at_another_place_is_asked_from_the_start(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        if count == 1:
            handler.answer(VIDEO[:20_000], 200, {"ETag": '"v1"'}, length=len(VIDEO))
        elif handler.headers.get("Range"):
            handler.answer(VIDEO[7:], 206, {"Content-Range": f"bytes 7-{len(VIDEO) - 1}/{len(VIDEO)}"})
        else:
            handler.answer(VIDEO)

    attempt(tmp_path, server, route)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def test_broken_chunking(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"2000\r\n" + VIDEO[:0x2000] + b"\r\n")
        handler.wfile.write(b"nonsense\r\n" if count == 1 else b"1000\r\nshort")
        handler.hang_up()

    attempt(tmp_path, server, route)
    assert {line["class"] for line in lines(tmp_path)} == {"truncated"}
    assert not part_path(tmp_path, ID, "video").exists()


def test_good_chunking(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(VIDEO), 5000):
            piece = VIDEO[start : start + 5000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    attempt(tmp_path, server, route)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def test_a_hang_before_the_headers(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, lambda handler, count: hang(handler) if count < 2 else serve(VIDEO)(handler, count))
    assert [line.get("class") for line in lines(tmp_path)] == ["timeout", None]


def test_a_hang_in_the_body(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        if count > 1:
            serve(VIDEO, {"ETag": '"v"'})(handler, count)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(VIDEO)))
        handler.send_header("ETag", '"v"')
        handler.end_headers()
        handler.wfile.write(VIDEO[:30_000])
        handler.wfile.flush()
        hang(handler)

    attempt(tmp_path, server, route)
    assert [line.get("class") for line in lines(tmp_path)] == ["timeout", None]
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def drip(handler: Handler, body: bytes) -> None:
    for position in range(len(body)):
        handler.wfile.write(body[position : position + 1])
        handler.wfile.flush()
        if handler.server.closing.wait(0.3):
            break
    handler.hang_up()


def test_one_byte_every_third_of_a_second_in_the_body(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(VIDEO)))
        handler.end_headers()
        drip(handler, VIDEO)

    attempt(tmp_path, server, route, deadline=1.0)
    assert last_class(tmp_path) == "deadline"
    assert server.requests["/video.mp4"] == 1
    assert not part_path(tmp_path, ID, "video").exists()


def test_one_byte_every_third_of_a_second_in_the_headers(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, lambda handler, count: drip(handler, b"HTTP/1.1 200 OK\r\n" * 99), deadline=1.0)
    assert last_class(tmp_path) == "deadline"


def test_the_deadline_ends_a_read_that_is_blocked(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(VIDEO)))
        handler.end_headers()
        handler.wfile.write(VIDEO[:30_000])
        handler.wfile.flush()
        hang(handler)

    begin = time.monotonic()
    attempt(tmp_path, server, route, timeout=25.0, deadline=0.8)
    assert time.monotonic() - begin < 20
    assert last_class(tmp_path) == "deadline"


def test_the_deadline_holds_for_what_retry_after_asks(tmp_path: Path, server: FaultServer) -> None:
    begin = time.monotonic()
    attempt(tmp_path, server, lambda handler, count: handler.answer(b"", 429, {"Retry-After": "30"}), deadline=2.0)
    assert time.monotonic() - begin < 20
    assert last_class(tmp_path) == "rate_limited"
    assert server.requests["/video.mp4"] == 1


def test_redirects(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/real.mp4"] = serve(VIDEO)
    attempt(tmp_path, server, lambda handler, count: handler.answer(b"", 302, {"Location": "/real.mp4"}))
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


@pytest.mark.parametrize(
    ("location", "expected"),
    [("/video.mp4", "redirect_loop"), ("file:///etc/passwd", "bad_redirect"), ("http://[bad/", "bad_redirect")],
)
def test_bad_redirects_are_permanent(tmp_path: Path, server: FaultServer, location: str, expected: str) -> None:
    attempt(tmp_path, server, lambda handler, count: handler.answer(b"", 302, {"Location": location}))
    assert [line["class"] for line in lines(tmp_path)] == [expected]
    assert not part_path(tmp_path, ID, "video").exists()


def test_nobody_listens(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, link="http://127.0.0.1:9/video.mp4")
    assert [line["class"] for line in lines(tmp_path)] == ["connection"] * 4


# --- Links that are not worth a request ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("", "no_link"),
        ("  ", "no_link"),
        ("blob:https://www.tiktok.com/0d2b", "blob_link"),
        ("data:video/mp4;base64,AAAA", "bad_link"),
        ("file:///etc/passwd", "bad_link"),
        ("ftp://127.0.0.1/video.mp4", "bad_link"),
        ("http://[bad", "bad_link"),
        ("video.mp4", "bad_link"),
        ("https://www.tiktok.com/@somebody/video/7000000000000000001", "bad_link"),
        ("SERVER/video.mp4?expire=1669985936", "expired_link"),
        ("SERVER/video.mp4?x-expires=1669985936&x-signature=a", "expired_link"),
        ("SERVER/0123456789abcdef0123456789abcdef/638a1d50/video.mp4", "expired_link"),
    ],
)
def test_no_request_is_made_for_a_hopeless_link(tmp_path: Path, server: FaultServer, link: str, expected: str) -> None:
    attempt(tmp_path, server, link=link.replace("SERVER", server.link("")))
    assert [line["class"] for line in lines(tmp_path)] == [expected]
    assert list(server.requests) == ["/cover.jpg"]
    # Said once for a link, not once for each run
    run(StepOptions(tmp_path), FAST)
    assert len(lines(tmp_path)) == 1
    assert (tmp_path / "scrape_again.txt").read_text().split("\t")[:2] == [ID, expected]


def test_link_expiry() -> None:
    assert link_expiry("https://h/v/?a=1&expire=1669985936&l=2") == 1669985936
    assert link_expiry("https://h/c.jpeg?x-expires=1669982400&x-signature=x") == 1669982400
    assert link_expiry("https://h/0123456789abcdef0123456789abcdef/638a1d50/video/tos/x/") == 0x638A1D50
    assert link_expiry("https://h/0123456789abcdef0123456789abcdef/00000001/video/") is None
    assert link_expiry("https://h/v/?expire=soon") is None
    assert link_expiry("http://[") is None


def test_a_link_that_still_lives_is_asked_for(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    attempt(tmp_path, server, link=server.link(f"/video.mp4?expire={int(time.time()) + 3600}"))
    assert lines(tmp_path)[-1]["status"] == "ok"


# --- Certificates --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for another host, of an authority that the test trusts."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.example"),
            *("-addext", "subjectAltName=DNS:other.example", "-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    path = folder / "both.pem"
    path.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return path


def test_a_certificate_for_another_host_is_never_accepted(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as server:
        server.routes["/video.mp4"] = serve(VIDEO)
        write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), cover="blob:x")])
        result = run(StepOptions(tmp_path), FAST)
        assert [line["class"] for line in lines(tmp_path)] == ["tls_name"] * 3
        assert not server.requests
    assert result.faults == {"tls_name": 1, "blob_link": 1}
    assert not part_path(tmp_path, ID, "video").exists()


def test_an_unknown_authority_is_another_class(tmp_path: Path, certificate: Path) -> None:
    with serving(certificate) as server:
        write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), cover="blob:x")])
        run(StepOptions(tmp_path), FAST)
    assert {line["class"] for line in lines(tmp_path)} == {"tls"}


def test_many_name_errors_in_a_row_stop_the_step_and_say_what_helps(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as server:
        ids = [str(int(ID) + number) for number in range(9)]
        write_batch(tmp_path, [scraped(tiktok_id, server.link("/video.mp4"), None) for tiktok_id in ids])
        result = run(StepOptions(tmp_path), replace(FAST, breaker=3))
    assert result.stopped is not None
    assert "another network or VPN server usually helps" in result.stopped
    tried = {line["tiktok_id"] for line in lines(tmp_path)}
    assert len(tried) == 3
    assert result.exit_code(strict=False) == 1
    assert result.left > 0


# --- Media that is not what it should be ---------------------------------------------------------------------------

BROKEN_VIDEOS = [
    (b"", "empty"),
    (HTML, "not_media"),
    (b"just text\n" * 50, "not_media"),
    (picture(), "not_media"),
    (mp4()[:-1], "truncated"),
    (mp4(moov_first=False)[:-1], "truncated"),
    (mp4() + b"\0\0\0\4junk", "corrupt"),
    (mp4() + b"xy", "truncated"),
    (mp4(kinds=("soun",)), "corrupt"),
    (mp4(size=0), "truncated"),
]


@pytest.mark.parametrize(("body", "expected"), BROKEN_VIDEOS)
def test_broken_videos(tmp_path: Path, body: bytes, expected: str) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(body)
    assert check_video(path).fault == expected


@pytest.mark.parametrize("moov_first", [True, False])
def test_whole_videos(tmp_path: Path, moov_first: bool) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(mp4(moov_first=moov_first))
    assert check_video(path).tracks == ("vide", "soun")
    assert check_video(path).has_audio
    path.write_bytes(mp4(moov_first=moov_first, kinds=("vide",)))
    assert check_video(path).ok
    assert not check_video(path).has_audio


def test_real_videos_are_whole_until_they_are_cut(tmp_path: Path) -> None:
    for flags in ([], ["-movflags", "+faststart"], ["-movflags", "frag_keyframe+empty_moov"]):
        path = tmp_path / "real.mp4"
        command = [ffmpeg(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:duration=1"]
        subprocess.run([*command, *flags, str(path)], check=True)
        assert check_video(path).ok, flags
        whole = path.read_bytes()
        for length in (len(whole) - 1, len(whole) // 2, 40, 9):
            path.write_bytes(whole[:length])
            assert check_video(path).fault == "truncated", (flags, length)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (picture(), None),
        (picture(mode="CMYK"), None),
        (picture("WEBP"), None),
        (picture("PNG", mode="L"), None),
        (b"", "empty"),
        (b"text as jpg", "not_media"),
        (HTML, "not_media"),
        (mp4(), "not_media"),
        (picture(size=(600, 600))[:-400], "truncated"),
        (picture()[:20], "corrupt"),
        (picture("PNG")[:30] + b"rubbish" * 99, "corrupt"),
        (picture(size=(8000, 8000), mode="L"), "too_large"),
    ],
)
def test_covers(tmp_path: Path, body: bytes, expected: str | None) -> None:
    path = tmp_path / "cover.jpg"
    path.write_bytes(body)
    assert check_image(path).fault == expected


def test_a_cover_that_is_no_image_gets_no_final_name(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/bad.jpg"] = serve(b"text as jpg", {"Content-Type": "image/jpeg"})
    write_batch(tmp_path, [scraped(ID, "blob:x", server.link("/bad.jpg"))])
    run(StepOptions(tmp_path), FAST)
    assert last_class(tmp_path, "cover") == "not_media"
    assert list((tmp_path / "coverphotos").iterdir()) == []


# --- The step -------------------------------------------------------------------------------------------------------


def test_what_is_done_costs_no_request(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, serve(VIDEO))
    asked = server.requests.copy()
    result = run(StepOptions(tmp_path), FAST)
    assert server.requests == asked
    assert (result.ok, result.skipped, result.failed) == (0, 2, 0)
    run(StepOptions(tmp_path, force=True), FAST)
    assert server.requests["/video.mp4"] == 2


def test_a_failure_is_tried_again_on_the_next_run_and_a_lost_file_fetched_again(
    tmp_path: Path, server: FaultServer
) -> None:
    attempt(tmp_path, server, failing(403))
    attempt(tmp_path, server, serve(VIDEO))
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO
    part_path(tmp_path, ID, "video").unlink()
    attempt(tmp_path, server)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def test_a_dead_link_is_asked_for_once_and_its_successor_again(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, failing(410))
    attempt(tmp_path, server)
    assert server.requests["/video.mp4"] == 1
    server.routes["/new.mp4"] = serve(VIDEO)
    write_batch(
        tmp_path,
        [scraped(ID, server.link("/new.mp4"), server.link("/cover.jpg"), **{"scrape-timestamp": 1_700_000_009})],
        "batch_0.json",
    )
    run(StepOptions(tmp_path), FAST)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO


def test_good_files_that_lie_there_are_taken_over_and_bad_ones_set_aside(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = failing(403)
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), server.link("/cover.jpg"))])
    for part, body in (("video", HTML), ("cover", COVER)):
        path = part_path(tmp_path, ID, part)
        path.parent.mkdir(parents=True)
        path.write_bytes(body)
    run(StepOptions(tmp_path), FAST)
    assert server.requests == {"/video.mp4": 1}
    assert [line["class"] for line in lines(tmp_path)] == ["not_media", "forbidden"]
    assert (lines(tmp_path, "cover")[0]["status"], lines(tmp_path, "cover")[0]["class"]) == ("ok", "found")
    assert not part_path(tmp_path, ID, "video").exists()
    assert (tmp_path / "videos" / f"{ID}.mp4.bad").read_bytes() == HTML


def test_what_a_later_step_found_broken_is_looked_at_and_fetched_again(tmp_path: Path, server: FaultServer) -> None:
    attempt(tmp_path, server, serve(VIDEO))
    # The same size, so that only the later step can know
    part_path(tmp_path, ID, "video").write_bytes(VIDEO.replace(b"moov", b"mooo"))
    run(StepOptions(tmp_path), FAST)
    assert server.requests["/video.mp4"] == 1
    line = {"tiktok_id": ID, "part": "video", "status": "broken", "finished_at": utc_now()}
    Journal(tmp_path / "audio.ndjson").append(line)
    run(StepOptions(tmp_path), FAST)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO
    run(StepOptions(tmp_path), FAST)
    assert server.requests["/video.mp4"] == 2


def test_an_interruption_ends_the_pauses_between_attempts(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = failing(503, {"Retry-After": "30"})
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), None)])
    process = start_cli(tmp_path)
    wait_until(lambda: lines(tmp_path))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert server.requests["/video.mp4"] == 1


def test_photo_posts_have_slides_and_no_video(tmp_path: Path, server: FaultServer) -> None:
    slides = [picture(size=(40, 40 + number)) for number in range(3)]
    for number, slide in enumerate(slides):
        server.routes[f"/{number}.jpg"] = serve(slide)
    record = scraped(
        ID, None, server.link("/cover.jpg"), **{"slide-srcs": [server.link(f"/{n}.jpg") for n in range(3)]}
    )
    write_batch(tmp_path, [record])
    result = run(StepOptions(tmp_path), FAST)
    assert (result.ok, result.failed) == (4, 0)
    for number, slide in enumerate(slides, start=1):
        assert (tmp_path / "coverphotos" / f"{ID}_{number}.jpg").read_bytes() == slide
    assert not (tmp_path / "videos").exists()


def test_one_connection_for_each_host(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        time.sleep(0.02)
        serve(VIDEO)(handler, count)

    server.routes["/video.mp4"] = route
    ids = [str(int(ID) + number) for number in range(8)]
    write_batch(tmp_path, [scraped(tiktok_id, server.link("/video.mp4"), None) for tiktok_id in ids])
    run(StepOptions(tmp_path, jobs=4), FAST)
    assert server.requests["/video.mp4"] == 8
    assert server.most_in_hand == 1


def test_cookies_and_referer_are_passed_on(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        if "tt_chain_token=secret" in handler.headers.get("Cookie", ""):
            serve(VIDEO)(handler, count)
        else:
            handler.answer(HTML, 403)

    attempt(tmp_path, server, route)
    assert last_class(tmp_path) == "forbidden"
    jar = tmp_path / "cookies.txt"
    jar.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\ttt_chain_token\tsecret\n")
    attempt(tmp_path, server, cookies=jar)
    assert lines(tmp_path)[-1]["status"] == "ok"
    assert {sent["Referer"] for _, sent in server.headers} == {"https://www.tiktok.com/"}


def test_a_bad_cookies_file_is_a_usage_error(tmp_path: Path, server: FaultServer) -> None:
    (tmp_path / "cookies.txt").write_text("{}")
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"))])
    with pytest.raises(UsageError):
        run(StepOptions(tmp_path), replace(FAST, cookies=tmp_path / "cookies.txt"))


def test_the_skip_list_and_the_forgotten_are_not_asked_for(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    ids = [str(int(ID) + number) for number in range(3)]
    write_batch(tmp_path, [scraped(tiktok_id, server.link("/video.mp4"), None) for tiktok_id in ids])
    (tmp_path / "skip.txt").write_text(f"# hangs\n{ids[0]} always\n")
    (tmp_path / "deletions.ndjson").write_text(json.dumps({"tiktok_id": ids[1]}) + "\n")
    run(StepOptions(tmp_path), FAST)
    assert {line["tiktok_id"] for line in lines(tmp_path)} == {ids[2]}
    (tmp_path / "deletions.ndjson").write_text(json.dumps({"person": "Somebody"}) + "\n")
    (tmp_path / "skip.txt").unlink()
    with pytest.raises(NoInputError):
        run(StepOptions(tmp_path, force=True), FAST)


def test_ids_limit_and_dry_run(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    ids = [str(int(ID) + number) for number in range(3)]
    write_batch(
        tmp_path, [scraped(tiktok_id, server.link("/video.mp4"), server.link("/cover.jpg")) for tiktok_id in ids]
    )
    result = run(StepOptions(tmp_path, dry_run=True, ids=frozenset(ids[:2])), FAST)
    assert result.details["would_do"] == [f"{tiktok_id} {part}" for tiktok_id in ids[:2] for part in ("video", "cover")]
    assert not server.requests
    assert not (tmp_path / "downloads.ndjson").exists()
    result = run(StepOptions(tmp_path, limit=1), FAST)
    assert (result.ok, sum(server.requests.values())) == (1, 1)


def test_the_summary_counts_by_class_and_host(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/good.mp4"] = serve(VIDEO)
    server.routes["/bad.mp4"] = failing(403)
    ids = [str(int(ID) + number) for number in range(3)]
    links = [server.link("/good.mp4"), server.link("/bad.mp4"), "blob:x"]
    write_batch(
        tmp_path,
        [scraped(tiktok_id, link, server.link("/cover.jpg")) for tiktok_id, link in zip(ids, links, strict=True)],
    )
    result = run(StepOptions(tmp_path), FAST)
    assert result.details["by_host"] == {"127.0.0.1": {"ok": 4, "forbidden": 1}, "(no host)": {"blob_link": 1}}
    assert result.details["scrape_again"] == {ids[1]: "forbidden", ids[2]: "blob_link"}
    assert any("tt_chain_token" in message for message in result.messages)
    assert result.exit_code(strict=False) == 0
    assert result.exit_code(strict=True) == 1


def test_the_newest_scrape_and_every_source_of_links(tmp_path: Path) -> None:
    write_batch(tmp_path, [scraped("70001", "http://h/new", "", **{"scrape-timestamp": 2e9})], "a.json")
    write_batch(tmp_path, [scraped("70001", "http://h/old", "", **{"scrape-timestamp": 1e9})], "b.json")
    (tmp_path / "master.json").write_text(json.dumps({"70002": scraped("70002", "http://h/master", "")}))
    for name, content in {
        "yt-dlp/x.info.json": {
            "id": "70003",
            "webpage_url": "https://www.tiktok.com/@a/video/70003",
            "extractor": "TikTok",
            "formats": [{"url": "http://h/low"}, {"url": "http://h/best"}, {"url": "http://h/mute", "acodec": "none"}],
            "thumbnails": [{"url": "http://h/1.jpg"}, {"url": "http://h/2.jpg"}],
        },
        "zeeschuimer/x.ndjson": {
            "timestamp_collected": 1.7e12,
            "data": {
                "id": "70004",
                "createTime": 1,
                "desc": "",
                "author": {"uniqueId": "a"},
                "video": {"playAddr": "http://h/play", "cover": "http://h/c.jpg"},
            },
        },
        "research-api/x.json": {
            "data": {"videos": [{"id": 70005, "create_time": 1, "username": "a", "video_description": ""}]}
        },
        "personal-export/x.json": {
            "Your Activity": {
                "Like List": {"ItemFavoriteList": [{"link": "https://www.tiktokv.com/share/video/70006/"}]}
            }
        },
    }.items():
        path = tmp_path / "imports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content) + "\n")
    posts = find_posts(tmp_path)
    assert {tiktok_id: post.video for tiktok_id, post in posts.items()} == {
        "70001": "http://h/new",
        "70002": "http://h/master",
        "70003": "http://h/best",
        "70004": "http://h/play",
        "70005": "",
        "70006": None,
    }
    assert posts["70003"].cover == "http://h/2.jpg"
    assert posts["70006"].listed_only
    assert parts_of(tmp_path, posts["70006"]) == []


def test_a_broken_batch_costs_only_its_broken_end(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    path = write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), None), scraped("70001", "http://x", None)])
    path.write_bytes(path.read_bytes()[:-150])
    result = run(StepOptions(tmp_path), FAST)
    assert part_path(tmp_path, ID, "video").exists()
    assert any("batch_1.json:1: not JSON: the file ends too early" in message for message in result.messages)
    assert result.exit_code(strict=True) == 1
    path.write_bytes(b"[{")
    with pytest.raises(NoInputError, match=r"batch_1\.json:1"):
        run(StepOptions(tmp_path), FAST)


# --- Pauses ---------------------------------------------------------------------------------------------------------


def pauses_of(tmp_path: Path, server: FaultServer, route: Route, settings: DownloadSettings) -> list[float]:
    server.routes["/video.mp4"] = route
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), None)])
    pauses: list[float] = []
    part = parts_of(tmp_path, find_posts(tmp_path)[ID])[0]
    downloader = Downloader(Journal(tmp_path / "downloads.ndjson"), settings, sleep=pauses.append)
    assert downloader.download(part, None, was_there=False).failed
    return pauses


def test_the_default_pauses_grow_and_stay_below_twenty_seconds(tmp_path: Path, server: FaultServer) -> None:
    pauses = pauses_of(tmp_path, server, failing(503), DownloadSettings())
    assert len(pauses) == server.requests["/video.mp4"] - 1 >= 3
    assert pauses[-1] > pauses[0] > 0
    assert sum(pauses) <= 20
    slow = pauses_of(tmp_path, server, failing(503), DownloadSettings(backoff=100))
    assert sum(slow) == pytest.approx(20)


def test_retry_after_is_honoured_and_capped(tmp_path: Path, server: FaultServer) -> None:
    pauses = pauses_of(tmp_path, server, failing(429, {"Retry-After": "7"}), DownloadSettings())
    assert set(pauses) == {7.0}
    pauses = pauses_of(tmp_path, server, failing(503, {"Retry-After": "21600"}), DownloadSettings())
    assert set(pauses) == {60.0}
    assert parse_retry_after(formatdate(1_700_000_030), 1_700_000_000) == 30
    assert parse_retry_after("whenever", 0) is None


# --- Kills, full disks, two at once ---------------------------------------------------------------------------------


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def start_cli(data: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(REPOSITORY / "extract" / "run.py"), "download", "--data", str(data), *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def half_then_hang(handler: Handler, count: int) -> None:
    if count > 1:
        serve(VIDEO, {"ETag": '"v"'})(handler, count)
        return
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(VIDEO)))
    handler.send_header("ETag", '"v"')
    handler.end_headers()
    handler.wfile.write(VIDEO[:25_000])
    handler.wfile.flush()
    hang(handler)


def test_a_kill_in_the_middle_of_a_download_is_resumed(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = half_then_hang
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), None)])
    process = start_cli(tmp_path)
    part = tmp_path / "videos" / f"{ID}.mp4.part"
    wait_until(lambda: part.exists() and part.stat().st_size == 25_000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not part_path(tmp_path, ID, "video").exists()
    run(StepOptions(tmp_path), FAST)
    assert part_path(tmp_path, ID, "video").read_bytes() == VIDEO
    assert [sent.get("Range") for path, sent in server.headers if path == "/video.mp4"] == [None, "bytes=25000-"]
    assert list((tmp_path / "videos").iterdir()) == [part_path(tmp_path, ID, "video")]


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_ctrl_c_finishes_the_file_in_hand(tmp_path: Path, server: FaultServer, jobs: str) -> None:
    asked = threading.Event()
    release = threading.Event()

    def route(handler: Handler, count: int) -> None:
        asked.set()
        release.wait(20)
        serve(VIDEO)(handler, count)

    server.routes["/video.mp4"] = route
    ids = [str(int(ID) + number) for number in range(3)]
    write_batch(tmp_path, [scraped(tiktok_id, server.link("/video.mp4"), None) for tiktok_id in ids])
    process = start_cli(tmp_path, "--jobs", jobs)
    assert asked.wait(20)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    release.set()
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted" in output
    assert [line["status"] for line in lines(tmp_path)] == ["ok"]
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 1


def test_two_runs_at_once_fetch_each_file_once(tmp_path: Path, server: FaultServer) -> None:
    def route(handler: Handler, count: int) -> None:
        time.sleep(0.05)
        serve(VIDEO)(handler, count)

    ids = [str(int(ID) + number) for number in range(12)]
    for tiktok_id in ids:
        server.routes[f"/{tiktok_id}.mp4"] = route
    write_batch(tmp_path, [scraped(tiktok_id, server.link(f"/{tiktok_id}.mp4"), None) for tiktok_id in ids])
    processes = [start_cli(tmp_path) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert set(server.requests.values()) == {1}
    assert sorted(line["tiktok_id"] for line in lines(tmp_path) if line["status"] == "ok") == ids
    assert all(part_path(tmp_path, tiktok_id, "video").read_bytes() == VIDEO for tiktok_id in ids)
    assert len(list((tmp_path / "videos").iterdir())) == len(ids)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    for by in ([], ["sudo", "-n"]):
        mount = [*by, "mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", str(folder)]
        if shutil.which(mount[0]) and subprocess.run(mount, capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run([*by, "umount", str(folder)], check=True)


def test_a_full_disk_stops_the_step_and_leaves_nothing_behind(small_disk: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(mp4(400_000))
    ids = [str(int(ID) + number) for number in range(3)]
    write_batch(small_disk, [scraped(tiktok_id, server.link("/video.mp4"), None) for tiktok_id in ids])
    result = run(StepOptions(small_disk, jobs=1), FAST)
    assert result.stopped is not None
    assert "No space left on device" in result.stopped
    assert [line["class"] for line in lines(small_disk)] == ["disk_full"]
    assert list((small_disk / "videos").iterdir()) == []
    assert result.left == 5


def test_a_file_that_the_system_refuses_to_grow_stops_the_step(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), None)])
    script = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))\n"
        "sys.argv = ['run.py', 'download', '--data', sys.argv[1]]\n"
        "runpy.run_path('extract/run.py', run_name='__main__')\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 1, process.stderr
    assert "stopped: cannot write: File too large" in process.stdout
    assert [line["class"] for line in lines(tmp_path)] == ["disk_full"]
    assert list((tmp_path / "videos").iterdir()) == []


def test_the_door_downloads(tmp_path: Path, server: FaultServer) -> None:
    server.routes["/video.mp4"] = serve(VIDEO)
    write_batch(tmp_path, [scraped(ID, server.link("/video.mp4"), server.link("/cover.jpg"))])
    done = run_cli("download", "--data", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["by_host"] == {"127.0.0.1": {"ok": 2}}
    assert run_cli("download", "--data", tmp_path / "nowhere").returncode == 4
    assert run_cli("download", "--data", tmp_path, "--jobs", "0").returncode == 2
