"""The raw zone: where things lie, and which posts its files name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from extract.formats import FORMATS
from extract.formats.base import Format, Post
from extract.formats.original import MASTER
from extract.formats.records import Fault, Record, iter_records
from extract.journal import Journal

DELETIONS = "deletions.ndjson"
CREATOR_IN_LINK = re.compile(r"/@([^/?#]+)")
CAPTIONS_PART = re.compile(r"captions_(?P<language>[A-Za-z0-9-]{1,20})(?:_(?P<form>srt|json))?")
JSON_SUFFIXES = (".json", ".ndjson", ".jsonl")


def video_path(data: Path, tiktok_id: str) -> Path:
    """Return where the video of a TikTok lies."""
    return data / "videos" / f"{tiktok_id}.mp4"


def cover_path(data: Path, tiktok_id: str) -> Path:
    """Return where the cover of a TikTok lies."""
    return data / "coverphotos" / f"{tiktok_id}.jpg"


def slide_path(data: Path, tiktok_id: str, number: int) -> Path:
    """Return where a slide of a photo post lies; slides count from 1."""
    return data / "coverphotos" / f"{tiktok_id}_{number}.jpg"


def audio_path(data: Path, tiktok_id: str) -> Path:
    """Return where the sound of a TikTok lies."""
    return data / "audios" / f"{tiktok_id}.wav"


def captions_part(language: str, form: str) -> str:
    """Return the name of the part that captions are: captions_eng-US, or captions_eng-US_json where it is no WebVTT."""
    return f"captions_{language}" + ("" if form == "vtt" else f"_{form}")


def part_path(data: Path, tiktok_id: str, part: str) -> Path:
    """Return where a part lies: video, cover, slide_1, captions_eng-US ... Raises ValueError for another name."""
    if part == "video":
        return video_path(data, tiktok_id)
    if part == "cover":
        return cover_path(data, tiktok_id)
    if part.startswith("slide_") and part[6:].isdigit():
        return slide_path(data, tiktok_id, int(part[6:]))
    captions = CAPTIONS_PART.fullmatch(part)
    if captions is not None:
        return data / "videos" / f"{tiktok_id}.{captions['language']}.{captions['form'] or 'vtt'}"
    raise ValueError(f"no such part: {part}")


def raw_files(data: Path) -> Iterator[tuple[Path, Format]]:
    """Yield the files that may name posts, with their formats, in a fixed order."""
    for form in FORMATS:
        folder = data / form.place
        if form is MASTER:
            if folder.is_file():
                yield folder, form
        elif not form.is_single and folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix.lower() in JSON_SUFFIXES:
                    yield path, form


def posts_of_file(path: Path, form: Format, warn: Callable[[str], None]) -> Iterator[Post]:
    """Yield the posts that a file names; what cannot be read is warned of with file and line."""
    members: dict[str, object] = {}
    try:
        for record in iter_records(path):
            if isinstance(record, Fault):
                warn(f"{path}:{record.line}: {record.reason}")
            elif record.shape == "object" and form is not MASTER:
                # A file that is one object holds one record: put its members together again
                members[str(record.key)] = record.value
            else:
                yield from form.posts(record)
    except OSError as error:
        warn(f"{path}: {error.strerror or error}")
    if members:
        yield from form.posts(Record("lines", 1, None, members))
        for key, value in members.items():
            yield from form.posts(Record("object", 1, key, value))


def find_posts(data: Path, warn: Callable[[str], None] = lambda message: None) -> dict[str, Post]:
    """Return every post that the raw zone names, by id; of several records of a post the newest scrape's links count.

    A record without a time of its own is as old as its file. Bad files are warned of, one line each, and passed over.
    """
    posts: dict[str, Post] = {}
    for path, form in raw_files(data):
        written = path.stat().st_mtime
        for post in posts_of_file(path, form, warn):
            dated = post if post.scraped_at is not None else replace(post, scraped_at=written)
            known = posts.get(post.tiktok_id)
            if known is None or _is_better(dated, known):
                posts[post.tiktok_id] = dated
    return dict(sorted(posts.items()))


def plain_name(name: str) -> str:
    """Return a person's name as names are compared: without @ and case."""
    return name.strip().lstrip("@").strip().lower()


def forgotten(data: Path) -> Callable[[Post], bool]:
    """Return a test whether a post, or the creator that its permalink names, is in the deletions file."""
    lines = list(Journal(data / DELETIONS).read())
    ids = {str(line["tiktok_id"]) for line in lines if line.get("tiktok_id")}
    persons = {plain_name(str(line["person"])) for line in lines if line.get("person")}

    def test(post: Post) -> bool:
        creator = CREATOR_IN_LINK.search(post.permalink or "")
        return post.tiktok_id in ids or (creator is not None and plain_name(creator.group(1)) in persons)

    return test


def _is_better(new: Post, known: Post) -> bool:
    """Whether a record's links replace those we have: something collected beats a wish, links beat none, then time."""
    return _worth(new) >= _worth(known)


def _worth(post: Post) -> tuple[bool, bool, float]:
    return not post.listed_only, bool(post.video or post.cover or post.slides), post.scraped_at or 0.0
