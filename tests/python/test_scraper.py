"""extract/scraper.js and its driver, in real headless Chromium against a local imitation of the site's page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from extract.steps import scrape as driver
from extract.steps.common import NoInputError, StepError, StepOptions, UsageError

PAGE = Path(__file__).resolve().parents[1] / "fixtures" / "page"
SCRIPT = driver.SCRAPER.read_text(encoding="utf-8")
CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nfirst <b>line</b>\n\n00:00:01.500 --> 00:00:03.000\nsecond line\n"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

Record = dict[str, Any]
Scenario = dict[str, Any]


# ------------------------------------------------------------------------------------------------- the imitation


class Site:
    """The imitation of the site on a port of its own; what it shows is `scenario`."""

    def __init__(self) -> None:
        """Start serving."""
        self.scenario: Scenario = {"posts": []}
        self.asked: list[str] = []
        self.has_been_asked = threading.Condition()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, kind = site.answer(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[bytes, str]:
        """Return body and content type."""
        with self.has_been_asked:
            self.asked.append(path)
            self.has_been_asked.notify_all()
        if path == "/scenario.json":
            return json.dumps(self.scenario).encode(), "application/json"
        if path == "/page.js":
            return (PAGE / "page.js").read_bytes(), "text/javascript"
        if path.endswith(".vtt"):
            return VTT.encode(), "text/vtt"
        if "/video/" in path or "/photo/" in path:
            return (PAGE / "index.html").read_bytes(), "text/html"
        if path == "/foryou":
            return b"<!doctype html><title>Another layout</title><video></video>", "text/html"
        return b"", "application/octet-stream"

    def wait_for(self, path: str) -> None:
        """Wait until a visitor has asked for this."""
        with self.has_been_asked:
            assert self.has_been_asked.wait_for(lambda: path in self.asked, timeout=60), self.asked

    def show(self, *posts: Scenario, **settings: Any) -> str:
        """Show these posts; return the address of the first one."""
        self.scenario = {"posts": list(posts), **settings}
        self.asked.clear()
        return f"{self.address}/@{posts[0]['creator']}/{posts[0]['kind']}/{posts[0]['id']}"


def comment(number: int, *, replies: int = 0, **changes: Any) -> Scenario:
    """Return a made-up comment with made-up replies."""
    made = {
        "user": f"Person {number}",
        "text": f"remark number {number}",
        "time": "3h ago ",
        "likes": str(number),
        "replies": [
            {"user": f"Answerer {number}.{n}", "text": f"answer {n} to {number}", "time": "1h ago ", "likes": "0"}
            for n in range(1, replies + 1)
        ],
    }
    return {**made, **changes}


def post(number: int, *, comments: list[Scenario] | None = None, **changes: Any) -> Scenario:
    """Return a made-up post; its comment count includes the replies, as on the site."""
    listed = comments if comments is not None else [comment(n) for n in range(1, 4)]
    made = {
        "id": str(7100000000000000000 + number),
        "kind": "video",
        "creator": f"creator{number}",
        "nickname_parts": [f"Nick {number}", "·", "11-19"],
        "likes": "22.6K",
        "comment_count": str(len(listed) + sum(len(one["replies"]) for one in listed)),
        "music": f"original sound - Nick {number}",
        "music_src": f"/music/original-sound-{number}",
        "description": f"description number {number} #tag",
        "video": f"/media/{number}.mp4",
        "cover": f"/media/{number}.jpg",
        "slides": [],
        "comments": listed,
    }
    return {**made, **changes}


# -------------------------------------------------------------------------------------------------- the fixtures


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Serve the imitation."""
    served = Site()
    yield served
    served.server.shutdown()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Start Playwright."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start the browser."""
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a browser context with nothing stored."""
    opened = browser.new_context()
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return an empty tab."""
    return context.new_page()


def console(page: Page, line: str) -> Any:
    """Enter a line into the console: DevTools' own evaluation, with its top-level await and its sloppy globals."""
    session = page.context.new_cdp_session(page)
    answer = session.send(
        "Runtime.evaluate",
        {"expression": line, "replMode": True, "awaitPromise": True, "returnByValue": True, "userGesture": True},
    )
    session.detach()
    if "exceptionDetails" in answer:
        raise AssertionError(answer["exceptionDetails"]["exception"]["description"])
    return answer["result"].get("value")


def open_with_script(page: Page, address: str) -> None:
    """Open a page and paste the script."""
    page.goto(address)
    # Its scenario comes from a server, which may take longer than the shortest of the ceilings
    page.evaluate("globalThis.imitation?.has_begun")
    console(page, SCRIPT)


def run(page: Page, count: int, delay: int, options: str = "{}") -> list[Record]:
    """Scrape on real time."""
    records: list[Record] = console(page, f"results = await scrape_tiktoks({count}, delay={delay}, {options});")
    return records


@pytest.fixture
def on_virtual_time(page: Page) -> Callable[..., tuple[list[Record], int]]:
    """Return a function that scrapes on a clock of ours, and returns records and the virtual milliseconds it took.

    What has no timer (requests, the database, scrolling) takes real time, so each step of the clock awaits a picture.
    """
    page.add_init_script("globalThis.on_real_frame = requestAnimationFrame.bind(globalThis)")
    page.clock.install(time=1_700_000_000)

    def scrape(address: str, count: int, delay: int, options: str = "{}") -> tuple[list[Record], int]:
        page.goto(address)
        page.evaluate("imitation.has_begun")
        page.evaluate(SCRIPT)
        page.evaluate(
            "([count, delay, options]) => { globalThis.begun = Date.now(); globalThis.ended = null;"
            " scrape_tiktoks(count, delay, options).then((records) =>"
            " { globalThis.records = records; globalThis.ended = Date.now(); },"
            " (error) => { globalThis.records = String(error); globalThis.ended = Date.now(); }); }",
            [count, delay, json.loads(options)],
        )
        for _ in range(1000):
            page.clock.run_for(200)
            page.evaluate("new Promise(on_real_frame)")
            took = page.evaluate("ended === null ? null : ended - begun")
            if took is not None:
                return page.evaluate("records"), took
        raise AssertionError(page.evaluate("scrape_progress()"))

    return scrape


def texts(record: Record) -> list[str]:
    """Return the words of a record's comments."""
    return [one["comment-text"] for one in record["comments"]]


def said(scenario_post: Scenario) -> list[str]:
    """Return the words that a post's comments have in the scenario, replies behind the comment they answer."""
    return [one["text"] for top in scenario_post["comments"] for one in [top, *top["replies"]]]


# ----------------------------------------------------------------------------------------------------- the tests


def test_two_console_lines_give_the_original_keys(site: Site, page: Page) -> None:
    """The two lines of the original's README work as they stand, a second time too, and every key is filled."""
    address = site.show(*(post(n) for n in range(1, 6)))
    open_with_script(page, address)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    site.scenario["posts"][0]["comments"][0]["replies"] = []

    console(page, "results = await scrape_tiktoks(2, delay=2000);")
    console(page, "console.log(JSON.stringify(results));")
    first = json.loads(next(text for text in messages if text.startswith("[{")))
    assert console(page, "delay") == 2000

    assert [record["id"] for record in first] == ["7100000000000000001", "7100000000000000002"]
    record = first[0]
    assert record | {"comments": None, "scrape-timestamp": None} == {
        "video-src": f"{site.address}/media/1.mp4",
        "coverphoto-src": f"{site.address}/media/1.jpg",
        "permalink": "https://www.tiktok.com/@creator1/video/7100000000000000001"
        "?is_from_webapp=1&sender_device=pc&web_id=7000000000000000001",
        "web-id": "7000000000000000001",
        "id": "7100000000000000001",
        "like-count": "22.6K",
        "comment-count": "3",
        "creator-username": "@creator1",
        "creator-nickname": "Nick 1",
        "time-posted": "11-19",
        "music-title": "original sound - Nick 1",
        "music-src": f"{site.address}/music/original-sound-1",
        "description": "description number 1 #tag",
        "comments": None,
        "scrape-timestamp": None,
        "status": "ok",
        "reason": None,
        "missing": [],
        "media-type": "video",
        "slide-srcs": [],
        "captions": [],
        "comments-complete": True,
        "comments-end": "count reached",
        "scraper": "tiktok-retrieval-scraper 1",
    }
    assert isinstance(record["scrape-timestamp"], float)
    assert record["comments"][1] == {
        "commenter-username": "@Person 2",
        "comment-text": "remark number 2",
        "time-posted": "3h ago",
        "like-count": "2",
        "replies-count": "",
        "reply-to": None,
        "reply-to-username": None,
        "comment-id": None,
    }

    # `delay` is a global now; the second call goes on behind the first one's last post
    second = run(page, 2, 1500)
    assert [record["id"] for record in second] == ["7100000000000000003", "7100000000000000004"]


def test_script_can_be_pasted_twice_and_refuses_nonsense(site: Site, page: Page) -> None:
    """A second paste redeclares nothing; a wrong count or delay is told at once."""
    open_with_script(page, site.show(post(1)))
    console(page, SCRIPT)
    assert len(run(page, 1, 1000)) == 1
    for line in ("scrape_tiktoks(0)", "scrape_tiktoks('many')", "scrape_tiktoks(1, delay=-5)"):
        with pytest.raises(AssertionError, match="RangeError"):
            console(page, f"await {line}")


def test_all_lazy_comments_and_nested_replies_are_there(site: Site, page: Page) -> None:
    """137 comments that come in pages while one scrolls, and replies that come a few for each click."""
    listed = [comment(n, replies={5: 12, 60: 1, 136: 7}.get(n, 0)) for n in range(1, 138)]
    shown = post(1, comments=listed, page_ms=15, reply_ms=10)
    open_with_script(page, site.show(shown))
    (record,) = run(page, 1, 1500)

    assert texts(record) == said(shown)
    assert record["comments-complete"] is True
    assert record["comments-end"] == "count reached"
    comments = record["comments"]
    fifth = texts(record).index("remark number 5")
    assert comments[fifth]["replies-count"] == "12"
    for n in range(1, 13):
        assert comments[fifth + n]["reply-to"] == fifth
        assert comments[fifth + n]["reply-to-username"] == "@Person 5"
    assert sum(one["reply-to"] is not None for one in comments) == 20
    assert all(comments[one["reply-to"]]["reply-to"] is None for one in comments if one["reply-to"] is not None)
    # Nothing was waited out: the page's count said when all was there
    assert console(page, "scrape_progress().ceilings") == 0


@pytest.mark.parametrize("late_ms", [0, 900, 4300, 10_000])
def test_late_comments_are_waited_for(
    site: Site, on_virtual_time: Callable[..., tuple[list[Record], int]], late_ms: int
) -> None:
    """Nothing is lost when comments come 0 to 10 s late and the delay allows for it."""
    listed = [comment(n, replies=2 * (n == 3)) for n in range(1, 46)]
    posts = [post(n, comments=listed, first_comments_ms=late_ms, page_ms=late_ms, reply_ms=late_ms) for n in (1, 2)]
    records, took = on_virtual_time(site.show(*posts, content_ms=300), 2, 11_000)
    for record, shown in zip(records, posts, strict=True):
        assert record["id"] == shown["id"]
        assert texts(record) == said(shown)
        assert record["comments-complete"] is True
    # Three pages and one click for each post, and less than one ceiling of our own on top
    assert took < 2 * 4 * late_ms + 11_000


@pytest.mark.parametrize(("first_ms", "page_ms", "got"), [(10_000, 0, 0), (0, 10_000, 20)])
def test_comments_later_than_the_ceiling_leave_a_mark(
    site: Site, on_virtual_time: Callable[..., tuple[list[Record], int]], first_ms: int, page_ms: int, got: int
) -> None:
    """A record whose comments did not all come says so, and the next post does not inherit them."""
    listed = [comment(n) for n in range(1, 46)]
    late = post(1, comments=listed, first_comments_ms=first_ms, page_ms=page_ms)
    records, _ = on_virtual_time(site.show(late, post(2), content_ms=200), 2, 2000)
    assert len(records[0]["comments"]) == got
    assert records[0]["comments-complete"] is False
    assert records[0]["comments-end"] == "nothing more came"
    assert texts(records[1]) == said(post(2))
    assert records[1]["comments-complete"] is True


def test_replies_that_come_one_by_one(site: Site, page: Page) -> None:
    """A button that stays while its replies come is pressed once for each load, not once for each reply."""
    shown = post(1, comments=[comment(1, replies=8), comment(2)], reply_ms=30, reply_gap_ms=10)
    open_with_script(page, site.show(shown))
    (record,) = run(page, 1, 2000)
    assert texts(record) == said(shown)
    assert record["comments-complete"] is True
    assert console(page, "imitation.reply_clicks") == 3


def test_count_without_replies(site: Site, page: Page) -> None:
    """Where the page's count leaves out the replies, all are there just as well."""
    listed = [comment(n, replies=4 * (n in (1, 2, 24))) for n in range(1, 46)]
    # Twenty comments and twenty-five announced replies would make 45, too
    listed[2] = comment(3, replies=17)
    shown = post(1, comments=listed, comment_count="45")
    open_with_script(page, site.show(shown))
    (record,) = run(page, 1, 2000)
    assert texts(record) == said(shown)
    assert record["comments-complete"] is True


def test_late_replies_leave_a_mark(site: Site, on_virtual_time: Callable[..., tuple[list[Record], int]]) -> None:
    """A thread whose replies do not come in time makes the record not whole, though its other comments are."""
    shown = post(1, comments=[comment(1, replies=4), comment(2)], reply_ms=9000)
    (record,), _ = on_virtual_time(site.show(shown), 1, 2000)
    assert texts(record) == ["remark number 1", "remark number 2"]
    assert record["comments"][0]["replies-count"] == "4"
    assert record["comments-complete"] is False


def test_fast_page_costs_far_less_than_the_ceiling(
    site: Site, on_virtual_time: Callable[..., tuple[list[Record], int]]
) -> None:
    """On a page that answers in 100 ms, n posts take a small part of n x delay, and no wait is waited out."""
    posts = [post(n, first_comments_ms=100) for n in range(1, 11)]
    records, took = on_virtual_time(site.show(*posts, content_ms=100), 10, 10_000)
    assert [record["id"] for record in records] == [one["id"] for one in posts]
    assert took < 10 * 10_000 / 8


def test_fast_page_hits_no_ceiling(site: Site, page: Page) -> None:
    """The same on real time, told by the script's own count of waits that ended because nothing came."""
    open_with_script(page, site.show(*(post(n, first_comments_ms=20) for n in range(1, 7)), content_ms=20))
    assert len(run(page, 6, 20_000)) == 6
    progress = console(page, "scrape_progress()")
    assert progress["waits"] > 12
    assert progress["ceilings"] == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"content_ms": 350},
        {"content_ms": 350, "link_first": True, "player_first": True},
        {"content_ms": 350, "old_ticks": True},
        {"content_ms": 100, "media_after_header_ms": 350, "cover": None},
        {"content_ms": 250, "comments_after_header_ms": 400},
        {"content_ms": 250, "reuse_rows": True},
    ],
    ids=[
        "content after address",
        "link and player with the address",
        "old post changes meanwhile",
        "old player beside the new header",
        "old comments beside the new header",
        "old elements with new words",
    ],
)
def test_the_post_before_is_not_mixed_up(site: Site, page: Page, settings: Scenario) -> None:
    """While the old post is still there, nothing of it is taken for the new one."""
    changes = {"cover": settings["cover"]} if "cover" in settings else {}
    posts = [
        post(n, comments=[comment(m, text=f"post {n}, remark {m}") for m in range(1, 1 + [6, 3, 5][n - 1])], **changes)
        for n in (1, 2, 3)
    ]
    open_with_script(page, site.show(*posts, **settings))
    for record, shown in zip(run(page, 3, 3000), posts, strict=True):
        assert record["id"] == shown["id"]
        assert record["description"] == shown["description"]
        assert record["video-src"].endswith(shown["video"])
        assert record["coverphoto-src"] == (shown["cover"] and site.address + shown["cover"])
        assert texts(record) == said(shown)
        assert record["comments-complete"] is True


@pytest.mark.parametrize("has_ids", [True, False], ids=["with the page's ids", "without ids"])
def test_list_that_draws_only_what_is_in_sight(site: Site, page: Page, has_ids: bool) -> None:
    """A list that takes rows away while one scrolls loses none; with ids, not even those that say the same."""
    listed = [comment(n, replies=3 * (n in (2, 40))) for n in range(1, 61)]
    if has_ids:
        for number, one in enumerate(listed):
            one["id"] = str(7200000000000000000 + number)
            one["text"] = "the same words" if number % 7 == 0 else one["text"]
    shown = post(1, comments=listed)
    open_with_script(page, site.show(shown, window=14))
    (record,) = run(page, 1, 1500)
    assert texts(record) == said(shown)
    top = [one["comment-id"] for one in record["comments"] if one["reply-to"] is None]
    assert top == [one.get("id") for one in listed]
    assert record["comments-complete"] is True


def test_layout_with_class_fragments_only(site: Site, page: Page) -> None:
    """Where the hooks are gone, the fallbacks read the same, and the self-check says that they were needed."""
    shown = post(1, comments=[comment(1, replies=5), comment(2)])
    photo = post(2, kind="photo", slides=["/media/a.jpg", "/media/b.jpg"])
    open_with_script(page, site.show(shown, photo, hooks="classes"))
    first, second = run(page, 2, 1500)
    assert texts(first) == said(shown)
    assert first["missing"] == []
    assert first["comments"][0]["like-count"] == "1"
    assert (first["creator-username"], first["description"]) == ("@creator1", "description number 1 #tag")
    assert len(second["slide-srcs"]) == 2
    check = console(page, "check_page()")
    assert check["missing"] == []
    assert {"username", "comment_text", "permalink"} <= set(check["fallbacks"])


def test_photo_posts(site: Site, page: Page) -> None:
    """A carousel's repeats of its first and last slide are left out, the order stays, and posts are not mixed up."""
    carousels = {"abc": "abc", "fdefd": "def", "hghg": "gh", "i": "i", "kkk": "k", "lmnl": "lmn"}
    posts = [
        post(number, kind="photo", slides=[f"/media/{name}.jpg" for name in slides])
        for number, slides in enumerate(carousels, start=1)
    ]
    open_with_script(page, site.show(*posts, post(7), post(8, kind="photo", slides=["/media/z.jpg"]), content_ms=60))
    records = run(page, 8, 1500)
    for record, expected in zip(records, [*carousels.values(), "", "z"], strict=True):
        assert [src.split("/")[-1] for src in record["slide-srcs"]] == [f"{name}.jpg" for name in expected]
        assert record["media-type"] == ("photo" if expected else "video")
        assert (record["video-src"] is None) == bool(expected)
        assert record["missing"] == []
    assert console(page, "scrape_progress().ceilings") == 0


def test_captions(site: Site, page: Page) -> None:
    """Captions come with their times; a track that cannot be loaded keeps its address and null."""
    captions = [
        {"language": "en", "label": "English", "src": "/captions/1.vtt"},
        {"language": "de", "label": "Deutsch", "src": "/captions/none.txt"},
    ]
    open_with_script(page, site.show(post(1, captions=captions)))
    (record,) = run(page, 1, 1500)
    english, german = record["captions"]
    assert english["text"] == "first line second line"
    assert english["segments"][1] == {"start": 1.5, "end": 3, "text": "second line"}
    assert english["language"] == "en"
    assert german["text"] is None
    assert german["src"].endswith("/captions/none.txt")


def test_broken_post_is_a_record_and_not_the_end(site: Site, page: Page) -> None:
    """A post that does not load becomes an error record with what is known of it."""
    open_with_script(page, site.show(post(1), post(2, broken=True), post(3), post(4, broken=True)))
    first, broken, third, last = run(page, 4, 400)
    assert (first["status"], third["status"], last["status"]) == ("ok", "ok", "error")
    assert third["id"] == "7100000000000000003"
    assert broken["status"] == "error"
    assert broken["id"] == "7100000000000000002"
    assert "nothing of the post came" in broken["reason"]
    assert broken["comments"] is None
    assert set(broken) == set(first)
    assert console(page, "scrape_progress()")["errors"] == 2

    # The first post of a run may be the broken one
    open_with_script(page, site.show(post(5, broken=True), post(6)))
    assert [record["status"] for record in run(page, 2, 400)] == ["error", "ok"]


def test_post_whose_content_never_comes_is_an_error(
    site: Site, on_virtual_time: Callable[..., tuple[list[Record], int]]
) -> None:
    """When the old post stays beyond the ceiling, no record takes its words under the new id."""
    address = site.show(post(1), post(2, content_ms=9000), post(3))
    first, late, third = on_virtual_time(address, 3, 2000)[0]
    assert (first["status"], late["status"], third["status"]) == ("ok", "error", "ok")
    assert late["id"] == "7100000000000000002"
    assert "still showed the post before" in late["reason"]
    assert late["description"] is None
    assert third["description"] == "description number 3 #tag"


def test_end_of_feed(site: Site, page: Page) -> None:
    """At the last post the run ends with what there is, and says why."""
    open_with_script(page, site.show(post(1), post(2)))
    assert len(run(page, 10, 300)) == 2
    assert console(page, "scrape_progress()")["state"] == "end of feed"


def test_repeated_posts_are_passed_over(site: Site, page: Page) -> None:
    """A post that the feed shows again is read once."""
    posts = [post(1), post(2), post(1), post(3), post(2)]
    open_with_script(page, site.show(*posts))
    records = run(page, 10, 400)
    assert [record["id"][-1] for record in records] == ["1", "2", "3"]
    progress = console(page, "scrape_progress()")
    assert progress["repeats"] == 2


def test_parts_that_the_page_does_not_show_are_null_and_named(site: Site, page: Page) -> None:
    """A missing part costs its own key only; nickname and date are told apart when one of them is missing."""
    posts = [
        post(1, music=None, nickname_parts=["Nick 1"]),
        post(2, nickname_parts=["3d ago"]),
        post(3, nickname_parts=["A · dotted · name · 2021-4-7"]),
    ]
    open_with_script(page, site.show(*posts, drop=["browse-video-desc"]))
    first, second, third = run(page, 3, 400)
    assert first["missing"] == ["time-posted", "music-title", "music-src"]
    assert (first["creator-nickname"], first["time-posted"]) == ("Nick 1", None)
    assert (second["creator-nickname"], second["time-posted"]) == (None, "3d ago")
    assert (third["creator-nickname"], third["time-posted"]) == ("A · dotted · name", "2021-4-7")


def test_self_check_names_what_is_missing(site: Site, page: Page) -> None:
    """Each part that no selector finds is named, with the selectors that were tried."""
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    open_with_script(page, site.show(post(1), post(2), drop=["browse-like-count", "comment-like-count"]))
    (record,) = run(page, 1, 400)
    assert record["status"] == "ok"
    assert record["missing"] == ["like-count"]
    check = console(page, "check_page()")
    assert not check["ok"]
    assert check["missing"] == ["like_count"]
    assert any("cannot find like_count" in text and "browse-like-count" in text for text in warnings)


def test_another_layout_is_refused_with_what_is_missing(site: Site, page: Page) -> None:
    """Without any known part there is no run, and the message says what to do."""
    open_with_script(page, f"{site.address}/foryou")
    with pytest.raises(AssertionError, match=r"not the layout.*permalink.*Open a post"):
        run(page, 1, 200)


def test_unknown_hide_button_is_not_pressed_for_ever(site: Site, page: Page) -> None:
    """A button that hides replies in an unknown language costs no reply and no endless loop."""
    shown = post(1, comments=[comment(1, replies=7), comment(2)])
    open_with_script(page, site.show(shown, hide_label="Schovat"))
    (record,) = run(page, 1, 800)
    assert texts(record) == said(shown)
    assert record["comments-complete"] is True


def test_rounded_count_leaves_wholeness_open(site: Site, page: Page) -> None:
    """Where the page only says '0.1K', nobody can tell whether all came: null, not true."""
    posts = [
        post(1, comments=[comment(n) for n in range(1, 101)], comment_count="0.1K", page_size=50),
        post(2, comments=[comment(n) for n in range(1, 26)], comment_count="0.1K"),
        post(3, comments=[]),
    ]
    open_with_script(page, site.show(*posts))
    records = run(page, 3, 300)
    assert [len(record["comments"]) for record in records] == [100, 25, 0]
    assert [record["comments-complete"] for record in records] == [None, False, True]


def test_limit_of_comments(site: Site, page: Page) -> None:
    """A limit ends the reading, and the record says that it did."""
    open_with_script(page, site.show(post(1, comments=[comment(n) for n in range(1, 100)])))
    (record,) = run(page, 1, 1000, "{max_comments: 30}")
    assert len(record["comments"]) == 30
    assert (record["comments-complete"], record["comments-end"]) == (False, "limit")


def test_whom_a_reply_answers(site: Site, page: Page) -> None:
    """The page may name another one than the opener of the thread."""
    opener = comment(1, replies=2)
    opener["replies"][1]["user"] = "Answerer 1.2 ▸ Answerer 1.1"
    open_with_script(page, site.show(post(1, comments=[opener])))
    (record,) = run(page, 1, 1000)
    _, first, second = record["comments"]
    assert (first["reply-to"], first["reply-to-username"]) == (0, "@Person 1")
    assert (second["reply-to"], second["reply-to-username"]) == (0, "@Answerer 1.1")
    assert second["commenter-username"] == "@Answerer 1.2"


def test_hostile_text_stays_text(site: Site, page: Page) -> None:
    """Markup, script ends, console formats and half characters are kept to the letter and never run."""
    hostile = [
        '<img src=x onerror="globalThis.attacked = 1"><script>globalThis.attacked = 1</script>',
        "</script><!-- %c%s %o ${1} `backtick` \\\" ' \u2028 \u202e",
        "half \ud83d character",
    ]
    listed = [comment(n, text=text, user=text.replace("\u2028", "")) for n, text in enumerate(hostile)]
    open_with_script(page, site.show(post(1, comments=listed, description=hostile[0])))
    (record,) = json.loads(console(page, "JSON.stringify(await scrape_tiktoks(1, delay=1000))"))
    assert texts(record) == hostile
    assert record["description"] == hostile[0]
    assert record["comments"][0]["commenter-username"] == "@" + hostile[0]
    assert console(page, "globalThis.attacked") is None


def test_run_goes_on_after_a_reload(site: Site, page: Page) -> None:
    """A reload loses no record: the same line goes on behind the last one."""
    open_with_script(page, site.show(*(post(n) for n in range(1, 7))))
    console(page, "running = scrape_tiktoks(5, delay=2000); null")
    page.wait_for_function("scrape_progress().records >= 2")
    page.reload()
    assert console(page, "typeof scrape_tiktoks") == "undefined"
    console(page, SCRIPT)
    records = run(page, 5, 2000)
    assert [record["id"][-1] for record in records] == ["1", "2", "3", "4", "5"]
    assert [texts(record) for record in records] == [said(post(n)) for n in range(1, 6)]
    # Over is over: the next call is a new run
    assert [record["id"][-1] for record in run(page, 1, 2000)] == ["6"]
    console(page, "await forget_results()")
    assert console(page, "await stored_results()") == []


def test_stop_finishes_the_post_in_hand(site: Site, page: Page) -> None:
    """A stopped run has only whole posts, and goes on when it is called again."""
    listed = [comment(n) for n in range(1, 61)]
    open_with_script(page, site.show(*(post(n, comments=listed, first_comments_ms=1500) for n in range(1, 4))))
    # Asked in the page itself, when the first twenty of sixty comments are there
    console(
        page,
        "new MutationObserver((_, observer) => { if (document.querySelector(\"[data-e2e='comment-level-1']\")) {"
        " observer.disconnect(); stop_scraping(); } }).observe(document.body, { subtree: true, childList: true });",
    )
    records = run(page, 3, 2000)
    assert len(records) == 1
    assert len(records[0]["comments"]) == 60
    assert [record["id"][-1] for record in run(page, 3, 2000)] == ["1", "2", "3"]


def test_results_are_saved_as_a_file(site: Site, page: Page) -> None:
    """download_results() saves what JSON.stringify(results) would print."""
    open_with_script(page, site.show(post(1)))
    run(page, 1, 1000)
    with page.expect_download() as download:
        name = console(page, "await download_results()")
    assert download.value.suggested_filename == name
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert saved == console(page, "results")


# ---------------------------------------------------------------------------------------------------- the driver


@pytest.fixture
def drive(tmp_path: Path) -> Callable[..., driver.ScrapeOutcome]:
    """Return the driver with a profile and a raw zone of its own, outside the thread of the other Playwright."""

    def start(url: str, count: int, **options: Any) -> driver.ScrapeOutcome:
        work = partial(
            driver.scrape,
            count,
            options.pop("delay_ms", 1500),
            tmp_path / "profile",
            url,
            tmp_path / "data",
            headless=True,
            browser_arguments=ARGUMENTS,
            ready_timeout_s=options.pop("ready_timeout_s", 15.0),
            **options,
        )
        outcome: list[Any] = []

        def in_thread() -> None:
            try:
                outcome.append(work())
            except BaseException as error:
                outcome.append(error)

        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        result: driver.ScrapeOutcome = outcome[0]
        return result

    return start


def test_driver_writes_a_batch(site: Site, drive: Callable[..., driver.ScrapeOutcome], tmp_path: Path) -> None:
    """A whole run, in which the page loads itself anew once: nothing is lost or doubled, and errors are counted."""
    posts = [post(1), post(2, broken=True), post(3, comments=[comment(1, text="half \ud83d", replies=2)]), post(4)]
    seen: list[int] = []
    outcome = drive(
        site.show(*posts, reload_once_at=posts[2]["id"]),
        10,
        delay_ms=1000,
        batch="b1",
        on_progress=lambda progress: seen.append(progress["records"]),
    )
    file = tmp_path / "data" / "info" / "b1.json"
    assert outcome.file == file
    records = json.loads(file.read_text(encoding="utf-8"))
    assert [record["id"] for record in records] == [one["id"] for one in posts]
    assert [record["status"] for record in records] == ["ok", "error", "ok", "ok"]
    assert texts(records[2]) == said(posts[2])
    assert (outcome.records, outcome.ok, outcome.errors, outcome.incomplete) == (4, 3, 1, 0)
    assert (outcome.ended, outcome.restarts) == ("end of feed", 1)
    assert seen[-1] == 4
    assert [entry.name for entry in file.parent.iterdir()] == ["b1.json"]
    with pytest.raises(UsageError, match="never overwritten"):
        drive(site.show(*posts), 1, batch="b1")


def test_driver_writes_pseudonyms_when_asked_to(
    site: Site, drive: Callable[..., driver.ScrapeOutcome], tmp_path: Path
) -> None:
    posts = [post(1, comments=[comment(1, text="half \ud83d", replies=1)])]
    drive(site.show(*posts), 1, batch="named")
    drive(site.show(*posts), 1, batch="hidden", pseudonymise=True)
    (named,) = json.loads((tmp_path / "data/info/named.json").read_text(encoding="utf-8"))
    (hidden,) = json.loads((tmp_path / "data/info/hidden.json").read_text(encoding="utf-8"))
    persons = {named["creator-username"], named["creator-nickname"]}
    persons |= {found["commenter-username"] for found in named["comments"]}
    assert all(persons)
    assert [person for person in persons if person.lstrip("@").casefold() in json.dumps(hidden).casefold()] == []
    assert hidden["creator-username"].startswith("@person_")
    assert (hidden["id"], hidden["video-src"]) == (named["id"], named["video-src"])
    assert texts(hidden) == texts(named)


def test_driver_visits_posts_by_their_ids(
    site: Site, drive: Callable[..., driver.ScrapeOutcome], tmp_path: Path
) -> None:
    """Each is opened by itself; one that is gone, or leads elsewhere, is an error record, and never the end."""
    posts = [post(1, comments=[comment(1, text="half \ud83d", replies=1)]), post(2), post(3)]
    site.show(*posts)
    links = {one["id"]: f"{site.address}/@{one['creator']}/video/{one['id']}" for one in posts}
    gone, elsewhere = "7100000000000000098", "7100000000000000099"
    links = {
        posts[0]["id"]: links[posts[0]["id"]],
        gone: f"{site.address}/foryou",
        elsewhere: links[posts[2]["id"]],
    } | links
    seen: list[tuple[int, int]] = []
    outcome = drive(
        "unused",
        4,
        links=links,
        batch="again",
        delay_ms=1000,
        ready_timeout_s=3.0,
        on_progress=lambda progress: seen.append((progress["records"], progress["errors"])),
    )
    records = json.loads((tmp_path / "data/info/again.json").read_text(encoding="utf-8"))
    found = [(record["id"], record["status"]) for record in records]
    assert found == [
        (posts[0]["id"], "ok"),
        (gone, "error"),
        (posts[2]["id"], "ok"),
        (elsewhere, "error"),
        (posts[1]["id"], "ok"),
    ]
    assert texts(records[0]) == said(posts[0])
    assert "did not appear within 3 s" in records[1]["reason"]
    assert records[3]["reason"] == f"led to {posts[2]['id']}"
    assert (outcome.ok, outcome.errors, outcome.ended) == (3, 2, "all ids visited")
    assert seen == sorted(seen)


def test_ids_are_looked_for_where_the_raw_zone_says(tmp_path: Path) -> None:
    (tmp_path / "info").mkdir()
    known = {"id": "70001", "permalink": "https://www.tiktok.com/@a/photo/70001", "video-src": "", "web-id": "1"}
    (tmp_path / "info/b.json").write_text(json.dumps([known]))
    options = StepOptions(tmp_path, ids=frozenset({"70002", "70001"}), dry_run=True)
    assert driver.run(options, driver.ScrapeSettings()).details["would_do"] == [
        "70001 at https://www.tiktok.com/@a/photo/70001",
        "70002 at https://www.tiktok.com/@_/video/70002",
    ]
    assert driver.run(replace(options, limit=1), driver.ScrapeSettings()).left == 1


def test_driver_goes_on_after_it_broke_off(
    site: Site, drive: Callable[..., driver.ScrapeOutcome], tmp_path: Path
) -> None:
    """What broke off before its file was written is in the profile, and the same call goes on behind it."""
    posts = [post(n) for n in range(1, 6)]
    address = site.show(*posts)

    def break_off(progress: Mapping[str, Any]) -> None:
        if progress["records"] >= 2:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        drive(address, 5, batch="b", on_progress=break_off)
    assert not (tmp_path / "data" / "info").exists()
    outcome = drive(address, 5, batch="b")
    assert outcome.file is not None
    records = json.loads(outcome.file.read_text(encoding="utf-8"))
    assert [record["id"] for record in records] == [one["id"] for one in posts]
    assert outcome.repeats >= 1


def test_driver_says_what_it_cannot_find(
    site: Site, drive: Callable[..., driver.ScrapeOutcome], tmp_path: Path
) -> None:
    """Another layout, no server, a bad name: each is told, and nothing is written."""
    with pytest.raises(NoInputError, match="permalink"):
        drive(f"{site.address}/foryou", 1, ready_timeout_s=1.0)
    with pytest.raises(NoInputError, match="cannot open"):
        drive("http://127.0.0.1:9/", 1)
    with pytest.raises(UsageError, match="named with letters"):
        drive(site.show(post(1)), 1, batch="../outside")
    with pytest.raises(StepError, match="does not start"):
        drive(site.show(post(1)), 1, executable=Path("/bin/false"))
    assert not (tmp_path / "data" / "info").exists()


def test_ctrl_c_finishes_the_post_in_hand(site: Site, tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to the browser's helpers, too: the run still ends in order, with 130 and a whole file."""
    address = site.show(*(post(n, first_comments_ms=100) for n in range(1, 60)))
    program = (
        "import sys; from pathlib import Path; from extract.steps import scrape; from extract.steps.common import *;"
        "settings = scrape.ScrapeSettings(url=sys.argv[1], profile=Path('profile'), batch='b', headless=True,"
        " browser_arguments=sys.argv[2:]);"
        "sys.exit(scrape.run(StepOptions(Path('data')), settings).exit_code(strict=False))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, address, *ARGUMENTS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        start_new_session=True,
    )
    try:
        site.wait_for("/media/3.jpg")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    records = json.loads((tmp_path / "data" / "info" / "b.json").read_text(encoding="utf-8"))
    assert 2 <= len(records) < 59
    assert all(record["comments-complete"] for record in records)


def test_command_line_step(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step counts what the run brought, and says what to do about what is missing."""
    options = StepOptions(tmp_path / "data", limit=3)
    settings = driver.ScrapeSettings(url="http://site.test/", profile=tmp_path / "profile")
    assert driver.run(replace(options, dry_run=True), settings).details["would_do"] == [
        f"3 posts from http://site.test/ on, with the profile {tmp_path / 'profile'}"
    ]
    asked: list[int] = []

    def scrape(count: int, *arguments: Any, **named: Any) -> driver.ScrapeOutcome:
        asked.append(count)
        for records, errors in ((1, 0), (3, 1)):
            named["on_progress"]({"records": records, "errors": errors})
        file = tmp_path / "b.json"
        return driver.ScrapeOutcome(file, "b", 3, 2, 1, 1, 0, "end of feed", ("music",), 0, 9, 1)

    monkeypatch.setattr(driver, "scrape", scrape)
    result = driver.run(options, settings)
    assert asked == [3]
    assert (result.ok, result.failed, result.left) == (2, 1, 0)
    assert result.exit_code(strict=False) == 0
    assert result.exit_code(strict=True) == 1
    assert any("music" in message for message in result.messages)
