"""The gate before every request: who asks, from where, how much and how often; and what every answer carries."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viewer.settings import Settings

# Nothing but the viewer's own files, no script or style inside a page, no frame around it, no text made into a script
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
BODY_BYTES = 16_384
TARGET_BYTES = 4_096
HEADER_BYTES = 16_384
REQUEST_HEADER = "x-viewer-request"
PARTICIPANT_COOKIE = "viewer_participant"
RESEARCHER_COOKIE = "viewer_researcher"
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SUBMITTING = ("/api/queries", "/api/mine", "/api/judgements")
RESEARCH = ("/research", "/api/research", "/api/judgements")
OPEN = ("/static/", "/api/enter", "/enter")
# Guessing a token
ENTRANCES_PER_MINUTE = 20
REMEMBERED_ADDRESSES = 10_000


class Rate:
    """A bucket for each address: it holds so many requests, and fills up again at so many a minute."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the rate; a quarter of a minute's requests may come at once."""
        self.per_second = per_minute / 60
        self.capacity = max(10.0, per_minute / 4)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def seconds_to_wait(self, address: str) -> float:
        """Take one request out of the bucket and return 0, or return after how long there will be one."""
        now = self._clock()
        held, then = self._buckets.get(address, (self.capacity, now))
        held = min(self.capacity, held + (now - then) * self.per_second)
        if held < 1:
            return (1 - held) / self.per_second
        if len(self._buckets) >= REMEMBERED_ADDRESSES:
            # An empty bucket of an address that has not asked for a minute is full again
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if now - bucket[1] < 60}
        self._buckets[address] = (held - 1, now)
        return 0.0


class RefusedError(Exception):
    """Why a request is not answered."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        """Keep status, sentence and headers of the answer."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def cookie_value(token: str, role: str) -> str:
    """Return what a browser keeps in place of the token."""
    return hmac.new(token.encode(), f"viewer {role}".encode(), hashlib.sha256).hexdigest()


class Gate:
    """ASGI middleware: refuses what is not to be answered, limits bodies, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Stand before an app."""
        self.app = app
        self.settings = settings
        self._requests = Rate(settings.requests_per_minute)
        self._submissions = Rate(settings.submissions_per_minute)
        self._entrances = Rate(ENTRANCES_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
            await send(message)

        try:
            self._check(scope)
            body = await self._read_body(scope, receive)
        except RefusedError as refusal:
            await _refuse(refusal, scope, send_with_headers)
            return
        if body is None:
            return
        await self.app(scope, _replayed(body, receive), send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        path = scope["path"]
        address = (scope.get("client") or ("unknown", 0))[0]
        self._limit(self._requests, address)
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_BYTES:
            raise RefusedError(414, "the address is too long")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            raise RefusedError(431, "the headers are too long")
        host = headers.get("host", "")
        if host_name(host) not in self.settings.hosts:
            raise RefusedError(400, "this viewer does not go by that host name: see --allowed-host")
        if scope["method"] in UNSAFE_METHODS:
            self._check_origin(headers, host)
            if path.startswith(SUBMITTING):
                self._limit(self._submissions, address)
            if path == "/api/enter":
                self._limit(self._entrances, address)
        if not path.startswith(OPEN):
            self._check_token(path, headers)

    def _limit(self, rate: Rate, address: str) -> None:
        seconds = rate.seconds_to_wait(address)
        if seconds:
            raise RefusedError(429, "too many requests: wait a moment", {"Retry-After": str(int(seconds) + 1)})

    def _check_origin(self, headers: Headers, host: str) -> None:
        """Let only the viewer's own pages change anything: another site's page can set neither header nor type."""
        origin = headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != host
        if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise RefusedError(403, "the request comes from another site")
        if headers.get(REQUEST_HEADER) != "1":
            raise RefusedError(403, "only the viewer's pages may change anything: X-Viewer-Request is missing")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(415, "send JSON, with Content-Type: application/json")

    def _check_token(self, path: str, headers: Headers) -> None:
        settings = self.settings
        cookies = _cookies(headers)
        is_researcher = settings.research_token is not None and hmac.compare_digest(
            cookies.get(RESEARCHER_COOKIE, "").encode(), cookie_value(settings.research_token, "researcher").encode()
        )
        if path.startswith(RESEARCH):
            if settings.research_token is not None and not is_researcher:
                raise RefusedError(401, "these pages need the researcher's token")
            if settings.research_token is None and not settings.is_local:
                raise RefusedError(403, "beyond this machine the researcher's pages need a token: see --research-token")
        if settings.token is not None and not is_researcher:
            held = cookies.get(PARTICIPANT_COOKIE, "").encode()
            if not hmac.compare_digest(held, cookie_value(settings.token, "participant").encode()):
                raise RefusedError(401, "this viewer needs the token that you were given")

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the whole body, which is small or refused; None where the other side went away."""
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > BODY_BYTES:
            raise RefusedError(413, f"the body is larger than {BODY_BYTES} bytes")
        body: bytes = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > BODY_BYTES:
                raise RefusedError(413, f"the body is larger than {BODY_BYTES} bytes")
            if not message.get("more_body", False):
                return body


def host_name(host: str) -> str:
    """Return the name in a Host header, without the port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _replayed(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(refusal: RefusedError, scope: Scope, send: Send) -> None:
    headers = {"Content-Type": "application/json", **refusal.headers}
    status, body = refusal.status, json.dumps({"detail": refusal.detail}).encode()
    is_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    if status == 401 and is_page:
        status, body = 303, b""
        headers["Location"] = f"{scope.get('root_path', '')}/enter"
    headers["Content-Length"] = str(len(body))
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
