"""Write runs, judgements, collections and tables in the forms that other tools read: TREC, BEIR, Parquet."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from tiktok_retrieval.disguises import Disguise, ExportError, Files, open_warehouse, relation_names

# Files of our own systems say so: a folder of runs may be read by a warehouse that has systems of the same names
OWN_PREFIX = "tiktok_retrieval-"

# The tables that others may rely on, and what they are; those of rooms that were not built are left out
CONTRACT = (
    "corpus.tiktoks",
    "corpus.comments",
    "corpus.excluded_tiktoks",
    "corpus.quarantined_records",
    "corpus.attempts",
    "corpus.funnel",
    "test_collection.queries",
    "test_collection.qrels",
    "test_collection.excluded_queries",
    "search_index.documents",
    "search_index.document_fields",
    "search_index.terms",
    "search_index.postings",
    "search_index.field_statistics",
    "search_index.index_statistics",
    "retrieval.systems",
    "retrieval.runs",
    "retrieval.query_runs",
    "retrieval.explanations",
    "evaluation.query_metrics",
    "evaluation.system_metrics",
    "evaluation.comparisons",
    "evaluation.cross_validation",
    "evaluation.leaderboard",
    "evaluation.original_study_indexes",
    "evaluation.original_study_ranks",
    "meta.builds",
)
# How a column that may tell of a person leaves; a text column that is named nowhere goes through hide_text
HIDDEN_BY = {
    "hide_id": {"tiktok_id", "doc_id", "web_id", "target_id", "rival_id", "near_duplicate_id"},
    "hide_comment_id": {"comment_id", "parent_comment_id"},
    "hide_query_id": {"query_id", "source", "file", "fold"},
    "hide_person": {"creator_username", "creator_nickname", "commenter_name", "author", "held_out_author"},
    "hide_music_title": {"music_title"},
    # A digest of a media file finds the file again
    "hide_link": {"permalink", "music_src", "video_src", "coverphoto_src", "input_sha256"},
}
# Words of this project, never of a person
OWN_WORDS = {
    "baseline_id", "build_id", "candidate_system_id", "chosen_system_id", "class", "corpus_fingerprint", "cover_status",
    "download_status", "engine", "engine_version", "engine_versions", "family", "field", "field_weights_id", "fields",
    "formula", "label", "media_type", "members", "metric", "notation", "outcome", "part", "posted_at_check",
    "procedure_id", "project_version",
    "queries_fingerprint", "ranker_id", "sample", "scheme", "seeds_fingerprint", "settings", "speech_status", "stage",
    "status", "step", "system_id", "system_kind", "test", "tokenizer_id", "unit",
}  # fmt: skip
# A system's description is ours, a TikTok's is not
OWN_DESCRIPTIONS = {"retrieval.systems", "evaluation.leaderboard"}
# An id holds its time to the second: the second would lead to the post
COARSENED = {"posted_at"}
BLANK = re.compile(r"\s")
LINE_END = re.compile(r"[\r\n]+")
TAB_OR_LINE_END = re.compile(r"[\t\r\n]")


def export_runs(warehouse: Path, folder: Path, key: bytes | None, *, keep_ids: bool, raw_zone: Path) -> str:
    """Write runs/<system>.trec, collection/qrels.txt and collection/queries.tsv; say what was written.

    Scores are such that trec_eval, which compares 32-bit floats and then ids, has the order of retrieval.runs: a score
    is lowered by the least step where two would be taken for equal, or for the other order. The folder is a raw zone
    that can be built from. Raises ExportError, also for an id with a blank, which the form cannot say.
    """
    relations = ("retrieval.runs", "retrieval.systems", "test_collection.qrels", "test_collection.queries")
    with open_warehouse(warehouse, relations) as connection, Files(folder, raw_zone=raw_zone) as files:
        Disguise.of_warehouse(connection, key, keep_ids=keep_ids).register(connection)
        systems = connection.execute(
            "select system_id, system_kind = 'foreign run' from retrieval.systems order by 1"
        ).fetchall()
        foreign = {system_id for system_id, is_foreign in systems if is_foreign}
        lines = 0
        for system_id, is_foreign in systems:
            stem = system_id if is_foreign else OWN_PREFIX + system_id
            while not is_foreign and stem in foreign:
                stem = OWN_PREFIX + stem
            lines += _write_run(connection, system_id, stem, files.part(f"runs/{stem}.trec"))
        judgements = _lines(
            connection,
            "select hide_query_id(query_id), '0', hide_id(doc_id), relevance::varchar from test_collection.qrels"
            " order by 1, 3",
        )
        with files.part("collection/qrels.txt").open("w", encoding="utf-8") as file:
            file.writelines(f"{' '.join(_words(parts))}\n" for parts in judgements)
        topics = connection.execute(
            "select hide_query_id(query_id), hide_text(query_text) from test_collection.queries"
            " where query_text is not null order by query_id"
        ).fetchall()
        with files.part("collection/queries.tsv").open("w", encoding="utf-8") as file:
            for query_id, query_text in topics:
                _words((query_id,))
                # A topic is a line
                line = LINE_END.sub(" ", query_text)
                file.write(f"{query_id}\t{line}\n")
        stale = set((folder / "runs").glob(f"{OWN_PREFIX}*.trec")) - {folder / name for name in files.names}
    for path in stale:
        path.unlink(missing_ok=True)
    return f"{len(systems)} runs ({lines} lines), collection/qrels.txt, collection/queries.tsv ({len(topics)} topics)"


def _write_run(connection: duckdb.DuckDBPyConnection, system_id: str, stem: str, path: Path) -> int:
    """Write one system's run, queries in order, and return its number of lines."""
    results = connection.execute(
        """
        select
            hide_query_id(runs.query_id) as query_id,
            hide_id(runs.doc_id) as doc_id,
            runs.rank,
            case when systems.system_kind = 'foreign run' then runs.score else round(runs.score, 9) end as score
        from retrieval.runs
        inner join retrieval.systems on runs.system_id = systems.system_id
        where runs.system_id = ?
        order by runs.query_id, runs.rank
        """,
        [system_id],
    )
    written = 0
    before = ""
    scores = RunScores()
    with path.open("w", encoding="utf-8") as file:
        while batch := results.fetchmany(50_000):
            for query_id, doc_id, rank, score in batch:
                if query_id != before:
                    scores = RunScores()
                    before = query_id
                _words((query_id, doc_id))
                file.write(f"{query_id} Q0 {doc_id} {rank} {scores.next(score, doc_id)!r} {stem}\n")
            written += len(batch)
    return written


class RunScores:
    """The scores to write for one ranking, from its best document on."""

    def __init__(self) -> None:
        """Begin above every score."""
        self._place: int | None = None
        self._doc_id = b""
        self._score = 0.0

    def next(self, score: float, doc_id: str) -> float:
        """Return the score itself, or the greatest below it that keeps the document in its place.

        Of equal 32-bit floats trec_eval has the last id, bytewise, first.
        """
        identifier = doc_id.encode()
        place = _place_of(score)
        if self._place is not None and place >= self._place:
            place = self._place if identifier < self._doc_id else self._place - 1
        if place != _place_of(score) or (place == self._place and score > self._score):
            score = _float_at(place)
        self._place, self._doc_id, self._score = place, identifier, score
        return score


def _place_of(score: float) -> int:
    """Return a 32-bit float's place among all of them, as an integer: neighbours are one apart."""
    (bits,) = struct.unpack("<i", struct.pack("<f", score))
    return int(bits) if bits >= 0 else -(int(bits) & 0x7FFFFFFF)


def _float_at(place: int) -> float:
    bits = place if place >= 0 else -place | 0x80000000
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def _lines(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[str, ...]]:
    cursor = connection.execute(query)
    while batch := cursor.fetchmany(50_000):
        yield from batch


def _words(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts of a line if each is one word. Raises ExportError."""
    for part in parts:
        if not part or BLANK.search(part):
            raise ExportError(f"the id '{part}' holds a blank, which TREC's files cannot say: use export-beir")
    return parts


def export_beir(warehouse: Path, folder: Path, key: bytes | None, *, keep_ids: bool, raw_zone: Path) -> str:
    """Write corpus.jsonl, queries.jsonl and qrels/test.tsv; say what was written.

    A text collection's documents keep title and text, and what is missing stays missing. A TikTok's fields are its
    text, a line for each, with the fields beside it as metadata. Raises ExportError.
    """
    relations = (
        "search_index.documents",
        "search_index.document_fields",
        "test_collection.qrels",
        "test_collection.queries",
    )
    with open_warehouse(warehouse, relations) as connection, Files(folder, raw_zone=raw_zone) as files:
        Disguise.of_warehouse(connection, key, keep_ids=keep_ids).register(connection)
        documents = connection.execute(
            """
            with field_texts as (
                select distinct
                    document_number,
                    field,
                    case
                        when field in ('creator_username', 'creator_nickname') then hide_person(raw_text)
                        when field = 'music_title' then hide_music_title(raw_text)
                        else hide_text(raw_text)
                    end as text
                from search_index.document_fields
            )
            select
                hide_id(documents.doc_id) as doc_id,
                list(field_texts.field order by field_texts.field) filter (where field_texts.field is not null),
                list(field_texts.text order by field_texts.field) filter (where field_texts.field is not null)
            from search_index.documents
            left join field_texts on documents.document_number = field_texts.document_number
            group by documents.doc_id
            order by 1
            """
        )
        document_count = 0
        with files.part("corpus.jsonl").open("w", encoding="utf-8") as file:
            while batch := documents.fetchmany(1_000):
                for doc_id, fields, texts in batch:
                    _write_line(file.write, _document(doc_id, dict(zip(fields or (), texts or (), strict=True))))
                document_count += len(batch)
        queries = connection.execute(
            "select hide_query_id(query_id), hide_text(query_text), hide_person(author) from test_collection.queries"
            " where query_text is not null order by 1"
        ).fetchall()
        with files.part("queries.jsonl").open("w", encoding="utf-8") as file:
            for query_id, query_text, author in queries:
                named = {} if author is None else {"author": author}
                _write_line(file.write, {"_id": query_id, "text": query_text, **named})
        judgements = connection.execute(
            "select hide_query_id(query_id), hide_id(doc_id), relevance from test_collection.qrels order by 1, 2"
        ).fetchall()
        with files.part("qrels/test.tsv").open("w", encoding="utf-8") as file:
            file.write("query-id\tcorpus-id\tscore\n")
            for query_id, doc_id, relevance in judgements:
                for identifier in (query_id, doc_id):
                    if re.search("[\t\r\n]", identifier):
                        raise ExportError(
                            f"the id {identifier!r} holds a tab or a line end, which BEIR's judgements cannot say"
                        )
                file.write(f"{query_id}\t{doc_id}\t{relevance}\n")
    return f"{document_count} documents, {len(queries)} queries, {len(judgements)} judgements"


def _document(doc_id: str, texts: dict[str, str]) -> dict[str, object]:
    """Return a document in BEIR's form."""
    if texts.keys() <= {"title", "text"}:
        return {"_id": doc_id, **{field: texts[field] for field in ("title", "text") if field in texts}}
    return {"_id": doc_id, "text": "\n".join(text for text in texts.values() if text), "metadata": texts}


def _write_line(write: Callable[[str], object], record: dict[str, object]) -> None:
    write(json.dumps(record, ensure_ascii=False) + "\n")


def export_tables(warehouse: Path, folder: Path, key: bytes | None, *, keep_ids: bool, raw_zone: Path) -> str:
    """Write each built table of the contract as <schema>.<name>.parquet; say what was written and what was left out.

    Pseudonymised, tables of index terms are left out, since names cannot be told among terms and pieces of words, and
    times of posting are days. Raises ExportError.
    """
    with (
        open_warehouse(warehouse, ("corpus.tiktoks", "test_collection.queries")) as connection,
        Files(folder, raw_zone=raw_zone) as files,
    ):
        disguise = Disguise.of_warehouse(connection, key, keep_ids=keep_ids)
        disguise.register(connection)
        present = relation_names(connection)
        left_out = []
        for relation in CONTRACT:
            if relation not in present:
                continue
            columns = connection.execute(f"describe {relation}").fetchall()
            typed = {str(name): str(data_type) for name, data_type, *_ in columns}
            if not (disguise.keeps_texts or _can_be_disguised(typed)):
                left_out.append(relation)
                continue
            expressions = [
                f'{_leaving(relation, name, data_type, disguise)} as "{name}"' for name, data_type in typed.items()
            ]
            path = str(files.part(f"{relation}.parquet")).replace("'", "''")
            try:
                connection.execute(
                    f"copy (select {', '.join(expressions)} from {relation}) to '{path}' (format parquet)"
                )
            except duckdb.IOException as error:
                raise ExportError(f"cannot write to {folder}: {str(error).splitlines()[0]}") from error
    told = f"{len(files.names)} tables as Parquet"
    if left_out:
        told += f"; left out, for names cannot be told among their terms: {', '.join(left_out)}"
    return told


def _can_be_disguised(columns: dict[str, str]) -> bool:
    """Whether a table is free of index terms and of nested values, in which no name can be told."""
    for name, data_type in columns.items():
        if "VARCHAR" in data_type and re.search(r"(^|_)terms?(_|$)|normalised", name):
            return False
        if data_type.endswith("]") or data_type.startswith(("STRUCT", "MAP", "JSON", "UNION")):
            return False
    return True


def _leaving(relation: str, name: str, data_type: str, disguise: Disguise) -> str:
    """Return the SQL expression for a column as it leaves."""
    column = f'"{name}"'
    if disguise.key is None:
        return column
    if name in COARSENED and not disguise.keeps_ids:
        return f"date_trunc('day', {column})::timestamp"
    if data_type != "VARCHAR" or name in OWN_WORDS or (name == "description" and relation in OWN_DESCRIPTIONS):
        return column
    for function, names in HIDDEN_BY.items():
        if name in names:
            return f"{function}({column})"
    return f"hide_text({column})"
