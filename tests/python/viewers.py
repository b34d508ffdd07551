"""Viewers for tests: a raw zone with media, a copy of the demo's warehouse in which every kind of post occurs."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import uvicorn
from playwright.sync_api import Page
from starlette.testclient import TestClient
from warehouses import PROJECT, BuildResult

from tiktok_retrieval import snapshots
from viewer.app import create_app
from viewer.settings import Settings

MEDIA = PROJECT / "demo" / "media"
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
POST = {"X-Viewer-Request": "1", "Content-Type": "application/json"}
OWNER = "0123456789abcdef" * 2
VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nfirst <b>line</b> & more\n\n00:02.500 --> 00:03.000\nsecond line\n"


@dataclass(frozen=True)
class Zone:
    """A raw zone with its warehouse, and the ids of the posts of each kind."""

    data: Path
    warehouse: Path
    videos: list[str]
    photo: str
    cover_only: str
    bare: str
    broken: str
    hostile: str


def make_zone(folder: Path, build: BuildResult) -> Zone:
    """Make a raw zone: some clips, one photo post, one cover alone, one broken clip, a comment that is HTML."""
    data = folder / "raw"
    for name in ("videos", "coverphotos"):
        (data / name).mkdir(parents=True)
    warehouse = data / "warehouse.duckdb"
    shutil.copy(build.warehouse, warehouse)
    ids = [str(row[0]) for row in build.rows("select tiktok_id from corpus.tiktoks order by tiktok_id")]
    videos, (photo, cover_only, bare, broken) = ids[:6], ids[6:10]
    clips = sorted((MEDIA / "videos").glob("*.mp4"))
    for tiktok_id, clip in zip(videos, clips, strict=False):
        shutil.copy(clip, data / "videos" / f"{tiktok_id}.mp4")
        shutil.copy(MEDIA / "coverphotos" / f"{clip.stem}.jpg", data / "coverphotos" / f"{tiktok_id}.jpg")
    (data / "videos" / f"{videos[0]}.en.vtt").write_text(VTT)
    for slide in (1, 2, 3):
        source = MEDIA / "coverphotos" / f"live-photo-lost-posters_{slide}.jpg"
        shutil.copy(source, data / "coverphotos" / f"{photo}_{slide}.jpg")
    shutil.copy(MEDIA / "coverphotos" / "gone-balloon.jpg", data / "coverphotos" / f"{cover_only}.jpg")
    (data / "videos" / f"{broken}.mp4").write_text("<!doctype html><title>no video</title>")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update corpus.tiktoks set media_type = 'photo' where tiktok_id = $1", [photo])
        connection.execute(
            "update corpus.tiktoks set description = $2, creator_nickname = $3 where tiktok_id = $1",
            [videos[1], f"{HOSTILE} #tag", f"<b>{HOSTILE}</b>"],
        )
        connection.execute("update corpus.comments set comment_text = $2 where tiktok_id = $1", [videos[1], HOSTILE])
    snapshots.publish(warehouse)
    return Zone(data, warehouse, videos, photo, cover_only, bare, broken, hostile=videos[1])


def settings_of(zone: Zone, **changes: Any) -> Settings:
    """Return settings for a raw zone."""
    return Settings(**{"data": zone.data, "warehouse": zone.warehouse, **changes})


@contextmanager
def client_of(zone: Zone, headers: Mapping[str, str] | None = None, **changes: Any) -> Iterator[TestClient]:
    """Give a client of a viewer in this process."""
    app = create_app(settings_of(zone, **changes))
    with TestClient(
        app, base_url="http://127.0.0.1:8000", headers=dict(headers or {}), follow_redirects=False
    ) as client:
        yield client


@contextmanager
def served(zone: Zone, **changes: Any) -> Iterator[str]:
    """Serve a viewer from a thread of this process; give its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(
        settings_of(zone, **{"requests_per_minute": 100_000, "submissions_per_minute": 100_000, **changes})
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


def storage_script(zone: Zone, prefix: str, *, welcomed: bool) -> str:
    """What a browser runs before the viewer does: a queue in a known order, and the welcome behind it or before it."""
    queue = json.dumps({"ids": [*zone.videos, zone.photo, zone.cover_only, zone.bare], "place": 0})
    return f"localStorage.getItem('{prefix}queue') ?? localStorage.setItem('{prefix}queue', {json.dumps(queue)});" + (
        f"localStorage.setItem('{prefix}welcomed', 'true');" if welcomed else ""
    )


def note_problems(page: Page, problems: list[str]) -> None:
    """Collect what a page's scripts do wrong."""
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
