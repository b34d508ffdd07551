"""Answers of the TikTok Research API: videos or comments, whole answers or their bare lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from extract.formats.base import Format, Post, Sample, as_mapping, id_text
from extract.formats.records import Record

VIDEO_HINTS = frozenset({"video_description", "create_time", "username", "voice_to_text", "music_id", "region_code"})


def is_video(value: Any) -> bool:
    """Whether an object is a video of the API: it has an id, and its names for the rest."""
    return isinstance(value, dict) and "id" in value and len(VIDEO_HINTS & value.keys()) >= 2


def is_comment(value: Any) -> bool:
    """Whether an object is a comment of the API."""
    return isinstance(value, dict) and {"id", "text", "parent_comment_id"} <= value.keys()


def items_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the videos and comments of an answer, of its `data`, or of a bare item."""
    if is_video(value) or is_comment(value):
        yield value
        return
    answer = as_mapping(value)
    for holder in (answer, as_mapping(answer.get("data"))):
        for name in ("videos", "comments"):
            items = holder.get(name)
            if isinstance(items, list):
                yield from (item for item in items if is_video(item) or is_comment(item))


def recognises(sample: Sample) -> bool:
    """Recognise an answer, several in lines or in an array, or a bare list."""
    return any(True for value in sample.objects() for _ in items_of(value))


def posts(record: Record) -> Iterator[Post]:
    """Yield the videos; the API gives no links to media, so they are to be scraped for those."""
    value = {str(record.key): record.value} if record.shape == "object" else record.value
    for item in items_of(value):
        tiktok_id = id_text(item.get("id"))
        if tiktok_id is not None and is_video(item):
            name = item.get("username")
            link = f"https://www.tiktok.com/@{name}/video/{tiktok_id}" if isinstance(name, str) else None
            yield Post(tiktok_id, permalink=link, video="", cover="")


RESEARCH_API = Format(
    "TikTok Research API",
    PurePosixPath("imports/research-api"),
    "an answer with data.videos or data.comments, or a list of objects with id, video_description, create_time",
    recognises,
    posts,
)
