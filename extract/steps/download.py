"""Download videos, covers, slides and captions: nothing counts before it is validated, every attempt is a line.

Retrying is our own loop around whole attempts, because the faults that cost the original project half of its corpus
lie in the body of an answer, where no HTTP library retries: error pages saved as .mp4, bodies cut short, old links.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.cookiejar
import json
import os
import random
import re
import socket
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from extract.captions import check_captions
from extract.formats.base import Post
from extract.journal import OK, Journal, Line, utc_now
from extract.media_checks import MediaCheck, check_image, check_video
from extract.raw_zone import CAPTIONS_PART, find_posts, forgotten
from extract.steps.common import NoInputError, Outcome, StepOptions, StepResult, UsageError, run_items
from extract.steps.download_plan import (
    JOURNAL,
    Part,
    doubted,
    holds,
    latest_downloads,
    link_expiry,
    parts_of,
    scrape_again,
)

SCRAPE_AGAIN_FILE = "scrape_again.txt"
SKIP_FILE = "skip.txt"
CHUNK = 8192
LARGEST_FILE = 2 << 30

# How often an attempt of each class is made in all; classes that are not named here are not tried again
TRIES: Mapping[str, int] = {
    "rate_limited": 5,
    "server_error": 5,
    "timeout": 4,
    "connection": 4,
    "truncated": 4,
    "tls_name": 3,
    "tls": 2,
    "empty": 3,
    "not_media": 2,
    "corrupt": 2,
}
# Asking the same link again cannot help
FINAL = frozenset({"gone", "not_found"})

# What is left of a file is worth keeping after these: the next run resumes it
RESUMABLE = frozenset({"timeout", "connection", "truncated", "deadline", "server_error", "rate_limited"})
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/json", "text/xml", "application/xml"})

HINTS: Mapping[str, str] = {
    "forbidden": "403: these links have expired or belong to the cookies of the browser that scraped them; scrape "
    "again, or pass that browser's cookies (tt_chain_token) with --cookies cookies.txt",
    "expired_link": f"expired: links live five to six hours; scrape the ids in {SCRAPE_AGAIN_FILE} again",
    "blob_link": "blob: links cannot be downloaded, usually because downloading is switched off for the video; "
    "scraping again gives a link sometimes",
    "no_link": f"no link was collected: scrape the ids in {SCRAPE_AGAIN_FILE}",
    "tls_name": "the certificate was for another host; it often helps to try later or from another network",
    "not_media": "what came was a page, no media: usually an error page; scrape again or pass --cookies",
    "rate_limited": "the host asks us to slow down: try later, with --jobs 1",
    "disk_full": "make room on the disk, then run the same command again",
}


@dataclass(frozen=True)
class DownloadSettings:
    """How to ask: times in seconds, `breaker` in files that met a TLS name error in a row.

    `timeout` bounds each wait for the host, `deadline` a file in all, with its retries and what Retry-After asks for;
    `backoff` is the first pause, doubled each time, and `backoff_sum` bounds the pauses of a file together.
    """

    timeout: float = 30.0
    deadline: float = 300.0
    backoff: float = 1.0
    backoff_sum: float = 20.0
    retry_after_most: float = 60.0
    breaker: int = 5
    per_host: int = 1
    cookies: Path | None = None
    skip: Path | None = None
    referer: str = "https://www.tiktok.com/"
    user_agent: str = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
    )
    largest_file: int = LARGEST_FILE


class AttemptError(Exception):
    """An attempt that failed: its class, the reason for a person, and how long the host asks us to wait (seconds)."""

    def __init__(self, fault: str, reason: str, retry_after: float | None = None) -> None:
        """Name the class and the reason."""
        super().__init__(reason)
        self.fault = fault
        self.reason = " ".join(reason.split())[:300]
        self.retry_after = retry_after


# --- Links ---------------------------------------------------------------------------------------------------------


def check_link(link: str, now: float) -> AttemptError | None:
    """Return why a link need not be asked for at all; None for one that is worth a request."""
    if not link.strip():
        return AttemptError("no_link", "the scrape holds no link")
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError as error:
        return AttemptError("bad_link", f"not a link: {error}")
    if parts.scheme == "blob":
        return AttemptError("blob_link", "a blob: link lives only in the browser that made it")
    if parts.scheme not in ("http", "https") or not host:
        return AttemptError("bad_link", f"not an http link: {link[:60]}")
    if re.search(r"(^|\.)tiktok\.com$", host) and re.match(r"/@[^/]*/(video|photo)/", parts.path):
        return AttemptError("bad_link", "a link to the page, not to its media")
    expiry = link_expiry(link)
    if expiry is not None and expiry <= now:
        expired = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(expiry))
        return AttemptError("expired_link", f"the link expired at {expired}")
    return None


# --- Connections that a deadline can cut ---------------------------------------------------------------------------


class _Wire:
    """A second handle on the socket that one attempt talks through, by which another thread may end its waiting."""

    def __init__(self) -> None:
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    def take(self, descriptor: int) -> None:
        """Follow the socket with this descriptor from now on."""
        with self._lock:
            self._drop()
            self._handle = socket.socket(fileno=os.dup(descriptor))

    def cut(self) -> None:
        """End whatever is being read or written, also below a TLS handshake."""
        with self._lock, contextlib.suppress(OSError):
            if self._handle is not None:
                self._handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Let go: the connection lives on or not as its owner likes."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


_thread = threading.local()


def _follow(descriptor: int) -> None:
    wire: _Wire | None = getattr(_thread, "wire", None)
    if wire is not None:
        wire.take(descriptor)


class _Cuttable(HTTPConnection):
    """Tells the attempt of its thread which socket it uses."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _follow(connection.fileno())
        return connection

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        # A kept connection may have been opened by another attempt
        if self.sock is not None:
            _follow(self.sock.fileno())
        return super().getresponse()


class _CuttableTls(_Cuttable, HTTPSConnection):
    """The same over TLS."""


class _CuttablePool(HTTPConnectionPool):
    ConnectionCls = _Cuttable


class _CuttableTlsPool(HTTPSConnectionPool):
    ConnectionCls = _CuttableTls


class _Adapter(HTTPAdapter):
    """Makes connections that a deadline can cut, a bounded number for each host."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _CuttablePool, "https": _CuttableTlsPool}


class _Deadline:
    """Ends whatever an attempt waits for once the time is over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """How many seconds are left; negative when it is over."""
        return self._end - time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Cut the connection that this thread opens or uses in here when the time is over."""
        wire = _Wire()
        timer = threading.Timer(max(0.0, self.left), wire.cut)
        timer.daemon = True
        _thread.wire = wire
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _thread.wire = None
            wire.release()


# --- One file -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Resume:
    """What is known of a file that is begun: the link's digest, its validator, its full size in bytes."""

    link: str
    validator: str | None
    size: int | None

    @classmethod
    def read(cls, path: Path, link: str) -> _Resume | None:
        """Return what was noted, if it is about this link."""
        try:
            noted = json.loads(path.read_text(encoding="utf-8"))
            found = cls(noted["link"], noted["validator"], noted["size"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.link == link and (found.validator or found.size) else None

    def write(self, path: Path) -> None:
        """Note it beside the unfinished file."""
        note = {"link": self.link, "validator": self.validator, "size": self.size}
        path.write_text(json.dumps(note), encoding="utf-8")


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; None for nonsense."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value.strip())
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def status_fault(status: int) -> str | None:
    """Return the class of an HTTP status; None for 200 and 206."""
    if status in (200, 206):
        return None
    named = {403: "forbidden", 401: "forbidden", 404: "not_found", 410: "gone", 429: "rate_limited", 408: "timeout"}
    return named.get(status) or ("server_error" if status >= 500 else "http_error")


def describe_error(error: BaseException) -> AttemptError:
    """Return the class of what requests or urllib3 raised; the order matters, an SSLError is a ConnectionError too."""
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        if re.search(r"hostname mismatch|doesn't match|ip address mismatch|not valid for", text, re.IGNORECASE):
            return AttemptError("tls_name", text)
        return AttemptError("tls", text)
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return AttemptError("redirect_loop", text)
    if isinstance(
        error,
        requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema | requests.exceptions.InvalidURL,
    ):
        # The link itself was looked at before: this is where a redirect led
        return AttemptError("bad_redirect", text)
    if isinstance(
        error,
        requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError,
    ) or (isinstance(error, requests.exceptions.ConnectionError) and "timed out" in text.lower()):
        return AttemptError("timeout", text)
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.IncompleteRead):
        return AttemptError("truncated", text)
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return AttemptError("truncated", text)
    return AttemptError("connection", text)


class Downloader:
    """Downloads parts: one session for all threads, one connection for each host unless told otherwise."""

    def __init__(
        self,
        journal: Journal,
        settings: DownloadSettings,
        *,
        force: bool = False,
        stop: threading.Event | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare the session. Raises UsageError for a cookies file that cannot be read.

        Once `stop` is set no file is begun and no attempt is repeated.
        """
        self._journal = journal
        self._settings = settings
        self._force = force
        self._stop = threading.Event() if stop is None else stop
        self._sleep = self._stop.wait if sleep is None else sleep
        self._random = random.Random()  # noqa: S311 - jitter, not a secret
        self._lock = threading.Lock()
        self._hosts: dict[str, threading.Semaphore] = {}
        self._tls_in_a_row = 0
        self._session = requests.Session()
        adapter = _Adapter(pool_connections=64, pool_maxsize=settings.per_host, max_retries=0, pool_block=True)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.max_redirects = 10
        self._session.headers.update(
            {
                "User-Agent": settings.user_agent,
                "Referer": settings.referer,
                "Accept": "*/*",
                # What is compressed on the way cannot be resumed at a byte
                "Accept-Encoding": "identity",
            }
        )
        if settings.cookies is not None:
            self._session.cookies = read_cookies(settings.cookies)  # type: ignore[assignment]

    def download(self, part: Part, known: Line | None, *, was_there: bool) -> Outcome:
        """Bring one part home, or say why not.

        `known` is the newest line on it, `was_there` whether its file lay there when the step began.
        """
        if part.path.exists() and not self._force:
            found = self._look_at_found(part, was_there=was_there)
            if found is not None:
                return found
        refusal = check_link(part.link, time.time())
        if refusal is None and known is not None and known.get("class") in FINAL and not self._force:
            refusal = (
                AttemptError(known["class"], str(known.get("reason"))) if self._is_same_link(part, known) else None
            )
        if refusal is not None:
            return self._refuse(part, known, refusal)
        part.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._own(part) as file:
                if file is None:
                    return Outcome("busy", is_failure=False, settled=True)
                if part.path.exists() and not self._force:
                    # Another run finished it between our look and our lock
                    return Outcome(settled=True)
                with self._host_slot(part.host or "") as is_ours:
                    return self._try(part, file) if is_ours else Outcome(untouched=True)
        except OSError as error:
            return self._disk_fault(part, error, utc_now(), 1)

    def _look_at_found(self, part: Part, *, was_there: bool) -> Outcome | None:
        """Take over a good file that lies there already; set a bad one aside, for it to be downloaded again."""
        started = utc_now()
        check = check_part(part.name, part.path)
        if check.ok:
            if not was_there:
                return Outcome(settled=True)  # another run's, which has its line in the journal
            size = part.path.stat().st_size
            line = self._line(part, OK, started, bytes=size, reason="found under its final name", **{"class": "found"})
            self._journal.append(line)
            return Outcome(settled=True)
        aside = part.path.with_name(part.path.name + ".bad")
        part.path.replace(aside)
        reason = f"found under its final name, set aside as {aside.name}: {check.reason}"
        self._journal.append(self._line(part, "failed", started, reason=reason, **{"class": check.fault}))
        return None

    def _is_same_link(self, part: Part, known: Line) -> bool:
        return known.get("link") == part.link_digest

    def _refuse(self, part: Part, known: Line | None, refusal: AttemptError) -> Outcome:
        """Fail without a request; said once for each link, however often the step is run."""
        repeated = known is not None and known.get("class") == refusal.fault and self._is_same_link(part, known)
        if not repeated:
            line = self._line(part, "failed", utc_now(), reason=refusal.reason, **{"class": refusal.fault})
            self._journal.append(line)
        return Outcome("failed", refusal.fault, part.host)

    def _try(self, part: Part, file: IO[bytes]) -> Outcome:
        """Make attempts until one succeeds, its class is not worth another, or the time is over."""
        deadline = _Deadline(self._settings.deadline)
        tries: Counter[str] = Counter()
        paused = 0.0
        attempt = 0
        while True:
            attempt += 1
            started = utc_now()
            try:
                with deadline.watching():
                    self._transfer(part, file, deadline)
                size = self._finish(part, file)
            except AttemptError as error:
                fault = error
            except OSError as error:
                # requests' own exceptions are OSErrors as well: only those with a number come from the system
                if isinstance(error, requests.exceptions.RequestException) or error.errno is None:
                    fault = describe_error(error)
                elif error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO):
                    return self._disk_fault(part, error, started, attempt)
                else:
                    fault = describe_error(error)
            except urllib3.exceptions.HTTPError as error:
                fault = describe_error(error)
            except ValueError as error:  # a Location that is no address
                fault = AttemptError("bad_redirect", str(error))
            else:
                self._note_tls(failed=False)
                self._journal.append(self._line(part, OK, started, bytes=size, attempt=attempt))
                return Outcome(host=part.host)

            if deadline.left <= 0:
                reason = f"not done after {self._settings.deadline:g} s in all; last: {fault.reason}"
                fault = AttemptError("deadline", reason)
            received = self._size(file)
            self._journal.append(
                self._line(
                    part,
                    "failed",
                    started,
                    reason=fault.reason,
                    bytes=received,
                    attempt=attempt,
                    **{"class": fault.fault},
                )
            )
            tries[fault.fault] += 1
            pause = self._pause(fault, attempt, paused)
            if fault.retry_after is None:
                paused += pause
            worth_it = tries[fault.fault] < TRIES.get(fault.fault, 1) and attempt < max(TRIES.values())
            worth_it = worth_it and not self._stop.is_set()
            if not worth_it or pause >= deadline.left:
                if fault.fault not in RESUMABLE:
                    self._discard(part, file)
                return Outcome("failed", fault.fault, part.host, stop=self._note_tls(failed=fault.fault == "tls_name"))
            self._sleep(pause)
            if self._stop.is_set():
                return Outcome("failed", fault.fault, part.host)

    def _pause(self, fault: AttemptError, attempt: int, paused: float) -> float:
        """Return how long to wait before the next attempt, in seconds."""
        if fault.retry_after is not None:
            return min(fault.retry_after, self._settings.retry_after_most)
        pause = self._settings.backoff * 2.0 ** (attempt - 1) * self._random.uniform(0.5, 1.0)
        return max(0.0, min(pause, self._settings.backoff_sum - paused))

    def _transfer(self, part: Part, file: IO[bytes], deadline: _Deadline) -> None:
        """Make one request and write its body behind what is there. Raises AttemptError and requests' exceptions."""
        offset = self._size(file)
        note = _Resume.read(part.note, part.link_digest) if offset else None
        if note is None:
            offset = 0
            file.truncate(0)
        headers = {}
        if note is not None:
            headers["Range"] = f"bytes={offset}-"
            if note.validator:
                headers["If-Range"] = note.validator
        wait = max(0.01, min(self._settings.timeout, deadline.left))
        with self._session.get(part.link, headers=headers, stream=True, timeout=(wait, wait)) as response:
            if response.status_code == 416:
                file.truncate(0)
                raise AttemptError("truncated", "the host refuses to resume: from the start again")
            fault = status_fault(response.status_code)
            if fault is not None:
                retry_after = parse_retry_after(response.headers.get("Retry-After"), time.time())
                raise AttemptError(fault, f"HTTP {response.status_code} {response.reason}", retry_after)
            if response.status_code == 206:
                self._check_range(response, offset, note, file)
            else:
                offset = 0
                file.truncate(0)
            length = response.headers.get("Content-Length")
            total = offset + int(length) if length and length.isdigit() and not _is_encoded(response) else None
            content_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
            if content_type in PAGE_TYPES and not (part.is_captions and content_type == "application/json"):
                raise AttemptError("not_media", f"HTTP 200, but {content_type} instead of media")
            _Resume(part.link_digest, _validator(response), total).write(part.note)
            file.seek(offset)
            while True:
                piece = response.raw.read1(CHUNK, decode_content=True)
                if deadline.left <= 0:
                    raise AttemptError("deadline", f"{offset} bytes received")
                if not piece:
                    break
                _write_all(file, piece)
                offset += len(piece)
                if offset > self._settings.largest_file:
                    raise AttemptError("too_large", f"more than {self._settings.largest_file} bytes")
        if total is not None and offset < total:
            raise AttemptError("truncated", f"{offset} of {total} bytes received")

    def _check_range(self, response: requests.Response, offset: int, note: _Resume | None, file: IO[bytes]) -> None:
        """Make sure that a partial answer goes on where we stopped, in the same file."""
        found = re.match(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", ""))
        same_place = found is not None and int(found.group(1)) == offset
        same_size = note is None or note.size is None or (found is not None and found.group(3) in ("*", str(note.size)))
        if not (same_place and same_size):
            file.truncate(0)
            raise AttemptError("truncated", "the host resumed at another place: from the start again")

    def _finish(self, part: Part, file: IO[bytes]) -> int:
        """Validate what came and give it its final name; return its size in bytes."""
        file.flush()
        os.fsync(file.fileno())
        check = check_part(part.name, part.unfinished)
        if not check.ok:
            file.truncate(0)
            raise AttemptError(check.fault or "corrupt", check.reason or "unreadable")
        size = self._size(file)
        part.unfinished.replace(part.path)
        _sync_folder(part.path.parent)
        part.note.unlink(missing_ok=True)
        return size

    @contextmanager
    def _own(self, part: Part) -> Iterator[IO[bytes] | None]:
        """Open the unfinished file and lock it; None when another run has it in hand."""
        while True:
            # Unbuffered: what is received is in the file, whatever happens to this process
            file = os.fdopen(os.open(part.unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b", buffering=0)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                yield None
                return
            if _is_named(file, part.unfinished):
                break
            file.close()  # the run that held the lock has renamed or removed the file
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):
                if _is_named(file, part.unfinished) and self._size(file) == 0:
                    part.unfinished.unlink()
                    part.note.unlink(missing_ok=True)
            file.close()

    @staticmethod
    def _size(file: IO[bytes]) -> int:
        return os.fstat(file.fileno()).st_size

    @staticmethod
    def _discard(part: Part, file: IO[bytes]) -> None:
        file.truncate(0)
        part.note.unlink(missing_ok=True)

    def _disk_fault(self, part: Part, error: OSError, started: str, attempt: int) -> Outcome:
        """Give back the room that a half file takes, say so in the journal if there is room, and stop the step."""
        for leftover in (part.unfinished, part.note):
            with contextlib.suppress(OSError):
                leftover.unlink()
        reason = f"{error.strerror or error}: {part.path.parent}"
        with contextlib.suppress(OSError):
            line = self._line(part, "failed", started, reason=reason, attempt=attempt, **{"class": "disk_full"})
            self._journal.append(line)
        return Outcome("failed", "disk_full", part.host, stop=f"cannot write: {reason}")

    @contextmanager
    def _host_slot(self, host: str) -> Iterator[bool]:
        """Wait for a connection to the host; False when the step is stopped meanwhile."""
        with self._lock:
            slot = self._hosts.setdefault(host, threading.Semaphore(self._settings.per_host))
        while not slot.acquire(timeout=0.1):
            if self._stop.is_set():
                yield False
                return
        try:
            yield not self._stop.is_set()
        finally:
            slot.release()

    def _note_tls(self, *, failed: bool) -> str | None:
        """Count files that met a TLS name error in a row; say why to stop when there are too many."""
        with self._lock:
            self._tls_in_a_row = self._tls_in_a_row + 1 if failed else 0
            if self._tls_in_a_row < self._settings.breaker:
                return None
            return (
                f"{self._tls_in_a_row} files in a row met a TLS certificate for another host; "
                "another network or VPN server usually helps, then run the same command again"
            )

    def _line(self, part: Part, status: str, started: str, **columns: Any) -> Line:
        return {
            "tiktok_id": part.post.tiktok_id,
            "part": part.name,
            "status": status,
            "host": part.host,
            "started_at": started,
            "finished_at": utc_now(),
            "link": part.link_digest,
            **columns,
        }


def _is_named(file: IO[bytes], path: Path) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(file.fileno())
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)


def _write_all(file: IO[bytes], piece: bytes) -> None:
    """Write a piece to an unbuffered file, which may take less than it is given when the disk is nearly full."""
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


def _is_encoded(response: requests.Response) -> bool:
    return response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")


def _validator(response: requests.Response) -> str | None:
    """Return what proves that a file is still the same: a strong ETag, or the date of its last change."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_cookies(path: Path) -> http.cookiejar.MozillaCookieJar:
    """Read a browser's cookies from a cookies.txt file (Netscape format). Raises UsageError."""
    jar = http.cookiejar.MozillaCookieJar(str(path))
    try:
        jar.load(ignore_discard=True, ignore_expires=True)
        for cookie in jar:
            if cookie.expires == 0:  # how browsers' exports write a cookie of the session
                cookie.expires, cookie.discard = None, True
    except (OSError, http.cookiejar.LoadError) as error:
        raise UsageError(f"--cookies: {path} is no cookies.txt file in Netscape format: {error}") from error
    return jar


def check_part(part: str, path: Path) -> MediaCheck:
    """Validate a file as what its part has to be."""
    if part == "video":
        return check_video(path)
    return check_captions(path) if CAPTIONS_PART.fullmatch(part) else check_image(path)


# --- The step ------------------------------------------------------------------------------------------------------


def read_skip_list(data: Path, given: Path | None) -> frozenset[str]:
    """Return the ids that are never asked for: one on a line, what follows it or a # is a remark. Raises UsageError."""
    path = given or data / SKIP_FILE
    if given is None and not path.exists():
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--skip: cannot read {path}: {error}") from error
    words = (line.split("#")[0].split() for line in lines)
    return frozenset(line[0] for line in words if line)


def interleave(parts: Iterable[Part]) -> list[Part]:
    """Put the parts in an order that takes turns among hosts, so that no thread waits while another host is free."""
    by_host: dict[str | None, deque[Part]] = defaultdict(deque)
    for part in parts:
        by_host[part.host].append(part)
    order: list[Part] = []
    queues = deque(by_host.values())
    while queues:
        queue = queues.popleft()
        order.append(queue.popleft())
        if queue:
            queues.append(queue)
    return order


def write_scrape_again(data: Path, posts: Mapping[str, Post], wanted: Mapping[str, str]) -> None:
    """Write the list of ids to scrape again, with class and permalink behind each id."""
    path = data / SCRAPE_AGAIN_FILE
    if not wanted and not path.exists():
        return
    unfinished = path.with_name(path.name + ".part")
    lines = [f"{tiktok_id}\t{fault}\t{posts[tiktok_id].permalink or ''}\n" for tiktok_id, fault in wanted.items()]
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(path)


def summarise(outcomes: Mapping[tuple[str, str], int]) -> list[str]:
    """Lay out how many files ended in which class at which host."""
    rows = sorted(outcomes.items(), key=lambda item: (-item[1], item[0]))
    width = max((len(host) for (host, _), _ in rows), default=0)
    return [f"{host:<{width}}  {fault:<14} {count}" for (host, fault), count in rows]


def run(options: StepOptions, settings: DownloadSettings | None = None) -> StepResult:
    """Download what the raw zone names and what is not there yet.

    Raises NoInputError when there are files but none can be read, UsageError for a bad cookies file or skip list.
    """
    settings = settings or DownloadSettings()
    data = options.data
    warnings: list[str] = []
    is_forgotten = forgotten(data)
    posts = {key: post for key, post in find_posts(data, warnings.append).items() if not is_forgotten(post)}
    if not posts:
        told = "; ".join(warnings) or f"no scraped batch in {data / 'info'}, nothing in {data / 'imports'}"
        raise NoInputError(f"nothing to download: {told}")
    skipped = read_skip_list(data, settings.skip)
    state = latest_downloads(data)
    todo = [part for post in posts.values() if post.tiktok_id not in skipped for part in parts_of(data, post)]
    doubts = doubted(data)
    done = {
        key
        for key, line in state.items()
        if line.get("status") == OK and holds(data)(line) and doubts.get(key, "") <= str(line.get("finished_at") or "")
    }
    was_there = {part.path for part in todo if part.path.exists()}
    outcomes: Counter[tuple[str, str]] = Counter()

    stop = threading.Event()

    with Journal(data / JOURNAL) as journal:
        downloader = Downloader(journal, settings, force=options.force, stop=stop)

        def work(part: Part) -> Outcome:
            known = state.get((part.post.tiktok_id, part.name))
            outcome = downloader.download(part, known, was_there=part.path in was_there)
            if not outcome.settled and not outcome.untouched:
                outcomes[part.host or "(no host)", outcome.fault or outcome.status] += 1
            return outcome

        result = run_items(
            "download",
            interleave(todo),
            work,
            options,
            id_of=lambda part: part.post.tiktok_id,
            done=lambda part: (part.post.tiktok_id, part.name) in done,
            label=lambda part: f"{part.post.tiktok_id} {part.name}",
            stop=stop,
        )

    details: dict[str, Any] = dict(result.details)
    messages = [*warnings, *result.messages, *summarise(outcomes)]
    if not options.dry_run:
        wanted = scrape_again(data, posts, latest_downloads(data))
        write_scrape_again(data, posts, wanted)
        by_host: dict[str, dict[str, int]] = defaultdict(dict)
        for (host, fault), count in sorted(outcomes.items()):
            by_host[host][fault] = count
        details |= {"by_host": by_host, "scrape_again": wanted, "skip_listed": len(skipped & posts.keys())}
        messages += [HINTS[fault] for fault in sorted(result.faults) if fault in HINTS]
        if wanted:
            messages.append(f"{len(wanted)} TikToks to scrape again: scrape --ids @{data / SCRAPE_AGAIN_FILE}")
    return replace(result, details=details, messages=tuple(messages), inputs_failed=len(warnings))
