"""What there is to download: the parts of each post, their links, and what the journal says of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from extract.formats.base import Post
from extract.journal import OK, Journal, Line
from extract.raw_zone import CAPTIONS_PART, captions_part, part_path

JOURNAL = "downloads.ndjson"

# What only a new scrape (or the cookies of one) can help
SCRAPE_AGAIN = frozenset({"forbidden", "expired_link", "blob_link", "no_link", "bad_link", "gone", "not_found"})


@dataclass(frozen=True)
class Part:
    """One file to download: the post, the part's name, its link, and where it will lie."""

    post: Post
    name: str
    link: str
    path: Path

    @property
    def host(self) -> str | None:
        """Return the host that the link names."""
        return host_of(self.link)

    @property
    def is_captions(self) -> bool:
        """Whether the file is text, and no picture or video."""
        return CAPTIONS_PART.fullmatch(self.name) is not None

    @property
    def unfinished(self) -> Path:
        """Return where the file lies while it is incomplete."""
        return self.path.with_name(self.path.name + ".part")

    @property
    def note(self) -> Path:
        """Return where it is noted what the incomplete file belongs to."""
        return self.path.with_name(self.path.name + ".part.json")

    @property
    def link_digest(self) -> str:
        """Return a short digest of the link: tells links apart without keeping their signatures."""
        return hashlib.sha256(self.link.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def host_of(link: str) -> str | None:
    """Return the host of an http(s) link, None for anything else."""
    try:
        parts = urlsplit(link)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


STAMP_IN_PATH = re.compile(r"/[0-9a-f]{32}/([0-9a-f]{8})/", re.IGNORECASE)


def link_expiry(link: str) -> float | None:
    """Return when a link expires (seconds since 1970 UTC): from expire=, x-expires=, or the hex stamp in its path."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    values = parse_qs(parts.query)
    for name in ("x-expires", "expire", "expires"):
        for value in values.get(name, []):
            if value.isascii() and value.isdigit() and 9 <= len(value) <= 11:
                return float(value)
    stamp = STAMP_IN_PATH.search(parts.path)
    # A stamp outside 2015 .. 2100 is something else
    if stamp and 1_420_000_000 < int(stamp.group(1), 16) < 4_102_444_800:
        return float(int(stamp.group(1), 16))
    return None


def parts_of(data: Path, post: Post) -> list[Part]:
    """Return the files of a post; a post that was only listed somewhere has none yet."""
    if post.listed_only:
        return []
    links: dict[str, str] = {}
    if post.video is not None:
        links["video"] = post.video
    if post.cover is not None:
        links["cover"] = post.cover
    links.update((f"slide_{number}", link) for number, link in enumerate(post.slides, start=1))
    links.update((captions_part(captions.language, captions.form), captions.link) for captions in post.captions)
    return [Part(post, name, link, part_path(data, post.tiktok_id, name)) for name, link in links.items()]


def holds(data: Path) -> Callable[[Line], bool]:
    """Return a test of an ok line: whether its file is there, with the size that it had."""

    def test(line: Line) -> bool:
        try:
            size = part_path(data, str(line.get("tiktok_id")), str(line.get("part"))).stat().st_size
        except (OSError, ValueError):
            return False
        return "bytes" not in line or line["bytes"] == size

    return test


def latest_downloads(data: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the line that counts for each TikTok and part."""
    state = Journal(data / JOURNAL).latest(holds=holds(data))
    return {(key.tiktok_id, key.part): line for key, line in state.items()}


def doubted(data: Path) -> dict[tuple[str, str], str]:
    """Return the files that a later step found broken, with the time when it did (UTC, ISO 8601)."""
    found: dict[tuple[str, str], str] = {}
    for journal, status in (("audio.ndjson", "broken"), ("ocr.ndjson", "unreadable")):
        for line in Journal(data / journal).read():
            if line.get("status") == status:
                found[str(line.get("tiktok_id")), str(line.get("part"))] = str(line.get("finished_at") or "")
    return found


def scrape_again(data: Path, posts: Mapping[str, Post], state: Mapping[tuple[str, str], Line]) -> dict[str, str]:
    """Return the TikToks that only a new scrape can help, with the class that says why."""
    found: dict[str, str] = {}
    for post in posts.values():
        if post.listed_only:
            found[post.tiktok_id] = "not_scraped"
        for part in parts_of(data, post):
            if part.is_captions:  # what is said can be heard as well
                continue
            line = state.get((post.tiktok_id, part.name))
            if line is not None and line.get("status") != OK and line.get("class") in SCRAPE_AGAIN:
                found.setdefault(post.tiktok_id, str(line["class"]))
    return found
