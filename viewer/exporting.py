"""Write the viewer as a folder of files that any web server can serve: it searches and remembers in the browser.

    index.html, static/            the viewer's own page, styles and scripts
    data/corpus.json               what is to be watched, and how the searched system makes terms of a query
    data/cards.json                what a list shows of each document, by its number from 0
    data/forms.json                what becomes of characters beyond ASCII
    data/postings/<bucket>.json    for each term its document frequency, its idf, and for each document and field that
                                   has it the document's number, the field's, how often, and what that adds to the score
    data/posts/<id>.json           all that is shown of a TikTok
    data/texts/<id>.json           its texts as they are indexed, of which snippets are cut
    media/                         clips, covers, slides and captions
    viewer-export.json             says that the folder is an export, which the next one may replace

The same snapshot gives the same bytes. Under pseudonyms a term that a field has only in a person's name is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from tiktok_retrieval import snapshots
from tiktok_retrieval.disguises import ExportError, load_project_key
from viewer import messages
from viewer.corpus import NAME_FIELDS, Corpus, CorpusError
from viewer.media import Media, MediaFolder, web_vtt
from viewer.page import environment, page_settings
from viewer.safety import CONTENT_SECURITY_POLICY
from viewer.settings import Settings

STATIC = Path(__file__).parent / "static"
# They belong to pages that only a server has
SERVED_ONLY = frozenset({"enter.js", "research.js", "research.css"})
MARKER = "viewer-export.json"
OWN = frozenset({"index.html", "static", "data", "media", MARKER})
# A query reads as many buckets as it has terms: small files, but no more of them than a folder holds well
POSTINGS_IN_BUCKET = 500
MOST_BUCKETS = 4096
NO_MEDIA = Media(video=None, cover=None, slides=(), captions=None)

Terms = frozenset[str]


@dataclass(frozen=True)
class Exported:
    """What an export holds."""

    tiktoks: int
    videos: int
    pictures: int
    megabytes: float


def javascript_pattern(pattern: str) -> str:
    """Return a regular expression of RE2 as JavaScript has it; one with classes of Unicode needs the flag u there."""
    pattern = re.sub(r"\\p\{(Han|Hiragana|Katakana)\}", r"\\p{Script=\1}", pattern)
    pattern = re.sub(r"\\x\{([0-9A-F]+)\}", r"\\u{\1}", pattern)
    return pattern.replace(r"\s", r"\t\n\f\r ").replace("(?s:.)", "[^]")


def bucket_of(term: str, count: int) -> int:
    """Return in which of so many files a term's postings are: FNV-1a, as static/exported.js has it."""
    number = 0x811C9DC5
    for character in term:
        number = (number ^ ord(character)) * 0x01000193 & 0xFFFFFFFF
    return number % count


def export(settings: Settings, folder: Path, *, with_media: bool = True, link_media: bool = False) -> Exported:
    """Write the newest snapshot's viewer to a folder, whole or not at all. Raises CorpusError, ExportError.

    The folder is made, is empty, or holds an earlier export, which is replaced.
    """
    folder = folder.resolve()
    _check(folder)
    corpus = _open(settings)
    part, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{kind}") for kind in ("part", "old"))
    try:
        part.mkdir(parents=True)
        exported = _Writer(part, settings, corpus, link_media=link_media).write(with_media=with_media)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    except OSError as error:
        raise ExportError(f"cannot write to {folder}: {error.strerror or error}") from error
    except duckdb.CatalogException as error:
        raise ExportError("the snapshot has not all search functions: run `dbt build` again", 4) from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
    return exported


def _check(folder: Path) -> None:
    """Raise ExportError where the folder holds anything but an earlier export."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file: name a folder", 2)
    names = {path.name for path in folder.iterdir()}
    if names and MARKER not in names:
        raise ExportError(f"{folder} holds other files: name a new folder, or that of an earlier export", 2)
    if strangers := sorted(names - OWN):
        raise ExportError(
            f"{folder} holds {strangers[0]} beside an earlier export: move it away, or name a new folder", 2
        )


def _open(settings: Settings) -> Corpus:
    key = None if settings.shows_names else load_project_key(settings.data)
    try:
        corpus = Corpus(snapshots.current(settings.warehouse), key=key)
    except snapshots.NoSnapshotError as error:
        raise CorpusError(str(error)) from error
    if corpus.best_system == "none":
        raise CorpusError("no system of this warehouse can be searched, so there is no index to export")
    return corpus


class _Writer:
    """Writes one export."""

    def __init__(self, folder: Path, settings: Settings, corpus: Corpus, *, link_media: bool) -> None:
        self.folder = folder
        self.settings = settings
        self.corpus = corpus
        self.links_media = link_media
        self.rules = corpus.rows("from search_rules()")[0]
        self.fields: list[str] = self.rules["fields"]
        self.cards = corpus.cards()
        self.numbers = {card.tiktok_id: number for number, card in enumerate(self.cards)}

    def write(self, *, with_media: bool) -> Exported:
        """Write all files."""
        folder = MediaFolder(self.settings.data)
        self._write_page()
        media = self._write_posts(folder if with_media else None)
        self._write_forms()
        self._write_corpus(self._write_postings(self._write_texts()))
        return Exported(
            tiktoks=len(media),
            videos=sum(one.video is not None for one in media),
            pictures=sum((one.cover is not None) + len(one.slides) for one in media),
            megabytes=sum(path.stat().st_size for path in self.folder.rglob("*")) / 1e6,
        )

    def _write_page(self) -> None:
        policy = "; ".join(
            directive
            for directive in CONTENT_SECURITY_POLICY.split("; ")
            if not directive.startswith("frame-ancestors")  # says nothing in a page itself
        )
        page = environment().get_template("watch.html")
        page_for = page_settings(self.settings, names_are_shown=self.corpus.shows_names, source="files")
        self._write_text("index.html", page.render(root="", policy=policy, research=False, settings=page_for))
        for path in sorted(STATIC.iterdir()):
            if path.name not in SERVED_ONLY:
                self._take(f"static/{path.name}", path, link=False)
        self._write_json(MARKER, {"snapshot_version": self.corpus.version, "app_version": self.settings.app_version})

    def _write_corpus(self, bucket_count: int) -> None:
        patterns = {name: javascript_pattern(self.rules[name]) for name in self.rules if name.endswith("_pattern")}
        rules = {name: self.rules[name] for name in ("scheme", "is_split", "least_length", "edge", "term_size")}
        self._write_json(
            "data/corpus.json",
            {
                "snapshot_version": self.corpus.version,
                "system_id": self.rules["system_id"],
                "ids": self.corpus.ids,
                "fields": self.fields,
                "bucket_count": bucket_count,
                "rules": {**rules, **patterns},
            },
        )

    def _write_posts(self, folder: MediaFolder | None) -> list[Media]:
        """Write the posts with their media; return what there is of each."""
        cards = []
        media = []
        for card in self.cards:
            cover = None
            post = self.corpus.post(card.tiktok_id)
            if post is not None:
                is_photo = post.card.media_type == "photo"
                found = folder.of(card.tiktok_id, is_photo=is_photo) if folder else NO_MEDIA
                message = messages.post_message(post, found)
                self._write_json(f"data/posts/{card.tiktok_id}.json", message.model_dump(mode="json"))
                self._take_media(message, found)
                media.append(found)
                cover = message.cover
            cards.append(messages.card_message(card, cover).model_dump(mode="json"))
        self._write_json("data/cards.json", cards)
        return media

    def _write_forms(self) -> None:
        forms: dict[str, dict[str, str]] = {"cluster": {}, "character": {}}
        for kind, sequence, form in self.corpus.stream(
            "select kind, sequence, form from search_index.character_forms where scheme = $scheme order by all",
            {"scheme": self.rules["scheme"]},
        ):
            forms[kind][sequence] = form
        self._write_json("data/forms.json", {"clusters": forms["cluster"], "characters": forms["character"]})

    def _write_texts(self) -> dict[tuple[str, str], Terms]:
        """Write the texts; return the terms that are left of each text that had to be changed."""
        changed: dict[tuple[str, str], Terms] = {}
        rows = self.corpus.stream(
            """
            select documents.doc_id, texts.field, texts.raw_text
            from search_index.document_fields as texts
            inner join search_index.documents as documents on texts.document_number = documents.document_number
            where texts.scheme = $scheme and texts.field in (select unnest($fields)) and texts.raw_text <> ''
            order by texts.document_number, texts.field
            """,
            {"scheme": self.rules["scheme"], "fields": self.fields},
        )
        unwritten = set(self.numbers)
        for doc_id, texts in groupby(rows, key=itemgetter(0)):
            shown: dict[str, str] = {}
            for _, field, text in texts:
                shown[field] = self.corpus.field_text(field, text) or ""
                if shown[field] != text:
                    changed[doc_id, field] = frozenset() if field in NAME_FIELDS else self._terms_of(shown[field])
            self._write_json(f"data/texts/{doc_id}.json", shown)
            unwritten.discard(doc_id)
        for doc_id in sorted(unwritten):
            self._write_json(f"data/texts/{doc_id}.json", {})
        return changed

    def _terms_of(self, text: str) -> Terms:
        return frozenset(row["term"] for row in self.corpus.rows("from terms_of($text)", {"text": text}))

    def _write_postings(self, changed: Mapping[tuple[str, str], Terms]) -> int:
        """Write what each term adds to each score, without terms that are hidden; return the number of files."""
        entries: list[tuple[str, str]] = []
        count = 0
        rows = self.corpus.stream(
            """
            select term, doc_id, field, term_frequency, document_frequency, idf, contribution
            from contributions()
            """
        )
        for term, postings in groupby(rows, key=itemgetter(0)):
            shown = [row for row in postings if term in changed.get((row[1], row[2]), (term,))]
            if shown:
                entry = [
                    *shown[0][4:6],
                    [self.numbers[row[1]] for row in shown],
                    [self.fields.index(row[2]) for row in shown],
                    [row[3] for row in shown],
                    [row[6] for row in shown],
                ]
                entries.append((term, f"{json.dumps(term)}:{_compact(entry)}"))
                count += len(shown)
        bucket_count = min(MOST_BUCKETS, 1 + count // POSTINGS_IN_BUCKET)
        buckets: list[list[str]] = [[] for _ in range(bucket_count)]
        for term, text in entries:
            buckets[bucket_of(term, bucket_count)].append(text)
        for number, bucket in enumerate(buckets):
            self._write_text(f"data/postings/{number}.json", "{" + ",\n".join(bucket) + "}\n")
        return bucket_count

    def _take_media(self, post: messages.PostMessage, media: Media) -> None:
        """Put the files of a post where it says that they are."""
        addresses = (post.video, post.cover, *post.slides)
        for address, source in zip(addresses, (media.video, media.cover, *media.slides), strict=True):
            if address and source:
                self._take(address, source, link=self.links_media)
        if post.captions and media.captions:
            self._write_text(post.captions, self.corpus.field_text("captions", web_vtt(media.captions)) or "")

    def _write_json(self, name: str, value: Any) -> None:
        self._write_text(name, f"{_compact(value)}\n")

    def _write_text(self, name: str, text: str) -> None:
        self._place(name).write_text(text, encoding="utf-8", newline="\n")

    def _take(self, name: str, source: Path, *, link: bool) -> None:
        place = self._place(name)
        if link:
            os.link(source, place)
        else:
            shutil.copyfile(source, place)

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
