"""A local server that answers as wrongly as real hosts do, and the media that it serves when it answers rightly."""

from __future__ import annotations

import io
import json
import ssl
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]


def box(name: str, *content: bytes) -> bytes:
    """Return an MP4 box."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name.encode()) + body


def track(kind: str) -> bytes:
    """Return a track box with nothing but its handler, which is all that tells its kind."""
    handler = box("hdlr", bytes(8), kind.encode(), bytes(12), b"name\0")
    return box("trak", box("tkhd", bytes(84)), box("mdia", box("mdhd", bytes(24)), handler))


def mp4(size: int = 50_000, *, moov_first: bool = True, kinds: tuple[str, ...] = ("vide", "soun")) -> bytes:
    """Return a whole MP4 file as far as its boxes go; its media data is a pattern that shows where a piece belongs."""
    head = box("ftyp", b"isom", bytes(4), b"isommp42")
    movie = box("moov", box("mvhd", bytes(100)), *(track(kind) for kind in kinds))
    media = box("mdat", bytes(number % 251 for number in range(size)))
    return head + movie + media if moov_first else head + media + movie


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 96), mode: str = "RGB") -> bytes:
    """Return an image with a gradient in it."""
    image = Image.linear_gradient("L").resize(size).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


HTML = b"<!DOCTYPE html><html><body>Access denied</body></html>" + b" " * 2000


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the route of its path, with the number of the request on that path, from 1."""

    protocol_version = "HTTP/1.1"
    server: FaultServer

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.split("?")[0]
        with self.server.lock:
            self.server.requests[path] += 1
            count = self.server.requests[path]
            self.server.headers.append((path, dict(self.headers)))
            self.server.in_hand += 1
            self.server.most_in_hand = max(self.server.most_in_hand, self.server.in_hand)
        try:
            self.server.routes[path](self, count)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.in_hand -= 1

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

    def answer(
        self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
    ) -> None:
        """Send an answer; `length` is the Content-Length that is claimed."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def hang_up(self) -> None:
        """End the connection after this answer."""
        self.close_connection = True


Route = Callable[[Handler, int], None]


class FaultServer(ThreadingHTTPServer):
    """Counts what it is asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        """Listen on a free port of the loopback interface."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Route] = {}
        self.requests: Counter[str] = Counter()
        self.headers: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()
        self.in_hand = 0
        self.most_in_hand = 0
        self.closing = threading.Event()
        self.scheme = "http"

    def link(self, path: str) -> str:
        """Return the link of a path."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on purpose."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[FaultServer]:
    """Run a server; with a certificate (and its key in the same file) over TLS."""
    server = FaultServer()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


def serve(body: bytes, headers: Mapping[str, str] | None = None) -> Route:
    """Answer with a body, and with a part of it where one is asked for."""

    def route(handler: Handler, count: int) -> None:
        wanted = handler.headers.get("Range")
        if wanted:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
            handler.answer(body[start:], 206, {"Content-Range": content_range, **(headers or {})})
        else:
            handler.answer(body, headers=headers)

    return route


def scraped(tiktok_id: str, video: str | None = None, cover: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a record as the console scraper writes it."""
    return {
        "id": tiktok_id,
        "permalink": f"https://www.tiktok.com/@somebody/video/{tiktok_id}",
        "web-id": "1",
        "video-src": video,
        "coverphoto-src": cover,
        "creator-username": "somebody",
        "creator-nickname": "Some Body",
        "description": "",
        "comments": [],
        "scrape-timestamp": 1_700_000_000.0,
        **fields,
    }


def write_batch(data: Path, records: list[dict[str, Any]], name: str = "batch_1.json") -> Path:
    """Write a batch into the raw zone."""
    path = data / "info" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def run_cli(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the extractors' door as a user does."""
    command = [sys.executable, str(REPOSITORY / "extract" / "run.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, **options)
