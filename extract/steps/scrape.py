"""Drive scraper.js in the user's own browser for a whole run, and file what it read in the raw zone.

For people who may collect what they look at: the site's terms of use, the law and the rights of those who wrote apply.
The browser is the user's, with the user's profile and log-in; no barrier (captcha, log-in, age gate) is passed for
them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.disguising import as_json, disguise_for, disguised
from extract.progress import Progress
from extract.raw_zone import find_posts
from extract.steps.common import (
    MissingToolError,
    NoInputError,
    StepError,
    StepOptions,
    StepResult,
    UsageError,
    finishing_on_signals,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

SCRAPER = Path(__file__).resolve().parents[1] / "scraper.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
POLL_MS = 250
# A page that loses the script so often without a new record will not come back by itself
MAX_FRUITLESS_RESTARTS = 5
# How long to wait for a post when an earlier one has shown that the layout and the log-in are right
LATER_POST_S = 20.0
COUNTERS = ("repeats", "waits", "ceilings")
# What a browser says of itself to its maker is no part of a scrape
QUIET_ARGUMENTS = (
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def default_profile() -> Path:
    """Return the folder of the browser profile that is used when none is named: kept for the next run, with its log-in.

    Not the one of the daily browser: Chromium lets no program drive that one.
    """
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tiktok-retrieval" / "browser"


@dataclass(frozen=True)
class ScrapeSettings:
    """What to scrape and how: see `scrape`; `profile` None means `default_profile()`."""

    count: int = 100
    delay_ms: int = 2000
    url: str = "https://www.tiktok.com/"
    profile: Path | None = None
    batch: str | None = None
    headless: bool = False
    executable: Path | None = None
    browser_arguments: Sequence[str] = ()
    max_comments: int | None = None
    replies: bool = True
    ready_timeout_s: float = 300.0
    pseudonymise: bool = False


@dataclass(frozen=True)
class ScrapeOutcome:
    """What a run brought: `file` is None when there was no record to write.

    `records` = `ok` + `errors`; `incomplete` counts the ok ones whose comments are known not to be whole; `ended` says
    why the run ended ('count reached', 'end of feed', 'the feed repeats itself', 'the page does not move on',
    'stopped'); `missing` names parts of the page that the script could not find; `restarts` counts how often the page
    was loaded anew under the script; `ceilings` of `waits` waits ended because nothing came in time.
    """

    file: Path | None
    run: str
    records: int
    ok: int
    errors: int
    incomplete: int
    repeats: int
    ended: str
    missing: tuple[str, ...]
    restarts: int
    waits: int
    ceilings: int

    @property
    def stopped(self) -> bool:
        """Whether the run ended because it was asked to."""
        return self.ended == "stopped"


def run(options: StepOptions, settings: ScrapeSettings) -> StepResult:
    """Scrape as the command line does: with progress, and Ctrl-C ends the run behind the post in hand.

    Of the shared options `data`, `limit` (at most so many posts), `ids` and `dry_run` count. Raises what `scrape`
    raises.
    """
    links = None if options.ids is None else links_of(options.data, options.ids)
    count = min(settings.count if links is None else len(links), options.limit or sys.maxsize)
    profile = settings.profile or default_profile()
    if options.dry_run:
        what = [f"{count} posts from {settings.url} on, with the profile {profile}"]
        if links is not None:
            what = [f"{tiktok_id} at {link}" for tiktok_id, link in list(links.items())[:count]]
        return StepResult("scrape", left=count, details={"would_do": what})
    stop = threading.Event()
    with finishing_on_signals(stop), Progress("scrape", count) as progress:
        shown = {"records": 0, "errors": 0}

        def show(state: Mapping[str, Any]) -> None:
            # A page that is loaded anew counts from 0 until its records are back
            records, errors = max(shown["records"], state["records"]), max(shown["errors"], state["errors"])
            for number in range(records - shown["records"]):
                progress.advance(failed=number < errors - shown["errors"])
            shown.update(records=records, errors=errors)
            progress.tick()

        outcome = scrape(
            count,
            settings.delay_ms,
            profile,
            settings.url,
            options.data,
            links=links,
            batch=settings.batch,
            headless=settings.headless,
            executable=settings.executable,
            browser_arguments=settings.browser_arguments,
            max_comments=settings.max_comments,
            replies=settings.replies,
            ready_timeout_s=settings.ready_timeout_s,
            pseudonymise=settings.pseudonymise,
            on_progress=show,
            should_stop=stop.is_set,
        )
    return describe_outcome(outcome, count)


def links_of(data: Path, ids: Iterable[str]) -> dict[str, str]:
    """Return where these posts are: at the permalink that is known, or where the site leads from the id."""
    known = find_posts(data)
    return {
        tiktok_id: (known[tiktok_id].permalink if tiktok_id in known else None)
        or f"https://www.tiktok.com/@_/video/{tiktok_id}"
        for tiktok_id in sorted(ids)
    }


def describe_outcome(outcome: ScrapeOutcome, count: int) -> StepResult:
    """Return a run as the result of a step; posts that could not be read count as failed."""
    messages = [f"written to {outcome.file}" if outcome.file else "nothing to write", f"ended: {outcome.ended}"]
    if outcome.incomplete:
        messages.append(f"{outcome.incomplete} posts whose comments are not whole: a larger --delay may help")
    if outcome.missing:
        messages.append(f"not found on the page: {', '.join(outcome.missing)} (see SELECTORS in {SCRAPER.name})")
    if outcome.file:
        messages.append("the links in it live a few hours only: download soon")
    return StepResult(
        "scrape",
        ok=outcome.ok,
        failed=outcome.errors,
        left=count - outcome.records,
        interrupted=outcome.stopped,
        statuses={"ok": outcome.ok, "error": outcome.errors},
        faults={"unreadable": outcome.errors} if outcome.errors else {},
        details={
            "file": str(outcome.file) if outcome.file else None,
            "ended": outcome.ended,
            "incomplete": outcome.incomplete,
            "repeats": outcome.repeats,
            "missing": list(outcome.missing),
        },
        messages=tuple(messages),
    )


def scrape(
    count: int,
    delay_ms: int,
    profile: Path,
    url: str,
    data: Path,
    *,
    links: Mapping[str, str] | None = None,
    batch: str | None = None,
    headless: bool = False,
    executable: Path | None = None,
    browser_arguments: Sequence[str] = (),
    max_comments: int | None = None,
    replies: bool = True,
    ready_timeout_s: float = 300.0,
    pseudonymise: bool = False,
    on_progress: Callable[[Mapping[str, Any]], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ScrapeOutcome:
    """Scrape `count` TikToks from the post at `url` on, and write them to `<data>/info/<batch>.json`.

    With `links` (id -> address) it is `count` of these posts, each opened by itself; one that does not appear is an
    error record.

    `delay_ms` is the ceiling of every wait in milliseconds; `profile` is the folder of the browser profile (made when
    it is not there); `batch` defaults to the time of the start. In the visible browser the user has `ready_timeout_s`
    seconds to log in and to open a post. `on_progress` is called about four times a second with scraper.js's
    scrape_progress(). When `should_stop` turns true, the post in hand is finished and what is there is written.

    A run that broke off without writing its file (a crash, a kill) goes on where it was when it is called again with
    the same profile, site and batch. `pseudonymise` writes pseudonyms in place of persons.

    Raises UsageError (a batch that exists, a count below 1), MissingToolError (no Chromium, no Playwright),
    NoInputError (the layout with visible comments never appeared; the message names what was not found), and StepError
    for what happens in the browser later.
    """
    if count < 1 or delay_ms < 1:
        raise UsageError("the count and the delay must be above 0")
    name = batch or datetime.now(UTC).strftime("scrape_%Y-%m-%dT%H-%M-%SZ")
    target = batch_file(data, name)
    executable_path = executable or find_browser()
    try:
        from playwright.sync_api import Error as PlaywrightError
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingToolError("the Python package playwright", "pip install playwright") from error

    with sync_playwright() as playwright:
        context = _open(playwright, profile, headless, executable_path, [*QUIET_ARGUMENTS, *browser_arguments])
        run = _Run(context, url, name, {"max_comments": max_comments, "replies": replies, "run": name})
        try:
            if links is not None:
                asked = dict(list(links.items())[:count])
                ended, records = run.visit(asked, delay_ms, ready_timeout_s, on_progress, should_stop)
                text = as_json(records)
            else:
                run.make_ready(ready_timeout_s, should_stop)
                ended = run.drive(count, delay_ms, ready_timeout_s, on_progress, should_stop)
                text = run.records_text()
                records = json.loads(text)
            if pseudonymise:
                text = _disguised(records, data)
            file = _write(target, text) if records else None
            # The raw zone has them now; other people's words need not stay in the browser, too
            run.forget()
        except PlaywrightError as error:
            raise StepError(f"the browser: {str(error).splitlines()[0]}") from error
        finally:
            with suppress(PlaywrightError):
                context.close()

    ok = [record for record in records if record["status"] == "ok"]
    return ScrapeOutcome(
        file=file,
        run=name,
        records=len(records),
        ok=len(ok),
        errors=len(records) - len(ok),
        incomplete=sum(record["comments-complete"] is False for record in ok),
        repeats=int(run.progress.get("repeats", 0)),
        ended=ended,
        missing=tuple(run.progress.get("missing", ())),
        restarts=run.restarts,
        waits=int(run.progress.get("waits", 0)),
        ceilings=int(run.progress.get("ceilings", 0)),
    )


def batch_file(data: Path, batch: str) -> Path:
    """Return the raw file of a batch; raise UsageError when it exists or the name is no plain file name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", batch):
        raise UsageError(f"a batch is named with letters, digits, '.', '_' and '-', not {batch!r}")
    file = data / "info" / f"{batch}.json"
    if file.exists():
        raise UsageError(f"{file} exists, and raw files are never overwritten: choose another batch name")
    return file


def find_browser() -> Path:
    """Return the Chromium browser of this machine; raise MissingToolError when there is none."""
    for browser in BROWSERS:
        found = shutil.which(browser)
        if found:
            return Path(found)
    raise MissingToolError("a Chromium browser", "sudo apt-get install chromium")


def _open(
    playwright: Playwright, profile: Path, headless: bool, executable: Path, arguments: Sequence[str]
) -> BrowserContext:
    """Start the browser with the user's profile."""
    from playwright.sync_api import Error as PlaywrightError

    profile.mkdir(parents=True, exist_ok=True)
    try:
        return playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable,
            headless=headless,
            args=list(arguments),
            # Pages of strangers in the user's own browser; as root it does not start with it
            chromium_sandbox=hasattr(os, "geteuid") and os.geteuid() != 0,
            no_viewport=not headless,
            # Ctrl-C is ours: the post in hand is to be finished
            handle_sigint=False,
            handle_sigterm=False,
        )
    except PlaywrightError as error:
        message = str(error)
        if "ProcessSingleton" in message or "already in use" in message or "SingletonLock" in message:
            raise StepError(f"the profile {profile} is in use: close that browser, or name another one") from error
        raise StepError(f"the browser {executable} does not start: {message.splitlines()[0]}") from error


class _Run:
    """One run in one tab: put the script in, start it, watch it, and start it again when the page was loaded anew."""

    def __init__(self, context: BrowserContext, url: str, name: str, options: Mapping[str, Any]) -> None:
        self.context = context
        self.page: Page = context.pages[0] if context.pages else context.new_page()
        self.url = url
        self.name = name
        self.options = options
        self.progress: Mapping[str, Any] = {}
        self.restarts = 0
        self.runs: list[str] = []

    def make_ready(self, timeout_s: float, should_stop: Callable[[], bool]) -> None:
        """Open the page and wait until a post with its parts is there, which may take the user's hand."""
        from playwright.sync_api import Error as PlaywrightError

        try:
            self.page.goto(self.url, wait_until="domcontentloaded")
        except PlaywrightError as error:
            raise NoInputError(f"cannot open {self.url}: {str(error).splitlines()[0]}") from error
        end = time.monotonic() + timeout_s
        missing: Sequence[str] = ()
        while time.monotonic() < end and not should_stop():
            # The user may click through a log-in meanwhile: a script lost to a new page is put in again
            with suppress(PlaywrightError):
                self._put_script_in()
                check = self.page.evaluate("check_page()")
                missing = check["missing"]
                found = check["found"]
                # Other layouts have some of the parts, too: a feed has buttons to its next post
                if found["permalink"] or (found["username"] and found["comment_count"] and found["next_button"]):
                    return
            self.page.wait_for_timeout(POLL_MS)
        if not should_stop():
            raise NoInputError(
                f"the layout with visible comments did not appear within {timeout_s:g} s; not found: "
                f"{', '.join(missing)}. Log in if need be and open a post, or see SELECTORS in {SCRAPER.name}."
            )

    def drive(
        self,
        count: int,
        delay_ms: int,
        timeout_s: float,
        on_progress: Callable[[Mapping[str, Any]], None] | None,
        should_stop: Callable[[], bool],
    ) -> str:
        """Run until the script has ended; return why it did."""
        from playwright.sync_api import Error as PlaywrightError

        fruitless = 0
        records_before = 0
        has_asked_to_stop = False
        has_started = False
        while True:
            try:
                if not has_started:
                    if should_stop():
                        return "stopped"
                    self._start(count, delay_ms)
                    has_started = True
                state = self.page.evaluate(
                    "() => typeof scrape_progress === 'function' && globalThis.__tiktok_run"
                    " ? { progress: scrape_progress(), run: globalThis.__tiktok_run } : null"
                )
                if state is not None:
                    self.progress = state["progress"]
                    if on_progress is not None:
                        on_progress(self.progress)
                    if state["run"]["fault"]:
                        raise StepError(state["run"]["fault"])
                    if state["run"]["is_over"]:
                        return str(self.progress["state"])
                    if should_stop() and not has_asked_to_stop:
                        self.page.evaluate("stop_scraping()")
                        has_asked_to_stop = True
                    self.page.wait_for_timeout(POLL_MS)
                    continue
            except PlaywrightError as error:
                if self.page.is_closed():
                    raise StepError(
                        f"the browser was closed; the same command with --batch {self.name} goes on where it was"
                    ) from error
            # The page was loaded anew: its records are in the profile, the script is not in the page
            if has_asked_to_stop:
                self._put_script_in()
                return "stopped"
            records = int(self.progress.get("records", 0))
            fruitless = 0 if records > records_before else fruitless + 1
            records_before = records
            if fruitless > MAX_FRUITLESS_RESTARTS:
                raise StepError(f"the page was loaded anew {fruitless} times without a new record")
            has_started = False
            self.restarts += 1
            self._wait_for_page(timeout_s)

    def visit(
        self,
        links: Mapping[str, str],
        delay_ms: int,
        timeout_s: float,
        on_progress: Callable[[Mapping[str, Any]], None] | None,
        should_stop: Callable[[], bool],
    ) -> tuple[str, list[dict[str, Any]]]:
        """Open these posts one after the other, each as a run of its own; return why it ended, and the records."""
        records: list[dict[str, Any]] = []
        counters: Counter[str] = Counter()
        batch, has_seen_a_post = self.name, False
        for tiktok_id, link in links.items():
            errors = sum(record["status"] == "error" for record in records)
            if on_progress is not None:
                on_progress({"records": len(records), "errors": errors})
            self.url, self.name = link, f"{batch}.{tiktok_id}"
            self.options = {**self.options, "run": self.name}
            try:
                # The first post may take the user's hand
                self.make_ready(min(timeout_s, LATER_POST_S) if has_seen_a_post else timeout_s, should_stop)
                if should_stop():
                    break
                found = json.loads(self.records_text())
                if not found:
                    self.drive(1, delay_ms, timeout_s, None, should_stop)
                    found = json.loads(self.records_text())
                has_seen_a_post = True
            except NoInputError as error:
                found = []
                reason = str(error)
            else:
                self.runs.append(self.name)
                counters.update({name: int(self.progress.get(name, 0)) for name in COUNTERS})
                reason = f"led to {found[-1]['id']}" if found else "no record"
            records += found
            if not any(record["id"] == tiktok_id for record in found):
                records.append(_error_record(tiktok_id, link, reason))
        self.progress = {**self.progress, **counters}
        self.name = batch
        return "stopped" if should_stop() else "all ids visited", records

    def records_text(self) -> str:
        """Return the run's records as the page's own JSON."""
        self._put_script_in()
        return str(self.page.evaluate("name => stored_records_text(name)", self.name))

    def forget(self) -> None:
        """Delete the run, and the runs of single posts, from the browser's storage."""
        if self.runs:
            self._put_script_in()
        for name in self.runs or [self.name]:
            self.page.evaluate("name => forget_results(name)", name)

    def _wait_for_page(self, timeout_s: float) -> None:
        from playwright.sync_api import Error as PlaywrightError

        with suppress(PlaywrightError):
            self.page.wait_for_load_state("domcontentloaded", timeout=timeout_s * 1000)

    def _put_script_in(self) -> None:
        # By evaluate and not as a script tag, which the site's content policy would refuse
        if not self.page.evaluate("typeof scrape_tiktoks === 'function'"):
            self.page.evaluate(SCRAPER.read_text(encoding="utf-8"))

    def _start(self, count: int, delay_ms: int) -> None:
        self._put_script_in()
        # Not awaited here: a page that is loaded anew would take the call with it
        self.page.evaluate(
            """([count, delay, options]) => {
                const run = globalThis.__tiktok_run = { is_over: false, fault: null };
                scrape_tiktoks(count, delay, options)
                    .catch((error) => { run.fault = `${error.name}: ${error.message}`; })
                    .finally(() => { run.is_over = true; });
            }""",
            [count, delay_ms, dict(self.options)],
        )


def _error_record(tiktok_id: str, link: str, reason: str) -> dict[str, Any]:
    """Return the record of a post that did not appear, as scraper.js writes one of a post that it cannot read."""
    parts = ("video-src", "coverphoto-src", "web-id", "creator-username", "creator-nickname", "music-src", "comments")
    record: dict[str, Any] = dict.fromkeys(parts)
    return record | {
        "id": tiktok_id,
        "permalink": link,
        "scrape-timestamp": time.time(),
        "status": "error",
        "reason": reason,
        "comments-complete": None,
    }


def _disguised(records: list[dict[str, Any]], data: Path) -> str:
    """Return the records as JSON, with pseudonyms in place of persons. Raises UsageError where there is no key."""
    try:
        disguise = disguise_for(data, lambda: records)
    except (OSError, ValueError) as error:
        raise UsageError(f"the key for pseudonyms cannot be had: {error}") from error
    return as_json(disguised(records, disguise))


def _write(target: Path, text: str) -> Path:
    """Write a batch so that a reader sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)
    return target
