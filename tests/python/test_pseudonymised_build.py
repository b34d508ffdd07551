"""A warehouse that is built pseudonymised (var pseudonymise) holds nobody's name, id or link, in any table."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dbt_common.exceptions import CompilationError
from demo_people import people, telling
from test_corpus_imports import FILES, captured_comment
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval.demo import raw_files
from tiktok_retrieval.disguises import Disguise
from tiktok_retrieval.pseudonyms import load_key, pseudonym_of_person

# Two TikToks of the demo's
TIKTOK, OTHER_TIKTOK = "7303229930885951084", "7559842714944074228"
IMPORTED = ("mapmaker", "map maker", "the baker", "eater", "runner")
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo corpus with all else that may name persons: imports, journals, query sets, the viewer, runs."""
    zone = tmp_path_factory.mktemp("zone")
    for path in raw_files():
        copy = zone / path.relative_to(PROJECT / "demo")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    for name, records in FILES.items():
        path = zone / "imports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    # A file that yt-dlp named after its creator, and a comment that names another
    source = zone / "imports/yt-dlp/one.info.json"
    source.rename(source.with_name(f"Map Maker - how to fold [{TIKTOK}].info.json"))
    with (zone / "imports/zeeschuimer/session.ndjson").open("a") as file:
        file.write(json.dumps(captured_comment(3, "0", "as good as Otto Overcooks, @the baker")) + "\n")
    attempts = [
        {"tiktok_id": TIKTOK, "part": "video", "status": "failed", "reason": f"no file {TIKTOK}.mp4", "class": "gone"},
        {"tiktok_id": TIKTOK, "part": "cover", "status": "ok", "text": "by otto overcooks", "engine": "x"},
    ]
    (zone / "downloads.ndjson").write_text(json.dumps(attempts[0]) + "\n")
    (zone / "ocr.ndjson").write_text(json.dumps(attempts[1]) + "\n")
    (zone / "queries").mkdir()
    (zone / "queries/rosalind.json").write_text(
        json.dumps(
            [
                {"text": f"the one by Otto Overcooks, {OTHER_TIKTOK}", "target": TIKTOK, "author": "rosalind"},
                {"text": "a target that was never scraped", "target": "7303229930885950000", "author": "rosalind"},
            ]
        )
    )
    (zone / "queries.ndjson").write_text(
        json.dumps({"query_id": "v1", "query_text": "like the baker's", "target_id": TIKTOK, "pseudonym": "Eater"})
        + "\n"
    )
    judged = {"judge": "eater", "query_id": "v1", "query_text": "like the baker's", "doc_id": OTHER_TIKTOK}
    (zone / "judgements.ndjson").write_text(json.dumps({**judged, "answer": "no"}) + "\n")
    (zone / "runs").mkdir()
    run = f"rosalind-1 Q0 {OTHER_TIKTOK} 1 2.0 x\nrosalind-1 Q0 {TIKTOK} 2 1.0 x\n"
    for name in ("theirs", "bm25_of_rosalind"):
        (zone / f"runs/{name}.trec").write_text(run)
    return zone


@pytest.fixture(scope="module")
def hidden(zone: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Everything, with its tests, pseudonymised."""
    warehouse = tmp_path_factory.mktemp("hidden") / "warehouse.duckdb"
    result = build(zone, warehouse, variables={"pseudonymise": True, "keep_incomplete_tiktoks": True})
    assert result.success, {
        name: result.messages[name] for name, status in result.statuses.items() if status == "error"
    }
    return result


def texts_of(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    """Yield every different text in a warehouse, with its relation and column."""
    columns = connection.execute(
        """
        select table_schema || '.' || table_name, column_name from information_schema.columns
        where data_type like '%VARCHAR%' or data_type in ('JSON', 'BLOB')
        """
    ).fetchall()
    assert len(columns) > 150
    for relation, column in columns:
        for (text,) in connection.execute(f'select distinct "{column}"::varchar from {relation}').fetchall():
            if text is not None:
                yield relation, column, text


def tellers(warehouse: Path) -> dict[str, set[str]]:
    """Return who is told of in which column."""
    told = telling()
    imported = re.compile(rf"(?<![^\W_])(?:{'|'.join(IMPORTED)})(?![^\W_])")
    found: dict[str, set[str]] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for relation, column, text in texts_of(connection):
            # A piece of any text may be somebody's short name; names of emoji are the project's
            if (column in {"term", "ngram"} and len(text) <= 4) or relation == "search_index.character_forms":
                continue
            if offenders := told(text) | set(imported.findall(text.casefold())):
                found.setdefault(f"{relation}.{column}", set()).update(offenders)
    return found


def test_nobody_is_told_of_in_any_table(hidden: BuildResult) -> None:
    assert tellers(hidden.warehouse) == {}
    assert hidden.rows("select 1 from information_schema.tables where table_schema = 'staging'") == []


def test_nobody_is_told_of_in_the_files_own_bytes(hidden: BuildResult) -> None:
    """Also not in blocks that no table uses any more."""
    content = hidden.warehouse.read_bytes().decode("utf-8", "replace").casefold()
    assert "person_" in content
    assert [name for name in (*people(), *IMPORTED) if len(name) > 8 and name.casefold() in content] == []


def test_the_search_for_names_finds_them_where_they_are(zone: Path, tmp_path: Path) -> None:
    plain = build(zone, tmp_path / "plain.duckdb", select=["+corpus", "+test_collection"], arguments=NO_TESTS)
    assert plain.success
    found = tellers(plain.warehouse)
    assert {"otto overcooks", "the baker"} <= found["corpus.int_comments_merged.comment_text"]
    assert "map maker" in found["corpus.int_scrapes_ranked.file"]
    assert "rosalind" in found["test_collection.int_queries_submitted.query_id"]
    assert "staging.stg_raw__records.record" in found
    # What is there already cannot be made pseudonymous by a build
    with pytest.raises(CompilationError, match="the warehouse holds names from an earlier build: set TIKTOK_WAREHOUSE"):
        build(zone, plain.warehouse, select=["tiktoks"], variables={"pseudonymise": True}, command="run")


def test_what_belongs_together_stays_together(hidden: BuildResult, zone: Path) -> None:
    key = load_key(zone / ".pseudonym_key")
    otto = pseudonym_of_person(key, "Otto Overcooks")
    baker = pseudonym_of_person(key, "The Baker")
    disguise = Disguise(key)
    target = disguise.identifier(TIKTOK)
    assert hidden.rows(f"select cover_text, permalink, video_src from corpus.tiktoks where tiktok_id = '{target}'") == [
        (f"by {otto}", None, None)
    ]
    assert hidden.rows(f"select count(*) > 0 from corpus.tiktoks where creator_nickname = '{otto}'") == [(True,)]
    assert hidden.rows("select comment_text from corpus.comments where comment_text like 'as good as%'") == [
        (f"as good as {otto}, @{baker}",)
    ]
    rosalind = pseudonym_of_person(key, "rosalind")
    assert hidden.rows(
        f"select query_id, query_text, source from test_collection.queries where author = '{rosalind}'"
    ) == [
        (
            f"{rosalind}-1",
            f"the one by {otto}, {disguise.identifier(OTHER_TIKTOK)}",
            f"queries/{rosalind}.json",
        )
    ]
    # A judgement, its query and its document meet
    assert hidden.rows("select query_id, doc_id, relevance from test_collection.pooled_judgements") == [
        ("v1", disguise.identifier(OTHER_TIKTOK), 0)
    ]
    # The foreign runs, their query and its documents meet, also where a file has somebody's name
    for system_id in ("theirs", f"bm25_of_{rosalind}"):
        assert hidden.rows(
            "select target_rank from retrieval.query_runs"
            f" where system_id = '{system_id}' and query_id = '{rosalind}-1'"
        ) == [(2,)]
    assert hidden.rows("select count(*) from corpus.tiktoks where posted_at <> date_trunc('day', posted_at)") == [(0,)]
    # Searching for a person by the pseudonym finds the person's TikToks
    assert hidden.rows(f"select count(*) > 0 from search_index.terms where term like '{otto}%'") == [(True,)]


def test_the_corpus_is_the_same_but_for_the_names(demo_build: BuildResult, tmp_path: Path) -> None:
    """And the ids stay where that is asked for."""
    zone = tmp_path / "zone"
    for path in raw_files():
        copy = zone / path.relative_to(PROJECT / "demo")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    variables = {"pseudonymise": True, "pseudonymise_ids": False}
    result = build(
        zone, tmp_path / "w.duckdb", select=["+corpus", "+test_collection"], variables=variables, arguments=NO_TESTS
    )
    assert result.success
    for query in (
        "select tiktok_id, media_type, like_count, posted_at, download_status from corpus.tiktoks order by all",
        "select comment_id, tiktok_id, parent_comment_id, position, posted_at from corpus.comments order by all",
        "select tiktok_id, reason from corpus.excluded_tiktoks order by all",
        "select * from corpus.funnel order by all",
        "select * from test_collection.qrels order by all",
        "select count(*), count(distinct creator_username), count(distinct commenter_name) from corpus.comments"
        " inner join corpus.tiktoks using (tiktok_id)",
    ):
        assert result.rows(query) == demo_build.rows(query)
    assert result.rows("select count(permalink), count(music_src) from corpus.tiktoks") == [(0, 0)]


def test_the_tests_cannot_run_without_the_build(tmp_path: Path) -> None:
    (tmp_path / "zone").mkdir()
    with pytest.raises(CompilationError, match="in memory only while dbt builds: use dbt build"):
        build(
            tmp_path / "zone",
            tmp_path / "w.duckdb",
            select=["stg_raw__files"],
            variables={"pseudonymise": True},
            command="test",
        )
