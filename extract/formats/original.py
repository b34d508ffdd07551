"""The files of the original project: master.json, ocr.json, speech_to_text.json, queries.json, tiktoks.db."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from extract.formats.base import Format, Post, Sample, id_text
from extract.formats.console import looks_scraped, post_of
from extract.formats.records import Record


def is_master(sample: Sample) -> bool:
    """Recognise an object of scraped records by id."""
    return sample.shape == "object" and any(
        looks_scraped(record.value) and id_text(record.key) is not None for record in sample.records
    )


def master_posts(record: Record) -> Iterator[Post]:
    """Yield the post of a member; its name is the id."""
    tiktok_id = id_text(record.key)
    post = post_of(record.value, tiktok_id) if tiktok_id is not None and isinstance(record.value, dict) else None
    if post is not None:
        yield post


def holds_texts(sample: Sample) -> bool:
    """Whether the file is an object of texts (or nulls) by id."""
    return sample.shape == "object" and all(
        id_text(record.key) is not None and isinstance(record.value, str | None) for record in sample.records
    )


def is_ocr(sample: Sample) -> bool:
    """Recognise texts by id in a file whose name says that they were read from covers."""
    return holds_texts(sample) and "ocr" in sample.name.lower()


def is_speech(sample: Sample) -> bool:
    """Recognise texts by id in a file whose name says that they were heard."""
    return holds_texts(sample) and re.search(r"speech|transcript|audio", sample.name, re.IGNORECASE) is not None


def is_queries(sample: Sample) -> bool:
    """Recognise an array of known-item queries."""
    return sample.shape == "array" and any({"text", "target"} <= value.keys() for value in sample.objects())


def is_database(sample: Sample) -> bool:
    """Recognise the SQLite file by its two tables."""
    return {"tiktoks", "comments"} <= sample.tables


MASTER = Format(
    "the original's master.json",
    PurePosixPath("master.json"),
    "an object of scraped records by id",
    is_master,
    master_posts,
    is_single=True,
)
OCR = Format(
    "the original's ocr.json",
    PurePosixPath("ocr.json"),
    "an object of texts or nulls by id, in a file with 'ocr' in its name",
    is_ocr,
    is_single=True,
)
SPEECH = Format(
    "the original's speech_to_text.json",
    PurePosixPath("speech_to_text.json"),
    "an object of texts or nulls by id, in a file with 'speech', 'transcript' or 'audio' in its name",
    is_speech,
    is_single=True,
)
QUERIES = Format(
    "query set",
    PurePosixPath("queries.json"),
    "an array of objects with text and target",
    is_queries,
    is_single=True,
    later=PurePosixPath("queries"),
    endings=(".json",),
)
TIKTOKS_DB = Format(
    "the original's tiktoks.db",
    PurePosixPath("tiktoks.db"),
    "an SQLite file with the tables tiktoks and comments",
    is_database,
    is_single=True,
)
