"""The personal data export of a TikTok account: watched, liked and favourite videos, in the old and the new shapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from extract.formats.base import Format, Post, Sample, as_mapping, id_in_link
from extract.formats.records import Record

ACTIVITIES = frozenset({"Activity", "Your Activity", "Likes and Favorites"})
# The list that is looked for under each section, whatever activity the section is filed under
SECTIONS = {
    "Video Browsing History": "VideoList",
    "Watch History": "VideoList",
    "Like List": "ItemFavoriteList",
    "Favorite Videos": "FavoriteVideoList",
}


def links_of(activity: Any) -> Iterator[str]:
    """Yield the links of the lists below an activity."""
    for section, name in SECTIONS.items():
        items = as_mapping(as_mapping(activity).get(section)).get(name)
        for item in items if isinstance(items, list) else []:
            entry = as_mapping(item)
            link = next((entry[key] for key in ("Link", "link", "VideoLink") if isinstance(entry.get(key), str)), None)
            if link is not None:
                yield link


def recognises(sample: Sample) -> bool:
    """Recognise one object with an activity that holds at least one of the lists, even an empty one."""
    return sample.shape == "object" and any(
        bool(SECTIONS.keys() & as_mapping(record.value).keys()) for record in sample.records if record.key in ACTIVITIES
    )


def posts(record: Record) -> Iterator[Post]:
    """Yield the posts of the lists: wanted, nothing of them collected yet."""
    if record.key in ACTIVITIES:
        for link in links_of(record.value):
            tiktok_id = id_in_link(link)
            if tiktok_id is not None:
                yield Post(tiktok_id, permalink=link, listed_only=True)


PERSONAL_EXPORT = Format(
    "personal data export",
    PurePosixPath("imports/personal-export"),
    "an object with Activity or Your Activity, and in it Watch History, Like List or Favorite Videos",
    recognises,
    posts,
)
