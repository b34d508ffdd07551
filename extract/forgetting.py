"""What it means that a value of a raw file is about a TikTok or a person that is to be forgotten: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tiktok_retrieval.pseudonyms import plain_name

PLACEHOLDER = "[forgotten]"

ID_KEYS = (
    *("id", "tiktok_id", "aweme_id", "video_id", "video-id", "item_id", "itemId", "display_id"),
    *("doc_id", "target", "target_id"),
)
LINK_KEYS = ("permalink", "webpage_url", "original_url", "Link", "link", "VideoLink", "share_url")
OWNER_KEYS = (
    *("creator-username", "creator-nickname", "creator_username", "creator_nickname", "author", "username"),
    *("uploader", "uploader_id", "channel", "creator", "UserName", "userName"),
)
COMMENTER_KEYS = ("commenter-username", "commenter_username", "commenter_name", "commenter-nickname", "unique_id")
# Objects that describe a person; the object that holds one belongs to that person
PERSON_OBJECTS = ("author", "user", "creator")
PERSON_KEYS = ("uniqueId", "unique_id", "nickname", "username", "name")
# Where nicknames stand without an @
MUSIC_KEYS = re.compile(r"music|track|artist|sound|alt_title|authorName", re.IGNORECASE)


class _Dropped:
    """Stands for a value that is to be left out."""


DROPPED: Final = _Dropped()


@dataclass(frozen=True)
class Targets:
    """What is to be forgotten: ids of TikToks, and names as `plain_name` writes them.

    `pseudonyms` are those among the names that stand for a person wherever they are, also without an @.
    """

    ids: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    pseudonyms: frozenset[str] = frozenset()

    @cached_property
    def _mentions(self) -> re.Pattern[str] | None:
        return self._pattern(r"@{}(?![\w.]*\w)", self.persons)

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        return self._pattern(r"(?<!\w)@?{}(?!\w)", self.persons)

    @cached_property
    def _pseudonym_words(self) -> re.Pattern[str] | None:
        return self._pattern(r"(?<!\w){}(?!\w)", self.pseudonyms)

    @cached_property
    def _id_words(self) -> re.Pattern[str] | None:
        if not self.ids:
            return None
        return re.compile(rf"(?<!\d)(?:{'|'.join(map(re.escape, sorted(self.ids)))})(?!\d)")

    @staticmethod
    def _pattern(form: str, persons: frozenset[str]) -> re.Pattern[str] | None:
        if not persons:
            return None
        names = "|".join(map(re.escape, sorted(persons, key=len, reverse=True)))
        return re.compile(form.format(f"(?:{names})"), re.IGNORECASE)

    def names_id(self, value: Any) -> bool:
        """Whether a value is one of the ids, or a list with one of them."""
        if isinstance(value, list):
            return any(self.names_id(item) for item in value)
        return isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip() in self.ids

    def names_person(self, value: Any) -> bool:
        """Whether a value is the name of one of the persons."""
        return isinstance(value, str) and bool(self.persons) and plain_name(value) in self.persons

    def links_to(self, value: Any) -> bool:
        """Whether a value is a link to one of the TikToks, or to anything of one of the persons."""
        if not isinstance(value, str):
            return False
        return bool(
            (self._id_words and self._id_words.search(value))
            or (self._mentions and "/@" in value and self._mentions.search(value))
        )

    def clean(self, text: str, key: str = "") -> str:
        """Return a text without the ids, without mentions of the persons, and music titles without their names."""
        if self._id_words:
            text = self._id_words.sub(PLACEHOLDER, text)
        if self._mentions:
            if plain_name(text) in self.persons:
                return PLACEHOLDER
            text = self._mentions.sub(f"@{PLACEHOLDER}", text)
            if self._pseudonym_words:
                text = self._pseudonym_words.sub(PLACEHOLDER, text)
            if self._words and MUSIC_KEYS.search(key):
                text = self._words.sub(PLACEHOLDER, text)
        return text

    def may_be_in(self, raw: str) -> bool:
        """Whether unreadable text could be about them."""
        lowered = raw.lower()
        return any(name in lowered for name in (*self.ids, *self.persons))


def belongs(value: Mapping[str, Any], targets: Targets) -> bool:
    """Whether an object is a TikTok, comment, query, list entry or journal line of what is to be forgotten."""
    return (
        any(targets.names_id(value.get(key)) for key in ID_KEYS)
        or any(targets.links_to(value.get(key)) for key in LINK_KEYS)
        or is_owned(value, targets)
        or any(targets.names_person(value.get(key)) for key in COMMENTER_KEYS)
        or _person_object(value, ("user",), targets)
    )


def is_owned(value: Mapping[str, Any], targets: Targets) -> bool:
    """Whether one of the persons made what an object describes."""
    return (
        any(targets.names_person(value.get(key)) for key in OWNER_KEYS)
        or any(targets.links_to(value.get(key)) for key in ("permalink", "webpage_url"))
        or _person_object(value, ("author", "creator"), targets)
    )


def _person_object(value: Mapping[str, Any], names: tuple[str, ...], targets: Targets) -> bool:
    persons = (value[name] for name in names if isinstance(value.get(name), dict))
    return any(targets.names_person(person.get(key)) for person in persons for key in PERSON_KEYS)


def scrub(value: Any, targets: Targets, key: str = "") -> Any:
    """Return a value without what is to be forgotten; DROPPED when nothing of it may stay."""
    if isinstance(value, str):
        return targets.clean(value, key)
    if isinstance(value, list):
        items = (scrub(item, targets, key) for item in value)
        return [item for item in items if item is not DROPPED]
    if not isinstance(value, dict):
        return DROPPED if isinstance(value, int) and targets.names_id(value) else value
    if belongs(value, targets):
        return DROPPED
    kept: dict[str, Any] = {}
    for name, member in value.items():
        if name in targets.ids:
            continue
        scrubbed = scrub(member, targets, name)
        if scrubbed is DROPPED:
            if name == "data":  # the line is only a wrapper of its item
                return DROPPED
            continue
        kept[name] = scrubbed
    return kept


def owned_ids(value: Any, targets: Targets) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the id of every TikTok in a value that one of the persons made, with the names it gives its maker."""
    if isinstance(value, list):
        for item in value:
            yield from owned_ids(item, targets)
    elif isinstance(value, dict):
        found = next((value[name] for name in ("id", "tiktok_id") if isinstance(value.get(name), str | int)), None)
        if found is not None and "target" not in value and "cid" not in value and is_owned(value, targets):
            names = [value.get(name) for name in OWNER_KEYS]
            for person in (value.get(name) for name in PERSON_OBJECTS):
                if isinstance(person, dict):
                    names += [person.get(name) for name in PERSON_KEYS]
            yield str(found), frozenset(plain_name(name) for name in names if isinstance(name, str) and name.strip())
        for member in value.values():
            yield from owned_ids(member, targets)
