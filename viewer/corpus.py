"""What the viewer asks of the warehouse: TikToks, comments, searches; names under pseudonyms where they have to be."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from tiktok_retrieval.disguises import Disguise

Row = dict[str, Any]

# More are never shown at once; the queue of a larger corpus is a sample of it
QUEUE_LENGTH = 5000
COMMENTS_SHOWN = 500


class CorpusError(Exception):
    """Why nothing can be served, in one line."""


class SearchRefusedError(Exception):
    """What is wrong with a search, in one line."""


@dataclass(frozen=True)
class Person:
    """A creator."""

    username: str | None
    nickname: str | None


@dataclass(frozen=True)
class Card:
    """What a list shows of a TikTok."""

    tiktok_id: str
    media_type: str
    creator: Person
    description: str | None
    posted_at: datetime | None


@dataclass(frozen=True)
class Comment:
    """A comment or a reply."""

    comment_id: str
    parent_comment_id: str | None
    name: str | None
    text: str | None
    like_count: int | None
    posted_at: datetime | None


@dataclass(frozen=True)
class Post:
    """A TikTok with all that is shown of it."""

    card: Card
    music_title: str | None
    like_count: int | None
    comment_count: int | None
    caption_text: str | None
    permalink: str | None
    comments: tuple[Comment, ...]


class Corpus:
    """One snapshot, opened read-only; every thread has a cursor of its own."""

    def __init__(self, warehouse: Path, *, key: bytes | None, version: str | None = None) -> None:
        """Open a database file. With a key, persons have pseudonyms. Raises CorpusError."""
        if not warehouse.is_file():
            raise CorpusError(f"there is no warehouse at {warehouse}: run `dbt build` first")
        try:
            self._connection = duckdb.connect(str(warehouse), read_only=True, config={"threads": 1})
        except duckdb.Error as error:
            raise CorpusError(f"the warehouse {warehouse} cannot be opened: {str(error).splitlines()[0]}") from error
        self._cursors = threading.local()
        try:
            self.ids = self._read_ids()
            builds = self.rows("select build_id from meta.builds order by built_at desc limit 1")
            self._disguise = Disguise.of_warehouse(self._connection, key, keep_ids=True)
        except duckdb.Error as error:
            raise CorpusError(
                f"the warehouse {warehouse} holds no whole build: run `dbt build` first ({str(error).splitlines()[0]})"
            ) from error
        self.version = version or str(builds[0]["build_id"] if builds else "unknown")
        if not self.ids:
            raise CorpusError(f"the corpus of {warehouse} holds no TikTok, so there is nothing to watch")
        self.post = lru_cache(maxsize=2000)(self._post)

    @property
    def shows_names(self) -> bool:
        """Whether persons appear under their own names."""
        return self._disguise.key is None

    def rows(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Run a query and return its rows as dictionaries. Raises duckdb.Error."""
        cursor = getattr(self._cursors, "cursor", None)
        if cursor is None:
            cursor = self._cursors.cursor = self._connection.cursor()
            cursor.execute("set timezone = 'UTC'")
        found = cursor.execute(query, parameters or None)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _read_ids(self) -> tuple[str, ...]:
        # The browser shuffles; of a large corpus everybody gets the same sample, so that targets can be compared
        found = self.rows(
            "select tiktok_id from corpus.tiktoks order by hash(tiktok_id), tiktok_id limit $limit",
            {"limit": QUEUE_LENGTH},
        )
        return tuple(sorted(row["tiktok_id"] for row in found))

    def has(self, tiktok_id: str) -> bool:
        """Say whether the corpus holds a TikTok."""
        return self.post(tiktok_id) is not None

    def _post(self, tiktok_id: str) -> Post | None:
        found = self.rows("select * from corpus.tiktoks where tiktok_id = $id", {"id": tiktok_id})
        if not found:
            return None
        row = found[0]
        return Post(
            card=self._card(row),
            music_title=self._disguise.music_title(row["music_title"]),
            like_count=row["like_count"],
            comment_count=row["comment_count"],
            caption_text=self._disguise.text(row["caption_text"]) or None,
            permalink=self._disguise.link(row["permalink"]),
            comments=self._comments(tiktok_id),
        )

    def _comments(self, tiktok_id: str) -> tuple[Comment, ...]:
        found = self.rows(
            "select * from corpus.comments where tiktok_id = $id order by position limit $limit",
            {"id": tiktok_id, "limit": COMMENTS_SHOWN},
        )
        return tuple(
            Comment(
                comment_id=row["comment_id"],
                parent_comment_id=row["parent_comment_id"],
                name=self._disguise.person(row["commenter_name"]),
                text=self._disguise.text(row["comment_text"]),
                like_count=row["like_count"],
                posted_at=_utc(row["posted_at"]),
            )
            for row in found
        )

    def _card(self, row: Row) -> Card:
        return Card(
            tiktok_id=row["tiktok_id"],
            media_type=row["media_type"],
            creator=Person(
                self._disguise.person(row["creator_username"]), self._disguise.person(row["creator_nickname"])
            ),
            description=self._disguise.text(row["description"]),
            posted_at=_utc(row["posted_at"]),
        )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
