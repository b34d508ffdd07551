"""What everything that leaves the machine goes through: the warehouse opened for reading, persons and ids disguised.

Pseudonymised, never anonymous: who holds the key can link every pseudonym, and what people tell of themselves in their
texts stays there.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from types import TracebackType
from typing import TypedDict

import duckdb
from duckdb.func import FunctionNullHandling

from tiktok_retrieval import pseudonyms

# A commenter's name that stands in the texts of so many TikToks is taken for a word of the language: as a name it is
# told only behind an @. Creators and query authors are few, and their names always names.
COMMON_WORD_TIKTOKS = 10
# An id in running text, as in "the target is not in the corpus: ..."
ID_IN_TEXT = re.compile(r"(?<!\d)\d{15,20}(?!\d)")
# 60 bits. As a time (id >> 32) every such number lies before 1979, so that no one takes it for a TikTok's own
ID_DIGITS = 15


class ExportError(Exception):
    """Why nothing was written, in one line, and the exit code that says so."""

    def __init__(self, message: str, code: int = 1) -> None:
        """Keep the line and the code: 4 where there is nothing to read, otherwise 1."""
        super().__init__(message)
        self.code = code


@contextmanager
def open_warehouse(path: Path, relations: Iterable[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse read-only, sure that it holds these relations. Raises ExportError."""
    if not path.is_file():
        raise ExportError(f"there is no warehouse at {path}: run `dbt build` first", 4)
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        line = str(error).strip().splitlines()[0]
        raise ExportError(f"the warehouse {path} cannot be read: {line}", 4) from error
    try:
        connection.execute("set timezone = 'UTC'")
        present = relation_names(connection)
        missing = [relation for relation in relations if relation not in present]
        if missing:
            raise ExportError(f"the warehouse {path} has no {missing[0]}: run `dbt build` first", 4)
        yield connection
    finally:
        connection.close()


def relation_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of all tables and views, as schema.name."""
    rows = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
    return {str(name) for (name,) in rows}


class Disguise:
    """How persons, ids, links and texts are written: as pseudonyms, or as they are where there is no key.

    Every method gives null for null. The ids of a text collection are no persons' and stay, as do its texts.
    """

    def __init__(
        self,
        key: bytes | None,
        *,
        keep_ids: bool = False,
        keep_texts: bool = False,
        names: pseudonyms.KnownNames = pseudonyms.NO_NAMES,
        mentionable: pseudonyms.KnownNames = pseudonyms.NO_NAMES,
        authors: pseudonyms.KnownNames = pseudonyms.NO_NAMES,
    ) -> None:
        """Take the project's key (None: everything as it is) and the names that are to be found in texts."""
        self.key = key
        self.keeps_ids = keep_ids or key is None
        self.keeps_texts = keep_texts or key is None
        self._names = names
        self._mentionable = mentionable
        self._authors = authors
        # Ids, names and short texts recur in many rows
        self.identifier: Callable[[str | None], str | None] = lru_cache(maxsize=200_000)(self._identifier)
        self.person: Callable[[str | None], str | None] = lru_cache(maxsize=200_000)(self._person)
        self.text: Callable[[str | None], str | None] = lru_cache(maxsize=20_000)(self._text)

    @classmethod
    def of_warehouse(cls, connection: duckdb.DuckDBPyConnection, key: bytes | None, *, keep_ids: bool) -> Disguise:
        """Learn the names to be found in texts from a warehouse; where no TikTok was scraped, ids and texts stay."""
        if key is None:
            return cls(None)
        return cls.of_names(key, **_names_of(connection), keep_ids=keep_ids)

    @classmethod
    def of_names(
        cls,
        key: bytes,
        *,
        creators: Iterable[str],
        commenters: Iterable[str],
        authors: Iterable[str],
        tiktok_counts: Mapping[str, int],
        has_tiktoks: bool,
        keep_ids: bool,
    ) -> Disguise:
        """Take the names by what their persons do, and in how many TikToks' texts each stands.

        Where no TikTok was scraped, ids and texts stay.
        """
        always = [*creators, *authors]
        everyone = [*always, *commenters]
        words = {
            pseudonyms.plain_name(name) for name, tiktoks in tiktok_counts.items() if tiktoks >= COMMON_WORD_TIKTOKS
        } - {pseudonyms.plain_name(name) for name in always}
        return cls(
            key,
            keep_ids=keep_ids or not has_tiktoks,
            keep_texts=not has_tiktoks,
            names=pseudonyms.KnownNames(name for name in everyone if pseudonyms.plain_name(name) not in words),
            mentionable=pseudonyms.KnownNames(everyone),
            authors=pseudonyms.KnownNames(authors),
        )

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the methods SQL functions of this connection: hide_person, hide_id, hide_text and so on."""
        register_hiding(connection, lambda: self)

    def _person(self, name: str | None) -> str | None:
        return name if self.key is None else pseudonyms.pseudonym_of_person(self.key, name)

    def _identifier(self, identifier: str | None) -> str | None:
        if identifier is None or self.keeps_ids or self.key is None:
            return identifier
        hidden = pseudonyms.pseudonym_of_id(self.key, identifier)
        return None if hidden is None else str(int(hidden.removeprefix("id_")[:ID_DIGITS], 16))

    def comment_identifier(self, identifier: str | None) -> str | None:
        """Return the id of a comment; one that is made of a TikTok's id and a position keeps that form."""
        tiktok_id, dash, position = (identifier or "").rpartition("-")
        return f"{self.identifier(tiktok_id)}-{position}" if dash else self.identifier(identifier)

    def query_identifier(self, identifier: str | None) -> str | None:
        """Return a query's id; only an author's name in it, from the name of the query set's file, is replaced."""
        if identifier is None or self.key is None or self.keeps_texts:
            return identifier
        return pseudonyms.pseudonymise_text(self.key, identifier, self._authors)

    def _text(self, text: str | None) -> str | None:
        if text is None or self.key is None or self.keeps_texts:
            return text
        hidden = pseudonyms.pseudonymise_text(self.key, text, self._names, self._mentionable)
        return self._without_ids(hidden)

    def music_title(self, title: str | None) -> str | None:
        """Return a music title without the nicknames in it."""
        if title is None or self.key is None:
            return title
        return self._without_ids(pseudonyms.pseudonymise_music_title(self.key, title, self._mentionable))

    def link(self, link: str | None) -> str | None:
        """Return a link, or null: links lead to persons, and hold their names."""
        return link if self.key is None else None

    def _without_ids(self, text: str | None) -> str | None:
        if text is None or self.keeps_ids:
            return text
        return ID_IN_TEXT.sub(lambda found: self.identifier(found.group()) or "", text)


# What SQL calls, by its name there
HIDING: Mapping[str, Callable[[Disguise, str | None], str | None]] = {
    "hide_person": lambda disguise, value: disguise.person(value),
    "hide_id": lambda disguise, value: disguise.identifier(value),
    "hide_comment_id": lambda disguise, value: disguise.comment_identifier(value),
    "hide_query_id": lambda disguise, value: disguise.query_identifier(value),
    "hide_text": lambda disguise, value: disguise.text(value),
    "hide_music_title": lambda disguise, value: disguise.music_title(value),
    "hide_link": lambda disguise, value: disguise.link(value),
}


def register_hiding(connection: duckdb.DuckDBPyConnection, disguise: Callable[[], Disguise]) -> None:
    """Make the SQL functions of HIDING known to a connection; `disguise` is asked for at every call."""
    for name, function in HIDING.items():
        connection.create_function(
            name,
            partial(_hide, function, disguise),
            ["VARCHAR"],
            "VARCHAR",
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _hide(
    function: Callable[[Disguise, str | None], str | None], disguise: Callable[[], Disguise], value: str | None
) -> str | None:
    return function(disguise(), value)


def count_names(names: Collection[str], texts: Iterable[str]) -> dict[str, int]:
    """Return in how many of the texts each name stands without an @; those that stand in none are left out."""
    known = pseudonyms.KnownNames(names)
    counts: Counter[str] = Counter()
    for text in texts:
        unmentioned = pseudonyms.HANDLE.sub("", text)
        counts.update({pseudonyms.plain_name(unmentioned[start:end]) for start, end in known.spans(unmentioned)})
    return {name: counts[plain] for name in names if (plain := pseudonyms.plain_name(name)) in counts}


class _NamesByPart(TypedDict):
    creators: list[str]
    commenters: list[str]
    authors: list[str]
    tiktok_counts: dict[str, int]
    has_tiktoks: bool


def _names_of(connection: duckdb.DuckDBPyConnection) -> _NamesByPart:
    """Return the names of all persons a warehouse knows."""

    def texts(query: str) -> list[str]:
        return [str(value) for (value,) in connection.execute(query).fetchall()]

    creators = texts(
        """
        select creator_username from corpus.int_scrapes_ranked where creator_username is not null
        union
        select creator_nickname from corpus.int_scrapes_ranked where creator_nickname is not null
        """
    )
    authors = texts("select distinct author from test_collection.int_queries_submitted where author is not null")
    # A warehouse that was built pseudonymised has no staging room
    staged = relation_names(connection) & {"staging.stg_scraper__comments", "staging.stg_imports__comments"}
    commenters = texts(
        " union ".join(
            f"select commenter_name from {relation} where commenter_name is not null"
            for relation in staged or {"corpus.int_comments_merged"}
        )
    )
    counts = count_names(
        [*creators, *authors, *commenters],
        texts(
            """
            select concat_ws(' ; ', tiktoks.description, judged.cover_text, judged.speech_text, comments.texts)
            from corpus.int_tiktoks_judged as judged
            inner join corpus.int_tiktoks_merged as tiktoks on judged.tiktok_id = tiktoks.tiktok_id
            left join (
                select tiktok_id, string_agg(comment_text, ' ; ') as texts
                from corpus.int_comments_merged
                group by tiktok_id
            ) as comments on judged.tiktok_id = comments.tiktok_id
            """
        ),
    )
    return {
        "creators": creators,
        "commenters": commenters,
        "authors": authors,
        "tiktok_counts": counts,
        "has_tiktoks": bool(connection.execute("select 1 from corpus.int_tiktoks_judged limit 1").fetchall()),
    }


class Files:
    """Files that appear in a folder all together when the block ends well, and not at all when it does not."""

    def __init__(self, folder: Path, *, raw_zone: Path | None = None) -> None:
        """Take the folder, made when needed; it must not be a raw zone, whose files nothing may overwrite."""
        self.folder = folder
        self.names: list[str] = []
        is_raw_zone = raw_zone is not None and folder.resolve() == raw_zone.resolve()
        if is_raw_zone or (folder / "info").is_dir():
            raise ExportError(f"{folder} is a raw zone, whose files are never overwritten: name another folder", 2)

    def __enter__(self) -> Files:
        """Make the folder. Raises ExportError when it cannot be written to."""
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / ".part"
            probe.touch()
            probe.unlink()
        return self

    def part(self, name: str) -> Path:
        """Return where to write a file of the folder, named by its path below it."""
        with _told(self.folder):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            self.names.append(name)
            part = self._part(name)
            part.unlink(missing_ok=True)
            return part

    def _part(self, name: str) -> Path:
        path = self.folder / name
        return path.with_name(path.name + ".part")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the files in their places, or take the unfinished ones away. Raises ExportError for a full disk."""
        parts = [self._part(name) for name in self.names]
        try:
            if error is None:
                with _told(self.folder):
                    for part in parts:
                        with part.open("rb+") as file:
                            os.fsync(file.fileno())
                    for name, part in zip(self.names, parts, strict=True):
                        part.replace(self.folder / name)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ExportError(f"cannot write to {self.folder}: {error.strerror or error}") from error


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportError(f"cannot write to {folder}: {error.strerror or error}") from error


def load_project_key(data: Path) -> bytes:
    """Return the key of a raw zone's project, made at the first call. Raises ExportError."""
    try:
        return pseudonyms.load_key(data / pseudonyms.KEY_FILE)
    except (OSError, ValueError) as error:
        raise ExportError(f"the key for pseudonyms cannot be had: {error}") from error
