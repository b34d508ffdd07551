"""Batches of the console scraper, in the spellings of all its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from extract.formats.base import (
    Format,
    Post,
    Sample,
    as_mapping,
    caption_links,
    id_in_link,
    id_text,
    number,
    text,
)
from extract.formats.records import Record

HINTS = frozenset({"video-src", "coverphoto-src", "creator-username", "scrape-timestamp", "music-src", "web-id"})
SLIDES = ("slide-srcs", "photo-srcs", "slides", "photos", "image-srcs")


def looks_scraped(value: Any) -> bool:
    """Whether an object is a record of the scraper (or one of its error records)."""
    return isinstance(value, dict) and len(HINTS & value.keys()) >= 2


def recognises(sample: Sample) -> bool:
    """Recognise an array of scraped records; a page that failed may stand among them."""
    return sample.shape == "array" and any(looks_scraped(value) for value in sample.objects())


def post_of(value: Mapping[str, Any], known_id: str | None = None) -> Post | None:
    """Return the post that a scraped record describes; None for an error record."""
    permalink = text(value.get("permalink"))
    tiktok_id = known_id or id_text(value.get("id")) or id_in_link(permalink)
    if tiktok_id is None or not looks_scraped(value):
        return None
    given: list[Any] = next((value[key] for key in SLIDES if isinstance(value.get(key), list)), [])
    links = [link.get("src") if isinstance(link, dict) else link for link in given]
    # A carousel repeats its first and last slide at its ends
    slides = tuple(dict.fromkeys(link for link in links if isinstance(link, str) and link))
    tracks = value.get("captions")
    # What the page had loaded is in the record
    unread = [track for track in map(as_mapping, tracks if isinstance(tracks, list) else []) if not track.get("text")]
    is_photo = bool(slides) or "/photo/" in (permalink or "") or value.get("media-type") == "photo"
    return Post(
        tiktok_id,
        permalink=permalink,
        video=None if is_photo else text(value.get("video-src")) or "",
        cover=text(value.get("coverphoto-src")) or (None if slides else ""),
        slides=slides,
        scraped_at=number(value.get("scrape-timestamp")),
        is_photo=is_photo,
        captions=caption_links((track.get("language"), track.get("src"), "vtt") for track in unread),
    )


def posts(record: Record) -> Iterator[Post]:
    """Yield the post of a record."""
    post = post_of(record.value) if isinstance(record.value, dict) else None
    if post is not None:
        yield post


CONSOLE = Format(
    "console batch",
    PurePosixPath("info"),
    "an array of objects with keys such as video-src, coverphoto-src, creator-username",
    recognises,
    posts,
    endings=(".json",),
)
