"""Write what the original project handed over: tiktoks.db, master.json and cleaned_master.json."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from tiktok_retrieval import exports
from tiktok_retrieval.disguises import Disguise, ExportError, Files, load_project_key, open_warehouse

# The original's tables, with its types and keys; what is missing is '' (0 in a number) where it allows no null
LEGACY_SCHEMA = """
CREATE TABLE tiktoks(
    id INT NOT NULL,
    web_id INT NOT NULL,
    permalink TEXT NOT NULL,
    video_src TEXT NOT NULL,
    coverphoto_src TEXT NOT NULL,
    music_src TEXT NOT NULL,
    speech_to_text TEXT NOT NULL,
    coverphoto_ocr TEXT NOT NULL,
    music_title TEXT NOT NULL,
    like_count TEXT NOT NULL,
    comment_count TEXT NOT NULL,
    creator_username TEXT NOT NULL,
    creator_nickname TEXT,
    description TEXT,
    time_posted TEXT NOT NULL,
    scrape_timestamp FLOAT NOT NULL,
    download_timestamp FLOAT,
    PRIMARY KEY (id)
);
CREATE TABLE comments(
    video_id INT NOT NULL,
    like_count TEXT NOT NULL,
    replies_count TEXT,
    comment_text TEXT NOT NULL,
    commenter_name TEXT NOT NULL,
    time_posted TEXT NOT NULL,
    FOREIGN KEY (video_id) REFERENCES tiktoks(id)
);
"""
# SQLite's integers have 64 bits with a sign
GREATEST_INTEGER = 2**63 - 1

RELATIONS = (
    "corpus.int_tiktoks_merged",
    "corpus.int_tiktoks_judged",
    "corpus.int_scrapes_ranked",
    "corpus.int_comments_merged",
    "test_collection.int_queries_submitted",
)

# Dates and counts are as the newest scrape showed them; where only an older one did, as what they mean
TIKTOKS = """
    select
        tiktoks.tiktok_id as plain_id,
        hide_id(tiktoks.tiktok_id) as id,
        judged.excluded_reason is null as is_in_corpus,
        case when tiktoks.scrape_count = 0 then hide_text(tiktoks.last_error) end as error,
        tiktoks.is_photo,
        hide_link(tiktoks.video_src) as video_src,
        hide_link(tiktoks.coverphoto_src) as coverphoto_src,
        hide_link(tiktoks.permalink) as permalink,
        hide_id(tiktoks.web_id) as web_id,
        case
            when newest.like_count is not null then newest.like_count_shown else tiktoks.like_count::varchar
        end as like_count,
        case
            when newest.comment_count is not null then newest.comment_count_shown
            else tiktoks.comment_count::varchar
        end as comment_count,
        '@' || hide_person(tiktoks.creator_username) as creator_username,
        hide_person(tiktoks.creator_nickname) as creator_nickname,
        coalesce(newest.posted_at_shown, strftime(tiktoks.posted_at, '%Y-%-m-%-d')) as time_posted,
        hide_music_title(tiktoks.music_title) as music_title,
        hide_link(tiktoks.music_src) as music_src,
        hide_text(tiktoks.description) as description,
        hide_text(judged.caption_text) as captions,
        hide_text(judged.cover_text) as cover_text,
        hide_text(judged.speech_text) as speech_text,
        tiktoks.scraped_at,
        judged.downloaded_at,
        judged.download_status
    from corpus.int_tiktoks_merged as tiktoks
    inner join corpus.int_tiktoks_judged as judged on tiktoks.tiktok_id = judged.tiktok_id
    left join corpus.int_scrapes_ranked as newest
        on tiktoks.tiktok_id = newest.tiktok_id and newest.scrape_rank = 1
    order by id
"""

COMMENTS = """
    select
        comments.tiktok_id as plain_id,
        case
            when comments.comment_id <> comments.tiktok_id || '-' || comments.position
                then hide_comment_id(comments.comment_id)
        end as comment_id,
        parents.position - 1 as reply_to,
        comments.parent_comment_id is not null as is_reply,
        '@' || hide_person(comments.commenter_name) as commenter_username,
        hide_text(comments.comment_text) as comment_text,
        comments.like_count,
        comments.reply_count,
        comments.posted_at
    from corpus.int_comments_merged as comments
    left join corpus.int_comments_merged as parents
        on comments.tiktok_id = parents.tiktok_id and comments.parent_comment_id = parents.comment_id
    order by comments.tiktok_id, comments.position
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What a hand-over holds: TikToks and those of them in the corpus, comments in the database, unknown downloads."""

    tiktoks: int
    corpus: int
    comments: int
    unknown_downloads: int


def export_handovers(warehouse: Path, folder: Path, key: bytes | None, *, keep_ids: bool, raw_zone: Path) -> Written:
    """Write tiktoks.db, master.json and cleaned_master.json; without a key with names, ids and links as they are.

    All three appear together or not at all. Raises ExportError.
    """
    with open_warehouse(warehouse, RELATIONS) as connection, Files(folder, raw_zone=raw_zone) as files:
        Disguise.of_warehouse(connection, key, keep_ids=keep_ids).register(connection)
        tiktoks = list(_rows(connection, TIKTOKS))
        comments: dict[str, list[Row]] = {}
        for row in _rows(connection, COMMENTS):
            comments.setdefault(row["plain_id"], []).append(row)
        corpus = [row for row in tiktoks if row["is_in_corpus"]]
        exact_times = key is None
        _write_records(files.part("master.json"), tiktoks, comments, exact_times)
        _write_records(files.part("cleaned_master.json"), corpus, comments, exact_times)
        written_comments = _write_database(files.part("tiktoks.db"), corpus, comments, exact_times)
        return Written(
            tiktoks=len(tiktoks),
            corpus=len(corpus),
            comments=written_comments,
            unknown_downloads=sum(row["download_status"] == "unknown" for row in tiktoks),
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[Row]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    while batch := cursor.fetchmany(10_000):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def _timestamp(time: datetime | None) -> float | None:
    """Return UNIX seconds of a time in UTC."""
    return None if time is None else time.replace(tzinfo=UTC).timestamp()


def _shown_time(time: datetime | None, exact: bool) -> str | None:
    """Return a time as the page shows dates (2021-4-7); exact ones, which tell a comment's id, with the time of day."""
    if time is None:
        return None
    if exact and (time.hour, time.minute, time.second, time.microsecond) != (0, 0, 0, 0):
        return str(time)
    return f"{time.year}-{time.month}-{time.day}"


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _record(row: Row, comments: Iterable[Row], exact_times: bool) -> Row:
    """Return a TikTok in the keys of the original scraper, and those of this project's that say more."""
    record = {
        "video-src": row["video_src"],
        "coverphoto-src": row["coverphoto_src"],
        "permalink": row["permalink"],
        "web-id": row["web_id"],
        "id": row["id"],
        "like-count": row["like_count"],
        "comment-count": row["comment_count"],
        "creator-username": row["creator_username"],
        "creator-nickname": row["creator_nickname"],
        "time-posted": row["time_posted"],
        "music-title": row["music_title"],
        "music-src": row["music_src"],
        "description": row["description"],
        "comments": [_comment(comment, exact_times) for comment in comments],
        "scrape-timestamp": _timestamp(row["scraped_at"]),
        "download-timestamp": _timestamp(row["downloaded_at"]),
    }
    if row["is_photo"]:
        record["media-type"] = "photo"
    if row["captions"] is not None:
        record["captions"] = row["captions"]
    if row["error"] is not None:
        record["error"] = row["error"]
    return record


def _comment(row: Row, exact_times: bool) -> Row:
    comment = {
        "commenter-username": row["commenter_username"],
        "comment-text": row["comment_text"],
        "time-posted": _shown_time(row["posted_at"], exact_times),
        "like-count": _text(row["like_count"]),
        "replies-count": _text(row["reply_count"]),
    }
    if row["comment_id"] is not None:
        comment["comment-id"] = row["comment_id"]
    if row["reply_to"] is not None:
        comment["reply-to"] = row["reply_to"]
    return comment


def _write_records(path: Path, rows: Iterable[Row], comments: dict[str, list[Row]], exact_times: bool) -> None:
    """Write {id: record}, a record a line."""
    with path.open("w", encoding="utf-8") as file:
        separator = "{\n"
        for row in rows:
            record = _record(row, comments.get(row["plain_id"], ()), exact_times)
            file.write(f"{separator}{json.dumps(row['id'])}: {json.dumps(record, ensure_ascii=False)}")
            separator = ",\n"
        file.write("{}\n" if separator.startswith("{") else "\n}\n")


def _integer(text: str | None) -> int | str:
    """Return a number as SQLite's INT column takes it; an id that is too long stays text."""
    if text is None:
        return 0
    return int(text) if text.isdecimal() and int(text) <= GREATEST_INTEGER else text


def _write_database(path: Path, rows: Iterable[Row], comments: dict[str, list[Row]], exact_times: bool) -> int:
    """Write the corpus as SQLite; replies are left out, for its table cannot say what they reply to."""
    written = 0
    try:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("pragma foreign_keys = on")
            # The file is no one's before it is renamed: nothing to roll back to
            database.execute("pragma journal_mode = off")
            database.executescript(LEGACY_SCHEMA)
            for row in rows:
                record = _record(row, (), exact_times)
                database.execute(
                    f"insert into tiktoks values ({', '.join('?' * 17)})",
                    (
                        _integer(record["id"]),
                        _integer(record["web-id"]),
                        *(record[name] or "" for name in ("permalink", "video-src", "coverphoto-src", "music-src")),
                        row["speech_text"] or "",
                        row["cover_text"] or "",
                        *(record[name] or "" for name in ("music-title", "like-count", "comment-count")),
                        record["creator-username"] or "",
                        record["creator-nickname"],
                        record["description"],
                        record["time-posted"] or "",
                        record["scrape-timestamp"] or 0.0,
                        record["download-timestamp"],
                    ),
                )
                for comment_row in comments.get(row["plain_id"], ()):
                    if comment_row["is_reply"]:
                        continue
                    comment = _comment(comment_row, exact_times)
                    database.execute(
                        "insert into comments values (?, ?, ?, ?, ?, ?)",
                        (
                            _integer(record["id"]),
                            comment["like-count"] or "",
                            comment["replies-count"],
                            comment["comment-text"] or "",
                            comment["commenter-username"] or "",
                            comment["time-posted"] or "",
                        ),
                    )
                    written += 1
            database.commit()
            offenders = database.execute("pragma foreign_key_check").fetchall()
            (verdict,) = database.execute("pragma integrity_check").fetchone()
    except sqlite3.Error as error:
        raise ExportError(f"tiktoks.db could not be written: {error}") from error
    if offenders or verdict != "ok":
        raise ExportError(f"tiktoks.db did not pass its check: {offenders or verdict}")
    return written


Folder = Annotated[Path, typer.Argument(help="Where the files go; made when it is not there.")]
WarehouseOption = Annotated[
    Path, typer.Option("--warehouse", envvar="TIKTOK_WAREHOUSE", help="The database file that dbt built.")
]
DataOption = Annotated[
    Path, typer.Option("--data", envvar="TIKTOK_DATA", help="The raw zone, where the project's key lies.")
]
WithNames = Annotated[
    bool, typer.Option("--with-names", help="Leave names, ids and links as they are, instead of pseudonyms.")
]
WithIds = Annotated[bool, typer.Option("--with-ids", help="Leave ids as they are: they lead to the posts.")]

DEFAULT_WAREHOUSE = Path("data/warehouse.duckdb")
DEFAULT_DATA = Path("data")


def _say_how(with_names: bool, with_ids: bool) -> None:
    """Say in one line who can be known from what was written."""
    if with_names:
        print("With names: every name, id and link is as it was scraped. Hand it to no one who may not know them.")
    elif with_ids:
        print("Pseudonymised, not anonymous: names are replaced, but ids lead to the posts.")
    else:
        print("Pseudonymised, not anonymous: what persons tell of themselves in their words stays (--with-names: all).")


def _run(name: str, folder: Path, data: Path, with_names: bool, with_ids: bool, write: Callable[..., str]) -> None:
    try:
        key = None if with_names else load_project_key(data)
        told = write(key=key, keep_ids=with_ids, raw_zone=data)
    except ExportError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise typer.Exit(error.code) from error
    print(f"{folder}: {told}")
    _say_how(with_names, with_ids)


def export_command(
    folder: Folder,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    data: DataOption = DEFAULT_DATA,
    with_names: WithNames = False,
    with_ids: WithIds = False,
) -> None:
    """Write tiktoks.db, master.json and cleaned_master.json, as the original project had them."""

    def write(**how: Any) -> str:
        written = export_handovers(warehouse, folder, **how)
        unknown = f"; {written.unknown_downloads} with an unknown download" if written.unknown_downloads else ""
        return (
            f"master.json ({written.tiktoks} TikToks{unknown}), cleaned_master.json and tiktoks.db "
            f"({written.corpus} TikToks, {written.comments} comments, replies left out of the database)"
        )

    _run("export", folder, data, with_names, with_ids, write)


def export_runs_command(
    folder: Folder,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    data: DataOption = DEFAULT_DATA,
    with_names: WithNames = False,
    with_ids: WithIds = False,
) -> None:
    """Write TREC runs, judgements and topics, laid out so that the folder can be built from, too."""
    _run(
        "export-runs",
        folder,
        data,
        with_names,
        with_ids,
        lambda **how: exports.export_runs(warehouse, folder, **how),
    )


def export_beir_command(
    folder: Folder,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    data: DataOption = DEFAULT_DATA,
    with_names: WithNames = False,
    with_ids: WithIds = False,
) -> None:
    """Write the collection as a BEIR folder: corpus.jsonl, queries.jsonl, qrels/test.tsv."""
    _run(
        "export-beir",
        folder,
        data,
        with_names,
        with_ids,
        lambda **how: exports.export_beir(warehouse, folder, **how),
    )


def export_tables_command(
    folder: Folder,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    data: DataOption = DEFAULT_DATA,
    with_names: WithNames = False,
    with_ids: WithIds = False,
) -> None:
    """Write the tables of the contract as Parquet, one file for each, schema.name.parquet."""
    _run(
        "export-tables",
        folder,
        data,
        with_names,
        with_ids,
        lambda **how: exports.export_tables(warehouse, folder, **how),
    )


def register(app: typer.Typer) -> None:
    """Add the commands that write what leaves the machine."""
    app.command("export")(export_command)
    app.command("export-runs")(export_runs_command)
    app.command("export-beir")(export_beir_command)
    app.command("export-tables")(export_tables_command)
