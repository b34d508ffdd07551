"""NDJSON of Zeeschuimer and 4CAT: items as the site's own interface gives them, maybe under `data`."""

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
    first_link,
    id_text,
    number,
)
from extract.formats.records import Record


def item_of(value: Any) -> Mapping[str, Any]:
    """Return the item of a line, from under `data` where it sits there."""
    line = as_mapping(value)
    return as_mapping(line["data"]) if isinstance(line.get("data"), dict) else line


def looks_captured(value: Any) -> bool:
    """Whether a line is a video or a comment of the site's own interface."""
    item = item_of(value)
    video = "createTime" in item and bool(item.keys() & {"desc", "author", "stats", "video"})
    return video or ("cid" in item and bool(item.keys() & {"aweme_id", "digg_count", "reply_comment_total"}))


def recognises(sample: Sample) -> bool:
    """Recognise lines (or an array) of items; a single line is an object."""
    return any(looks_captured(value) for value in sample.objects())


def captions_of(video: Mapping[str, Any]) -> tuple[CaptionLink, ...]:
    """Return the captions that are linked; of translations by machine only the English one is worth a request."""
    found: list[tuple[Any, Any, Any]] = []
    infos = video.get("subtitleInfos")
    for info in map(as_mapping, infos if isinstance(infos, list) else []):
        language = info.get("LanguageCodeName")
        if info.get("Source") != "MT" or str(language).startswith("en"):
            found.append((language, first_link(info.get("Url")), info.get("Format")))
    infos = as_mapping(video.get("claInfo")).get("captionInfos")
    for info in map(as_mapping, infos if isinstance(infos, list) else []):
        language = info.get("language")
        if info.get("isOriginalCaption") is not False or str(language).startswith("en"):
            link = first_link(info.get("url")) or first_link(info.get("urlList"))
            found.append((language, link, info.get("captionFormat")))
    return caption_links(found)


def post_of(value: Any) -> Post | None:
    """Return the post of an item; None for a comment."""
    item = item_of(value)
    tiktok_id = id_text(item.get("id"))
    if tiktok_id is None or "createTime" not in item:
        return None
    video = as_mapping(item.get("video"))
    author = item.get("author")
    name = as_mapping(author).get("uniqueId") if isinstance(author, dict) else author
    images = as_mapping(item.get("imagePost")).get("images")
    links = [first_link(as_mapping(image).get("imageURL")) for image in (images if isinstance(images, list) else [])]
    slides = tuple(dict.fromkeys(link for link in links if link))
    collected = number(as_mapping(value).get("timestamp_collected"))
    if collected is not None and collected > 1e11:  # in milliseconds
        collected /= 1000
    kind = "photo" if slides else "video"
    return Post(
        tiktok_id,
        permalink=f"https://www.tiktok.com/@{name}/{kind}/{tiktok_id}" if isinstance(name, str) else None,
        video=None if slides else first_link(video.get("downloadAddr")) or first_link(video.get("playAddr")) or "",
        cover=first_link(video.get("cover")) or first_link(video.get("originCover")) or (None if slides else ""),
        slides=slides,
        scraped_at=collected,
        is_photo=bool(slides),
        captions=captions_of(video),
    )


def posts(record: Record) -> Iterator[Post]:
    """Yield the post of a line."""
    post = post_of(record.value)
    if post is not None:
        yield post


ZEESCHUIMER = Format(
    "Zeeschuimer / 4CAT",
    PurePosixPath("imports/zeeschuimer"),
    "lines of objects with createTime, desc, author, stats (videos) or cid, aweme_id (comments), maybe under data",
    recognises,
    posts,
)
