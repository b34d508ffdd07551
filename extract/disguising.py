"""Records of raw files with pseudonyms in place of persons, for those who may not keep names at all.

What is needed to go on stays: ids, links to media, and permalinks under the creator's pseudonym. What describes a
person further (the account's number, its portrait, its own words about itself) and what belongs to the collector
(cookies, the rest of a personal export) is left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from extract.forgetting import COMMENTER_KEYS, OWNER_KEYS, PERSON_KEYS, PERSON_OBJECTS
from extract.formats.base import Format, as_mapping
from extract.formats.personal_export import ACTIVITIES, PERSONAL_EXPORT, SECTIONS
from extract.formats.records import Fault, Record, iter_records
from tiktok_retrieval.disguises import Disguise, count_names
from tiktok_retrieval.pseudonyms import KEY_FILE, ROLE, load_key

LEFT_OUT = frozenset(
    {
        *("uploader_id", "uploader_url", "channel_id", "channel_url", "cookies", "http_headers", "requested_downloads"),
        *("filename", "_filename", "infojson_filename", "secUid", "sec_uid", "authorStats", "authorStatsV2"),
    }
)
COMMENTERS = frozenset({*COMMENTER_KEYS, "reply-to-username"})
PERSONS = frozenset({*OWNER_KEYS, *COMMENTERS, "nickname", "uniqueId", "userUniqueId", "creators"}) - LEFT_OUT
MUSIC = frozenset({"music-title", "track", "alt_title", "artist", "artists", "authorName", "album_artist"})
PERMALINKS = frozenset({"permalink", "webpage_url", "original_url", "Link", "link", "VideoLink", "share_url"})
MEDIA = frozenset(
    {
        *("video-src", "coverphoto-src", "slide-srcs", "photo-srcs", "image-srcs", "slides", "photos", "src"),
        *(
            "url",
            "thumbnail",
            "downloadAddr",
            "playAddr",
            "cover",
            "originCover",
            "urlList",
            "url_list",
            "UrlList",
            "Url",
        ),
    }
)
LINK = re.compile(r"https?://", re.IGNORECASE)
HANDLE_IN_LINK = re.compile(r"(?<=/@)[^/?#]+")
# Records whose texts are looked through at once
BATCH = 1000


def names_of(value: Any, key: str = "") -> Iterator[tuple[str, bool]]:
    """Yield the names in a value, and for each whether it is a creator's or query author's, not a commenter's."""
    if isinstance(value, dict):
        for name, member in value.items():
            if key in PERSON_OBJECTS:
                if name in PERSON_KEYS and isinstance(member, str):
                    yield member, key != "user"
            elif name not in LEFT_OUT:
                yield from names_of(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from names_of(item, key)
    elif isinstance(value, str) and (key in PERSONS or key in PERSON_OBJECTS):
        yield value, key not in COMMENTERS and key != "user"


def texts_of(value: Any, key: str = "") -> Iterator[str]:
    """Yield the texts in a value in which names are looked for."""
    if isinstance(value, dict):
        for name, member in value.items():
            if key not in PERSON_OBJECTS and name not in LEFT_OUT:
                yield from texts_of(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item, key)
    elif isinstance(value, str) and key not in PERSONS | MUSIC | MEDIA | PERMALINKS and key not in PERSON_OBJECTS:
        yield value


def disguise_for(data: Path, values: Callable[[], Iterable[Any]]) -> Disguise:
    """Return how the persons in these values are hidden; `values` is called twice. Raises OSError, ValueError."""
    creators: set[str] = set()
    commenters: set[str] = set()
    for value in values():
        for name, is_creator in names_of(value):
            (creators if is_creator else commenters).add(name)
    counts: Counter[str] = Counter()
    batch: list[str] = []
    for value in values():
        batch.append(" ; ".join(texts_of(value)))
        if len(batch) == BATCH:
            counts.update(count_names(commenters, batch))
            batch = []
    counts.update(count_names(commenters, batch))
    return Disguise.of_names(
        load_key(data / KEY_FILE),
        creators=sorted(creators),
        commenters=sorted(commenters),
        authors=(),
        tiktok_counts=counts,
        has_tiktoks=True,
        keep_ids=True,
    )


def disguised(value: Any, disguise: Disguise, key: str = "") -> Any:
    """Return a value with pseudonyms in place of persons."""
    if isinstance(value, dict):
        if key in PERSON_OBJECTS:
            named = {name: value[name] for name in PERSON_KEYS if isinstance(value.get(name), str)}
            return {name: _person(member, disguise) for name, member in named.items()}
        return {name: disguised(member, disguise, name) for name, member in value.items() if name not in LEFT_OUT}
    if isinstance(value, list):
        return [disguised(item, disguise, key) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if key in PERSONS or key in PERSON_OBJECTS:
        return _person(value, disguise)
    if key in MUSIC:
        return disguise.music_title(value)
    if LINK.match(value):
        link = HANDLE_IN_LINK.sub(lambda found: disguise.person(found.group()) or "_", value)
        # What follows the ? of a permalink is the collector's
        return link.split("?")[0] if key in PERMALINKS else link if key in MEDIA else None
    return disguise.text(value)


def _person(name: str, disguise: Disguise) -> str | None:
    """Return a person's pseudonym, with the @ before the name and the label behind it that the page shows."""
    label = ROLE.search(name)
    hidden = disguise.person(name)
    return hidden and ("@" if name.strip().startswith("@") else "") + hidden + (label.group() if label else "")


def as_json(value: Any) -> str:
    """Return a value as JSON that can be written as UTF-8: half of a surrogate pair stays the escape that it was."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def _lists_only(value: Any) -> Mapping[str, Any]:
    """Return an activity of a personal export with the dates and links of its lists, and nothing else."""
    kept: dict[str, Any] = {}
    for section, name in SECTIONS.items():
        items = as_mapping(as_mapping(value).get(section)).get(name)
        if isinstance(items, list):
            wanted = ("Date", "date", "Link", "link", "VideoLink")
            kept[section] = {
                name: [{key: as_mapping(item).get(key) for key in wanted if key in item} for item in items]
            }
    return kept


def records_of(path: Path, form: Format) -> Iterator[Record]:
    """Yield the records of a file that can be read, of a personal export only what is its lists."""
    for record in iter_records(path):
        if isinstance(record, Fault):
            continue
        if form is not PERSONAL_EXPORT:
            yield record
        elif record.key in ACTIVITIES:
            yield Record(record.shape, record.line, record.key, _lists_only(record.value))


def values_of(path: Path, form: Format) -> Iterator[Any]:
    """Yield what the records of a file say, a member of an object under its name."""
    for record in records_of(path, form):
        yield {record.key: record.value} if record.shape == "object" else record.value


def write_disguised(path: Path, form: Format, file: TextIO, disguise: Disguise) -> None:
    """Write a file's records in the shape they have, with pseudonyms in place of persons."""
    shape = None
    for record in records_of(path, form):
        if record.shape == "lines":
            file.write(as_json(disguised(record.value, disguise)) + "\n")
            continue
        first = shape is None
        shape = record.shape
        file.write(("[\n" if shape == "array" else "{\n") if first else ",\n")
        if shape == "object":
            member = disguised({record.key: record.value}, disguise)
            file.write(as_json(member)[1:-1])
        else:
            file.write(as_json(disguised(record.value, disguise)))
    if shape is not None:
        file.write("\n]\n" if shape == "array" else "\n}\n")
