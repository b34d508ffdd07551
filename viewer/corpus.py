"""What the viewer asks of the warehouse: TikToks, comments, searches; names under pseudonyms where they have to be."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from tiktok_retrieval import snapshots
from tiktok_retrieval.disguises import Disguise
from tiktok_retrieval.prepared import EXPLAIN, SEARCH, PreparedStatements, Statement, Value

Row = dict[str, Any]

# More are never shown at once; the queue of a larger corpus is a sample of it
QUEUE_LENGTH = 5000
COMMENTS_SHOWN = 500
SNIPPETS_SHOWN = 3
SECONDS_BETWEEN_LOOKS = 2.0
# Characters that no text has a use for
MARK_OPEN, MARK_CLOSE = "\x02", "\x03"
NAME_FIELDS = frozenset({"creator_username", "creator_nickname"})
# An unknown document has none
SNIPPETS = Statement(
    """
    from snippets_of(
        $query,
        (select list(tiktok_id) from corpus.tiktoks where tiktok_id in (select unnest(cast($ids as varchar[])))),
        system := $system,
        mark_open := $mark_open,
        mark_close := $mark_close
    )
    """,
    {"ids": "varchar[]", "query": "varchar", "system": "varchar", "mark_open": "varchar", "mark_close": "varchar"},
)


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


@dataclass(frozen=True)
class Result:
    """A TikTok that a search found."""

    rank: int
    score: float
    card: Card


@dataclass(frozen=True)
class Snippet:
    """Where a field of a TikTok matches: its words in pieces, each with whether it is a match."""

    field: str
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Share:
    """What one term in one field adds to a score."""

    term: str
    field: str
    term_frequency: float
    document_frequency: int
    idf: float | None
    contribution: float


@dataclass(frozen=True)
class Filters:
    """What a search is limited to; dates are ISO dates, both included."""

    creator: str | None = None
    posted_from: str | None = None
    posted_to: str | None = None


class RecentSnippets:
    """The snippets that were read last, by query, TikTok and system; safe for threads."""

    def __init__(self, most: int) -> None:
        """Take how many entries are kept."""
        self._most = most
        self._found: dict[tuple[str, str, str | None], tuple[Snippet, ...]] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str, str | None]) -> tuple[Snippet, ...] | None:
        """Return what is kept; None for nothing."""
        return self._found.get(key)

    def keep(self, new: Mapping[tuple[str, str, str | None], tuple[Snippet, ...]]) -> None:
        """Keep some more, and forget the oldest."""
        with self._lock:
            self._found.update(new)
            for key in list(self._found)[: max(0, len(self._found) - self._most)]:
                del self._found[key]


class Corpus:
    """One snapshot, opened read-only; every thread has a cursor of its own."""

    def __init__(self, warehouse: Path, *, key: bytes | None) -> None:
        """Open a database file. With a key, persons have pseudonyms. Raises CorpusError."""
        try:
            self._connection = duckdb.connect(str(warehouse), read_only=True, config={"threads": 1})
        except duckdb.Error as error:
            raise CorpusError(f"the snapshot {warehouse} cannot be opened: {str(error).splitlines()[0]}") from error
        self._threads = threading.local()
        try:
            self.ids = self._read_ids()
            builds = self.rows("select build_id from meta.builds order by built_at desc limit 1")
            self._disguise = Disguise.of_warehouse(self._connection, key, keep_ids=True)
        except duckdb.Error as error:
            raise CorpusError(
                f"the snapshot {warehouse} holds no whole build: run `dbt build` first ({str(error).splitlines()[0]})"
            ) from error
        # Under pseudonyms a creator is asked for by pseudonym
        self._usernames = {} if key is None else self._read_usernames()
        self.version = str(builds[0]["build_id"]) if builds else "unknown"
        self.best_system = self._read_best_system(warehouse)
        if not self.ids:
            raise CorpusError(f"the corpus of {warehouse} holds no TikTok, so there is nothing to watch")
        self.post = lru_cache(maxsize=2000)(self._post)
        self.search = lru_cache(maxsize=5000)(self._search)
        self._known_snippets = RecentSnippets(20_000)
        self.explain = lru_cache(maxsize=2000)(self._explain)

    @property
    def shows_names(self) -> bool:
        """Whether persons appear under their own names."""
        return self._disguise.key is None

    def person(self, name: str | None) -> str | None:
        """Return how a person appears."""
        return self._disguise.person(name)

    def rows(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Run a query and return its rows as dictionaries. Raises duckdb.Error."""
        found = self._statements().connection.execute(query, parameters or None)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def stream(self, query: str, parameters: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """Run a query and yield its rows, of which only some are in memory at once. Raises duckdb.Error."""
        found = self._connection.cursor().execute(query, parameters)
        while batch := found.fetchmany(10_000):
            yield from batch

    def field_text(self, field: str, text: str) -> str | None:
        """Return how the text of a field of the index appears."""
        if field in NAME_FIELDS:
            return self._disguise.person(text)
        return self._disguise.music_title(text) if field == "music_title" else self._disguise.text(text)

    def cards(self) -> list[Card]:
        """Return all documents that a search can find, in the order of their numbers."""
        return [self._card(row) for row in self.rows("from search.searchable_documents order by document_number")]

    def _statements(self) -> PreparedStatements:
        """Return those of the thread, with a cursor of its own."""
        statements: PreparedStatements | None = getattr(self._threads, "statements", None)
        if statements is None:
            cursor = self._connection.cursor()
            cursor.execute("set timezone = 'UTC'")
            statements = self._threads.statements = PreparedStatements(cursor)
        return statements

    def _read_ids(self) -> tuple[str, ...]:
        # The browser shuffles; of a large corpus everybody gets the same sample, so that targets can be compared
        found = self.rows(
            "select tiktok_id from corpus.tiktoks order by hash(tiktok_id), tiktok_id limit $limit",
            {"limit": QUEUE_LENGTH},
        )
        return tuple(sorted(row["tiktok_id"] for row in found))

    def _read_best_system(self, warehouse: Path) -> str:
        try:
            found = self.rows("select system_id from search.searchable_systems where is_best")
        except duckdb.Error as error:
            raise CorpusError(f"the snapshot {warehouse} has no search functions: run `dbt build` again") from error
        return str(found[0]["system_id"]) if found else "none"

    def _read_usernames(self) -> dict[str, str]:
        found = self.rows("select distinct creator_username from corpus.tiktoks where creator_username is not null")
        names = (row["creator_username"] for row in found)
        return {self._disguise.person(name) or "": name for name in names}

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

    def _search(
        self, query: str, filters: Filters = Filters(), *, system_id: str | None = None, k: int = 10
    ) -> tuple[Result, ...]:
        """Return the best TikToks for a query, by the warehouse's own search. Raises SearchRefusedError."""
        found = self._asked(
            SEARCH,
            query=query,
            system=system_id,
            k=k,
            creator=self._usernames.get(filters.creator or "", filters.creator),
            posted_from=filters.posted_from,
            posted_to=filters.posted_to,
        )
        return tuple(Result(row["rank"], row["score"], self._card(row)) for row in found)

    def snippets(
        self, query: str, tiktok_ids: Sequence[str], system_id: str | None = None
    ) -> dict[str, tuple[Snippet, ...]]:
        """Return where TikToks match a query, the field with most matches first. Raises SearchRefusedError."""
        keys = {tiktok_id: (query, tiktok_id, system_id) for tiktok_id in tiktok_ids}
        known = {tiktok_id: self._known_snippets.get(key) for tiktok_id, key in keys.items()}
        missing = [tiktok_id for tiktok_id, found in known.items() if found is None]
        if missing:
            read = self._read_snippets(query, missing, system_id)
            self._known_snippets.keep({keys[tiktok_id]: found for tiktok_id, found in read.items()})
            known.update(read)
        return {tiktok_id: known[tiktok_id] or () for tiktok_id in tiktok_ids}

    def _read_snippets(
        self, query: str, tiktok_ids: Sequence[str], system_id: str | None
    ) -> dict[str, tuple[Snippet, ...]]:
        found = self._asked(
            SNIPPETS,
            query=query,
            ids=tiktok_ids,
            system=system_id,
            mark_open=MARK_OPEN,
            mark_close=MARK_CLOSE,
        )
        of_each: dict[str, list[Row]] = {tiktok_id: [] for tiktok_id in tiktok_ids}
        for row in found:
            of_each[row["doc_id"]].append(row)

        def place(row: Row) -> tuple[int, str]:
            return -row["snippet"].count(MARK_OPEN), row["field"]

        return {
            tiktok_id: tuple(
                Snippet(row["field"], self._parts(row["field"], row["snippet"]))
                for row in sorted(rows, key=place)[:SNIPPETS_SHOWN]
            )
            for tiktok_id, rows in of_each.items()
        }

    def _parts(self, field: str, snippet: str) -> tuple[tuple[str, bool], ...]:
        """Cut a snippet at its marks; where persons have pseudonyms, names are replaced first and marks may go."""
        if not self.shows_names:
            plain = snippet.replace(MARK_OPEN, "").replace(MARK_CLOSE, "")
            hidden = self._disguise.person(plain) if field in NAME_FIELDS else self._disguise.text(plain)
            if hidden != plain:
                return ((hidden or "", False),)
        parts = []
        for index, piece in enumerate(snippet.split(MARK_OPEN)):
            match, closed, rest = piece.partition(MARK_CLOSE)
            if index and closed:
                parts.append((match, True))
                parts.append((rest, False))
            else:
                parts.append((piece, False))
        return tuple(part for part in parts if part[0])

    def _explain(self, query: str, tiktok_id: str, system_id: str | None = None) -> tuple[Share, ...]:
        """Return what each term in each field adds to a TikTok's score. Raises SearchRefusedError."""
        found = self._asked(EXPLAIN, query=query, doc_id=tiktok_id, system=system_id)
        return tuple(Share(**{name: row[name] for name in Share.__dataclass_fields__}) for row in found)

    def _asked(self, statement: Statement, **values: Value) -> list[Row]:
        try:
            return self._statements().rows(statement, **values)
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0].partition(": ")[2] or str(error)
            raise SearchRefusedError(reason) from error

    def _card(self, row: Row) -> Card:
        return Card(
            tiktok_id=row["tiktok_id"] if "tiktok_id" in row else row["doc_id"],
            media_type=row["media_type"],
            creator=Person(
                self._disguise.person(row["creator_username"]), self._disguise.person(row["creator_nickname"])
            ),
            description=self._disguise.text(row["description"]),
            posted_at=_utc(row["posted_at"]),
        )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


class Corpora:
    """The newest published snapshot of a warehouse, whenever it is asked for."""

    def __init__(self, warehouse: Path, *, key: bytes | None) -> None:
        """Open the newest snapshot. Raises CorpusError where there is none."""
        self._warehouse = warehouse
        self._key = key
        self._opening = threading.Lock()
        self._path = self._newest()
        self._corpus = Corpus(self._path, key=key)
        self._looked_at = time.monotonic()
        self._problem = ""

    @property
    def current(self) -> Corpus:
        """The newest snapshot; while a newer one is being opened, the one before it."""
        if time.monotonic() - self._looked_at > SECONDS_BETWEEN_LOOKS and self._opening.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._opening.release()
        return self._corpus

    def _look(self) -> None:
        try:
            path = self._newest()
            if path != self._path:
                # Requests that still use the old one keep it open
                self._corpus, self._path = Corpus(path, key=self._key), path
        except CorpusError as error:
            # What was readable stays: the folder is being moved, or somebody removed it
            if str(error) != self._problem:
                print(f"viewer: {error}", file=sys.stderr)
                self._problem = str(error)
        self._looked_at = time.monotonic()

    def _newest(self) -> Path:
        try:
            return snapshots.current(self._warehouse)
        except snapshots.NoSnapshotError as error:
            raise CorpusError(str(error)) from error
