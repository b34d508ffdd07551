"""The info.json files of yt-dlp: one object for a video or a playlist, or a line for each video (-j)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from extract.formats.base import (
    CaptionLink,
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


def looks_fetched(value: Any) -> bool:
    """Whether an object is what yt-dlp writes for a video or a playlist."""
    if not isinstance(value, dict):
        return False
    names = value.keys()
    return "webpage_url" in names and bool(names & {"extractor", "extractor_key", "formats", "thumbnails", "_type"})


def recognises(sample: Sample) -> bool:
    """Recognise one info object, or several in an array or in lines."""
    return any(looks_fetched(value) for value in sample.objects())


def best_video(value: Mapping[str, Any]) -> str | None:
    """Return the link of the best format that holds picture and sound: yt-dlp puts the best last."""
    if isinstance(value.get("url"), str) and value.get("vcodec") != "none":
        return str(value["url"])
    formats = value.get("formats")
    for item in reversed(formats if isinstance(formats, list) else []):
        kind = as_mapping(item)
        if kind.get("vcodec") != "none" and kind.get("acodec") != "none" and isinstance(kind.get("url"), str):
            return str(kind["url"])
    return None


def best_cover(value: Mapping[str, Any]) -> str | None:
    """Return the link of the thumbnail that yt-dlp prefers."""
    if isinstance(value.get("thumbnail"), str):
        return str(value["thumbnail"])
    thumbnails = value.get("thumbnails")
    links = [text(as_mapping(item).get("url")) for item in (thumbnails if isinstance(thumbnails, list) else [])]
    return next((link for link in reversed(links) if link), None)


def captions_of(value: Mapping[str, Any]) -> tuple[CaptionLink, ...]:
    """Return the captions that are linked and not in the file itself."""
    found: list[tuple[Any, Any, Any]] = []
    for name in ("subtitles", "automatic_captions"):
        for language, items in as_mapping(value.get(name)).items():
            entries = [as_mapping(item) for item in (items if isinstance(items, list) else [])]
            if not any(entry.get("data") for entry in entries):
                found += [(language, entry.get("url"), entry.get("ext")) for entry in entries]
    return caption_links(found)


def posts_of(value: Any) -> Iterator[Post]:
    """Yield the post of an info object, or those of a playlist's entries."""
    if not isinstance(value, dict):
        return
    entries = value.get("entries")
    if isinstance(entries, list):
        for entry in entries:
            yield from posts_of(entry)
        return
    link = text(value.get("webpage_url"))
    tiktok_id = id_text(value.get("id")) or id_in_link(link)
    if tiktok_id is None:
        return
    is_photo = "/photo/" in (link or "")
    yield Post(
        tiktok_id,
        permalink=link,
        video=None if is_photo else best_video(value) or "",
        cover=best_cover(value) or "",
        scraped_at=number(value.get("epoch")),
        is_photo=is_photo,
        captions=captions_of(value),
    )


def posts(record: Record) -> Iterator[Post]:
    """Yield the posts of a line or an element; the members of a single object are put together first."""
    yield from posts_of(record.value)


YT_DLP = Format(
    "yt-dlp",
    PurePosixPath("imports/yt-dlp"),
    "an object with webpage_url and extractor, formats or thumbnails (yt-dlp --write-info-json)",
    recognises,
    posts,
)
