"""List the posts that are no longer available at their source, so that they can be forgotten.

Only what the host says plainly counts as unavailable: a refusal, an error or a timeout says nothing about a post.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests

from extract.formats.base import Post
from extract.journal import Journal, utc_now
from extract.raw_zone import find_posts, forgotten
from extract.steps.common import NoInputError, Outcome, StepOptions, StepResult, run_items
from extract.steps.download import DownloadSettings, parse_retry_after, read_cookies

JOURNAL = "rechecks.ndjson"
LIST = "unavailable.txt"
AVAILABLE, UNAVAILABLE, UNKNOWN = "available", "unavailable", "unknown"
# The page holds its data as JSON with a status; 10204 is said of removed posts, but to blocked networks as well
PAGE_STATUS = re.compile(r'"statusCode"\s*:\s*(10204|10216|10222)\b')
PAGE_FAULTS = {"10204": "removed_or_blocked", "10216": "private", "10222": "private"}
ASK_AGAIN_AFTER = timedelta(days=1)
PAGE_BYTES = 4 << 20


@dataclass(frozen=True)
class RecheckSettings:
    """How to ask: seconds to wait for the host, seconds between two questions to it, how many at once, and who instead.

    `per_host` questions are open at a host at once; `base_url` is asked in place of the permalinks' own host.
    """

    timeout: float = 20.0
    pause: float = 1.0
    per_host: int = 1
    base_url: str | None = None
    cookies: Path | None = None


@dataclass(frozen=True)
class Finding:
    """What a permalink led to: available, unavailable or unknown, why, and how long the host asks us to wait (s)."""

    status: str
    fault: str | None = None
    reason: str | None = None
    retry_after: float | None = None


def address_of(post: Post, base_url: str | None) -> str:
    """Return the address to ask for: the permalink, at another host if one is given."""
    link = post.permalink or f"https://www.tiktok.com/@/video/{post.tiktok_id}"
    if base_url is None:
        return link
    base, parts = urlsplit(base_url), urlsplit(link)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, ""))


def ask(session: requests.Session, address: str, tiktok_id: str, timeout: float) -> Finding:
    """Look at one permalink."""
    try:
        with session.get(address, timeout=timeout, stream=True) as response:
            status = response.status_code
            if status in (404, 410):
                return Finding(UNAVAILABLE, "gone" if status == 410 else "not_found", f"HTTP {status}")
            if status != 200:
                wait = parse_retry_after(response.headers.get("Retry-After"), time.time())
                fault = "rate_limited" if status == 429 else "server_error" if status >= 500 else "refused"
                return Finding(UNKNOWN, fault, f"HTTP {status}", wait)
            path = urlsplit(response.url).path
            if path.rstrip("/") in ("/404", "/notfound"):
                return Finding(UNAVAILABLE, "not_found", f"led to {path}")
            page = response.raw.read(PAGE_BYTES, decode_content=True).decode("utf-8", "replace")
    except requests.RequestException as error:
        return Finding(UNKNOWN, "connection", " ".join(str(error).split())[:300])
    except Exception as error:  # what urllib3 raises in the middle of a body
        return Finding(UNKNOWN, "connection", f"{type(error).__name__}: {error}"[:300])
    code = PAGE_STATUS.search(page)
    if code is not None:
        return Finding(UNAVAILABLE, PAGE_FAULTS[code.group(1)], f"the page says status {code.group(1)}")
    if tiktok_id not in page and tiktok_id not in path:
        return Finding(UNKNOWN, "other_page", f"led to {path}, which does not name the post")
    return Finding(AVAILABLE)


def _is_recent(moment: object) -> bool:
    """Whether a time of the journal lies less than a day back."""
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(str(moment))
    except (TypeError, ValueError):
        return False
    return age < ASK_AGAIN_AFTER


def run(
    options: StepOptions, settings: RecheckSettings | None = None, *, sleep: Callable[[float], None] = time.sleep
) -> StepResult:
    """Ask for every post that is known, note the answers, and list what is unavailable by the newest answer.

    A post that answered within the last day is asked again only by its id, so that a run that broke off can go on.
    Raises NoInputError when no post is known, UsageError for a bad cookies file.
    """
    settings = settings or RecheckSettings()
    data = options.data
    warnings: list[str] = []
    is_forgotten = forgotten(data)
    posts = [post for post in find_posts(data, warnings.append).values() if not is_forgotten(post)]
    if not posts:
        raise NoInputError("; ".join(warnings) or f"no post is known in {data}")
    cookies = None if settings.cookies is None else read_cookies(settings.cookies)
    # These are somebody else's sites: so many questions at once, however many jobs
    hosts = {
        host: threading.Semaphore(settings.per_host)
        for host in {urlsplit(address_of(post, settings.base_url)).hostname for post in posts}
    }
    sessions = threading.local()  # requests does not promise that threads can share one

    def work(post: Post) -> Outcome:
        started = utc_now()
        address = address_of(post, settings.base_url)
        if not hasattr(sessions, "session"):
            sessions.session = requests.Session()
            sessions.session.headers["User-Agent"] = DownloadSettings().user_agent
            if cookies is not None:
                sessions.session.cookies.update(cookies)
        with hosts[urlsplit(address).hostname]:
            finding = ask(sessions.session, address, post.tiktok_id, settings.timeout)
            sleep(max(settings.pause, min(finding.retry_after or 0.0, 60.0)))
        line = {
            "tiktok_id": post.tiktok_id,
            "part": "page",
            "status": finding.status,
            "reason": finding.reason,
            "host": urlsplit(address).hostname,
            "class": finding.fault,
            "started_at": started,
            "finished_at": utc_now(),
        }
        kept = {name: value for name, value in line.items() if value is not None}
        return Outcome(finding.status, finding.fault, lines=[kept], is_failure=finding.status == UNKNOWN)

    with Journal(data / JOURNAL) as journal:
        answered = {
            key.tiktok_id
            for key, line in journal.latest(settled=(AVAILABLE, UNAVAILABLE)).items()
            if line.get("status") != UNKNOWN and _is_recent(line.get("finished_at"))
        }
        result = run_items(
            "recheck",
            posts,
            work,
            options,
            id_of=lambda post: post.tiktok_id,
            done=lambda post: options.ids is None and post.tiktok_id in answered,
            journal=journal,
        )
        if options.dry_run:
            return result
        newest = journal.latest(settled=(AVAILABLE, UNAVAILABLE))
    known = {post.tiktok_id for post in posts}
    gone = {
        key.tiktok_id: str(line.get("class"))
        for key, line in sorted(newest.items())
        if line.get("status") == UNAVAILABLE and key.tiktok_id in known
    }
    path = data / LIST
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text("".join(f"{tiktok_id}\t{fault}\n" for tiktok_id, fault in gone.items()), encoding="utf-8")
    unfinished.replace(path)
    messages = [*warnings, *result.messages]
    if gone:
        messages += [f"{tiktok_id}  {fault}" for tiktok_id, fault in gone.items()]
        if "removed_or_blocked" in gone.values():
            messages.append("removed_or_blocked: look from another network or region before you believe it")
        messages.append(f"{len(gone)} posts are no longer available; to forget them: forget --ids @{path}")
    else:
        messages.append("no post is known to be unavailable")
    return replace(
        result, details={**result.details, "unavailable": gone}, messages=messages, inputs_failed=len(warnings)
    )
