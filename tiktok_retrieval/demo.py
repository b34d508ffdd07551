"""The bundled demo corpus: put its raw files where the demo builds, with links that lead to the demo's own server."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1] / "demo"
MEDIA = DEMO / "media"
RAW_FILES = ("info/*.json", "master.json", "ocr.json", "speech_to_text.json", "queries.json")
# Two names for one machine: the funnel counts by host, and one of the demo's hosts wants a cookie
HOSTS = {b"http://demo-media-prime.test/": "localhost", b"http://demo-media.test/": "127.0.0.1"}
LOCAL_LINK = re.compile(rb"http://127\.0\.0\.1:(\d+)/")


def raw_files() -> Iterator[Path]:
    """Yield the demo's raw files. Raises FileNotFoundError where they are missing (a package without its tree)."""
    found = [path for pattern in RAW_FILES for path in sorted(DEMO.glob(pattern))]
    if not found:
        raise FileNotFoundError(f"the demo corpus is not at {DEMO}: run this from a clone of the repository")
    yield from found


def earlier_port(target: Path) -> int | None:
    """Return the port that the links of an earlier run lead to, so that it can be asked for again."""
    for path in sorted(target.glob("info/*.json")):
        match = LOCAL_LINK.search(path.read_bytes())
        if match:
            return int(match.group(1))
    return None


def prepare(target: Path, port: int) -> None:
    """Copy the demo's raw files into a raw zone, with the demo's hosts replaced by this machine at this port.

    A file that is right already is not touched, so a second run with the same port changes nothing; other files of the
    folder (media, journals, what a person added) are left alone.
    """
    for source in raw_files():
        content = source.read_bytes()
        for placeholder, host in HOSTS.items():
            content = content.replace(placeholder, f"http://{host}:{port}/".encode())
        path = target / source.relative_to(DEMO)
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def live_ids() -> frozenset[str]:
    """Return the ids of the TikToks whose links lead to the demo's server; all others have expired long ago."""
    records = [record for path in sorted(DEMO.glob("info/batch_?.json")) for record in json.loads(path.read_bytes())]
    hosts = tuple(host.decode() for host in HOSTS)
    return frozenset(
        record["id"]
        for record in records
        if any((link or "").startswith(hosts) for link in (record.get("video-src"), *(record.get("slide-srcs") or ())))
    )
