"""A small server on this machine that stands in for the site's video hosts while the demo runs.

    with DemoServer(Path("demo/media")) as server:
        requests.get(f"http://127.0.0.1:{server.port}/videos/a.mp4", headers={"Range": "bytes=100-"})

It answers as the real hosts do: byte ranges, 404 for what is gone, 403 below /locked/ without the cookie
tt_chain_token, and a page of HTML where a link leads to a page (/@name/...).
"""

from __future__ import annotations

import re
import sys
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

COOKIE = "tt_chain_token"
CONTENT_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg"}
PAGE = b"<!DOCTYPE html><html><head><title>A page</title></head><body>This is a page, not a video.</body></html>\n"
BYTE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return first and last byte (both included) of one byte range; None if it lies outside or is not one range.

    `bytes=100-` and `bytes=-500` are open at one end, as RFC 9110 has them.
    """
    match = BYTE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end) if start <= end else None


class DemoHandler(BaseHTTPRequestHandler):
    """Answers one connection; the server knows the folder."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer with a file, a part of it, a page, or the refusal that the real hosts would give."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as for GET, without the body."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing: the download step tells the story."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/locked/") and not self._has_cookie():
            self._send(HTTPStatus.FORBIDDEN, b"Access Denied\n", {"Content-Type": "text/plain"}, with_body)
            return
        if path.startswith("/@"):
            self._send(HTTPStatus.OK, PAGE, {"Content-Type": "text/html; charset=utf-8"}, with_body)
            return
        file = self.server.file_at(path)
        if file is None:
            self._send(HTTPStatus.NOT_FOUND, b"Not Found\n", {"Content-Type": "text/plain"}, with_body)
            return
        body = file.read_bytes()
        tag = f'"{len(body):x}-{file.stat().st_mtime_ns:x}"'
        headers = {
            "Content-Type": CONTENT_TYPES[file.suffix],
            "Accept-Ranges": "bytes",
            "ETag": tag,
            "Last-Modified": formatdate(file.stat().st_mtime, usegmt=True),
        }
        wanted = self.headers.get("Range")
        if wanted is None or self.headers.get("If-Range", tag) not in (tag, headers["Last-Modified"]):
            self._send(HTTPStatus.OK, body, headers, with_body)
            return
        span = parse_range(wanted, len(body))
        if span is None:
            headers["Content-Range"] = f"bytes */{len(body)}"
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", headers, with_body)
            return
        headers["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(body)}"
        self._send(HTTPStatus.PARTIAL_CONTENT, body[span[0] : span[1] + 1], headers, with_body)

    def _has_cookie(self) -> bool:
        try:
            return COOKIE in SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.files = {
            f"/{path.relative_to(folder).as_posix()}": path
            for path in folder.rglob("*")
            if path.is_file() and path.suffix in CONTENT_TYPES
        }
        super().__init__(("127.0.0.1", port), DemoHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client may hang up whenever it has seen enough (a page where it wanted a video): not worth a traceback
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def file_at(self, path: str) -> Path | None:
        # Only what lay in the folder at the start has an address, so that no path can lead out of it
        return self.files.get(path)


class DemoServer:
    """Serves a folder of .mp4 and .jpg files on 127.0.0.1 while the `with` block runs."""

    def __init__(self, folder: Path, preferred_port: int | None = None) -> None:
        """Take the preferred port if it is free, else any free one. Raises NotADirectoryError for a missing folder."""
        if not folder.is_dir():
            raise NotADirectoryError(f"there are no media to serve: {folder} is not a folder")
        try:
            self._server = _Server(folder, preferred_port or 0)
        except OSError:
            self._server = _Server(folder, 0)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return self._server.server_port

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
