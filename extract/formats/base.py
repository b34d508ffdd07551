"""What a format is: how it is recognised, where its files go, and which posts they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from extract.formats.records import Record

ID = re.compile(r"[1-9][0-9]{4,24}\Z")
ID_IN_LINK = re.compile(r"/(?:video|photo|v|embed)/(\d{5,25})")


@dataclass(frozen=True)
class Sample:
    """The beginning of a file: its name, its first records, and the tables where it is an SQLite database."""

    name: str
    records: tuple[Record, ...] = ()
    tables: frozenset[str] = frozenset()

    @property
    def shape(self) -> str | None:
        """Say array, object or lines; None for an empty file or a database."""
        return self.records[0].shape if self.records else None

    def objects(self) -> list[Mapping[str, Any]]:
        """Return the elements or lines that are objects; an object's own members count as one element."""
        if self.shape == "object":
            return [{str(record.key): record.value for record in self.records}]
        return [record.value for record in self.records if isinstance(record.value, dict)]


class CaptionLink(NamedTuple):
    """Where captions can be fetched, in which language (a tag such as eng-US) and form: vtt, srt or json."""

    language: str
    link: str
    form: str = "vtt"


@dataclass(frozen=True)
class Post:
    """What the downloader needs to know of a post; links are '' where the source has the field but no link in it.

    `scraped_at` is in seconds since 1970 UTC; `listed_only` posts are wanted but nothing of them was collected yet.
    """

    tiktok_id: str
    permalink: str | None = None
    video: str | None = None
    cover: str | None = None
    slides: tuple[str, ...] = ()
    scraped_at: float | None = None
    is_photo: bool = False
    captions: tuple[CaptionLink, ...] = ()
    listed_only: bool = False


def no_posts(record: Record) -> Iterator[Post]:
    """Yield nothing: the format names no post to download."""
    yield from ()


@dataclass(frozen=True)
class Format:
    """One input format.

    `place` is the folder, or for a format of which there is one file its fixed path, below the raw zone; `expected`
    says in a line how the format is recognised; `later` is the folder for a second such file, if there may be one;
    `endings` are those of the names under which staging looks for it.
    """

    name: str
    place: PurePosixPath
    expected: str
    recognises: Callable[[Sample], bool]
    posts: Callable[[Record], Iterator[Post]] = no_posts
    is_single: bool = False
    later: PurePosixPath | None = None
    endings: tuple[str, ...] = (".json", ".ndjson", ".jsonl")


def id_text(value: Any) -> str | None:
    """Return a TikTok's id as text, from text or an integer; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if ID.match(text) else None


def id_in_link(link: Any) -> str | None:
    """Return the id that a permalink holds."""
    found = ID_IN_LINK.search(link) if isinstance(link, str) else None
    return found.group(1) if found else None


def text(value: Any) -> str | None:
    """Return text as it is, and None for anything else."""
    return value if isinstance(value, str) else None


def number(value: Any) -> float | None:
    """Return a number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def first_link(value: Any) -> str | None:
    """Return the first text in a list of texts or in an object's `urlList`, or the text itself."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return first_link(value.get("urlList") or value.get("url_list") or value.get("UrlList"))
    if isinstance(value, list):
        return next((link for link in value if isinstance(link, str) and link), None)
    return None


def caption_links(found: Iterable[tuple[Any, Any, Any]]) -> tuple[CaptionLink, ...]:
    """Return captions from the languages, links and forms that a source tells: one a language, WebVTT first."""
    links: dict[str, CaptionLink] = {}
    for language, link, told in found:
        if not isinstance(link, str) or not link.startswith(("http://", "https://")):
            continue
        tag = re.sub(r"[^A-Za-z0-9-]+", "-", language)[:20] if isinstance(language, str) and language else "und"
        kind = str(told).lower()
        form = next((form for form in ("json", "srt") if form in kind), "vtt")
        if tag not in links or (form == "vtt" and links[tag].form != "vtt"):
            links[tag] = CaptionLink(tag, link, form)
    return tuple(links.values())


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}
