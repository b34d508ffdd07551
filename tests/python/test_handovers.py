"""What leaves the machine: it can be read back exactly, and by default nobody's name is anywhere in it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import pytrec_eval
import typer
from demo_people import people, telling
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval import disguises, exports, handovers
from tiktok_retrieval.demo import raw_files

NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
COMMANDS = ("export", "export-runs", "export-beir", "export-tables")
# A query set that is named after its author, who names a creator and a TikTok
SET_OF_A_PERSON = [
    {"text": "the one by Otto Overcooks, 7559842714944074228", "target": "7303229930885951084", "author": "rosalind"},
    {"text": "a target that was never scraped", "target": "7303229930885950000", "author": "rosalind"},
]
HANDED_OVER_TABLES = {
    "tiktoks": (
        "id INT 1 1, web_id INT 1 0, permalink TEXT 1 0, video_src TEXT 1 0, coverphoto_src TEXT 1 0, "
        "music_src TEXT 1 0, speech_to_text TEXT 1 0, coverphoto_ocr TEXT 1 0, music_title TEXT 1 0, "
        "like_count TEXT 1 0, comment_count TEXT 1 0, creator_username TEXT 1 0, creator_nickname TEXT 0 0, "
        "description TEXT 0 0, time_posted TEXT 1 0, scrape_timestamp FLOAT 1 0, download_timestamp FLOAT 0 0"
    ),
    "comments": (
        "video_id INT 1 0, like_count TEXT 1 0, replies_count TEXT 0 0, comment_text TEXT 1 0, "
        "commenter_name TEXT 1 0, time_posted TEXT 1 0"
    ),
}


def run(*arguments: object) -> Result:
    """Run a command as the command line would."""
    app = typer.Typer()
    handovers.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The demo corpus as it lies, with one more query set, built as far as the rankings."""
    folder = tmp_path_factory.mktemp("demo")
    zone = folder / "zone"
    for path in raw_files():
        copy = zone / path.relative_to(PROJECT / "demo")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (zone / "queries").mkdir()
    (zone / "queries/rosalind.json").write_text(json.dumps(SET_OF_A_PERSON))
    rooms = ["+corpus", "+test_collection", "+search_index", "+retrieval"]
    result = build(zone, folder / "warehouse.duckdb", select=rooms, exclude=["explanations"], arguments=NO_TESTS)
    assert result.success, result.messages
    return result


@pytest.fixture(scope="module")
def hidden(demo: BuildResult) -> Path:
    """Every export, as it is by default."""
    return export_all(demo, "hidden")


@pytest.fixture(scope="module")
def named(demo: BuildResult) -> Path:
    """Every export, with names."""
    return export_all(demo, "named", "--with-names")


def export_all(demo: BuildResult, name: str, *options: str) -> Path:
    folder = demo.warehouse.parent / name
    for command in COMMANDS:
        place = {"export": "zone", "export-beir": "beir/collection", "export-runs": "trec"}.get(command, "tables")
        told = written(
            run(
                command,
                folder / place,
                "--warehouse",
                demo.warehouse,
                "--data",
                demo.warehouse.parent / "key",
                *options,
            )
        )
        assert ("With names" in told) == ("--with-names" in options)
        assert ("Pseudonymised, not anonymous" in told) == (not options)
    return folder


# --- the hand-over ---


def test_the_database_has_the_originals_tables_and_keys(named: Path, demo: BuildResult) -> None:
    with sqlite3.connect(named / "zone/tiktoks.db") as database:
        for table, columns in HANDED_OVER_TABLES.items():
            found = database.execute(f"select * from pragma_table_info('{table}')").fetchall()
            assert ", ".join(f"{name} {kind} {required} {key}" for _, name, kind, required, _, key in found) == columns
        ((_, _, parent, child_column, parent_column, *_),) = database.execute("pragma foreign_key_list(comments)")
        assert (parent, child_column, parent_column) == ("tiktoks", "video_id", "id")
        assert database.execute("pragma foreign_key_check").fetchall() == []
        assert database.execute("select distinct typeof(id) from tiktoks").fetchall() == [("integer",)]
        rows = database.execute("select cast(id as text), coverphoto_ocr, speech_to_text from tiktoks order by 1")
        expected = (
            "select tiktok_id, coalesce(cover_text, ''), coalesce(speech_text, '') from corpus.tiktoks order by 1"
        )
        assert rows.fetchall() == demo.rows(expected)
        database.execute("pragma foreign_keys = on")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            database.execute("insert into comments values (1, '0', '', 'a comment of no TikTok', '@x', '1-1')")


def test_the_records_have_the_scrapers_keys_and_the_time_of_the_download(named: Path, demo: BuildResult) -> None:
    master = json.loads((named / "zone/master.json").read_text())
    cleaned = json.loads((named / "zone/cleaned_master.json").read_text())
    assert list(master) == [row[0] for row in demo.rows("select tiktok_id from corpus.int_tiktoks_judged order by 1")]
    assert list(cleaned) == [row[0] for row in demo.rows("select tiktok_id from corpus.tiktoks order by 1")]
    assert len(master) == 83
    assert len(cleaned) == 55
    scraped = json.loads((PROJECT / "demo/info/batch_3.json").read_text())[0]
    record = master[scraped["id"]]
    assert set(scraped) <= set(record)
    # Shown once only: every value is as the page showed it, counts and dates included
    for name in set(scraped) - {"comments"}:
        assert record[name] == scraped[name], name
    assert [comment["comment-text"] for comment in record["comments"]] == [
        comment["comment-text"] for comment in scraped["comments"]
    ]
    original = json.loads((PROJECT / "demo/master.json").read_text())
    not_downloaded = [key for key, found in original.items() if found["download-timestamp"] is None]
    assert not_downloaded
    for key in not_downloaded:
        assert master[key]["download-timestamp"] is None
        assert key not in cleaned
    for key, record in cleaned.items():
        assert record["download-timestamp"] == pytest.approx(original[key]["download-timestamp"], abs=1e-6)
        assert record == master[key]


@pytest.fixture(scope="module")
def read_back(named: Path) -> BuildResult:
    """A warehouse of the hand-over with names: its master.json, and the texts in its tiktoks.db."""
    result = build(
        named / "zone", named.parent / "read_back.duckdb", select=["+tiktoks", "+comments"], arguments=NO_TESTS
    )
    assert result.success, result.messages
    return result


@pytest.mark.parametrize(
    "query",
    [
        # The database cannot say that there was nothing to transcribe
        "select * exclude (speech_text, speech_status, posted_at_check), coalesce(speech_text, '')"
        " from corpus.tiktoks order by tiktok_id",
        "select * from corpus.comments order by comment_id",
        "select tiktok_id, scraped_at, posted_at, like_count, comment_count, permalink, is_photo"
        " from corpus.int_tiktoks_merged order by tiktok_id",
        "select tiktok_id, comment_text, commenter_name, posted_at, like_count, reply_count"
        " from corpus.int_comments_merged order by tiktok_id, position",
    ],
)
def test_the_hand_over_built_from_is_the_same_corpus(demo: BuildResult, read_back: BuildResult, query: str) -> None:
    rows = demo.rows(query)
    assert len(rows) >= 55
    assert read_back.rows(query) == rows


# --- nobody's name ---


def texts_of(path: Path) -> Iterator[str]:
    """Yield every text in a file that was written, decoded, and the file's own name."""
    yield path.name
    if path.suffix in {".json", ".jsonl"}:
        content = path.read_text()
        values = (
            [json.loads(line) for line in content.splitlines()] if path.suffix == ".jsonl" else [json.loads(content)]
        )
        while values:
            value = values.pop()
            if isinstance(value, dict):
                # keys are the scraper's, or ids
                yield from (key for key in value if key.isdecimal())
                values += value.values()
            elif isinstance(value, list):
                values += value
            elif value is not None:
                yield str(value)
    elif path.suffix == ".db":
        with sqlite3.connect(path) as database:
            for table in ("tiktoks", "comments"):
                for row in database.execute(f"select * from {table}"):
                    yield from (str(value) for value in row if value is not None)
    elif path.suffix == ".parquet":
        for row in duckdb.sql(f"select * from '{path}'").fetchall():
            yield from (str(value) for value in row if value is not None)
    else:
        yield path.read_text()


def found_in(folder: Path) -> dict[str, set[str]]:
    """Return, for each file below a folder, the names and ids of the demo that stand in it."""
    told = telling()
    found: dict[str, set[str]] = {}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 30
    for path in files:
        for text in texts_of(path):
            if offenders := told(text):
                found.setdefault(str(path.relative_to(folder)), set()).update(offenders)
    return found


def test_no_personal_field_is_in_an_export(hidden: Path) -> None:
    assert found_in(hidden) == {}
    # Nor in what a file's unused pages or escapes may hold
    for path in (path for path in hidden.rglob("*") if path.suffix in {".db", ".json", ".jsonl"}):
        content = path.read_bytes().decode("utf-8", "replace").casefold()
        assert not [name for name in people() if len(name) > 8 and name.casefold() in content], path


def test_the_search_for_personal_fields_finds_them_where_they_are(named: Path) -> None:
    found = found_in(named)
    for file in ("zone/tiktoks.db", "zone/master.json", "zone/cleaned_master.json", "beir/collection/corpus.jsonl"):
        assert {"7303229930885951084", "sir wobbleknee of dunmoor"} <= found[file], file
    assert "rosalind" in found["beir/collection/queries.jsonl"]
    assert "rosalind" in found["trec/collection/qrels.txt"]
    assert "rosalind" in found["tables/test_collection.excluded_queries.parquet"]
    assert "sir wobbleknee of dunmoor" in found["tables/search_index.document_fields.parquet"]


def test_pseudonyms_keep_what_belongs_together(hidden: Path, named: Path) -> None:
    hidden_records, named_records = (
        list(json.loads((folder / "zone/master.json").read_text()).values()) for folder in (hidden, named)
    )

    def groups(records: list[Any], key: str) -> list[int]:
        values = [record[key] for record in records if record[key]]
        return sorted(values.count(value) for value in set(values))

    assert groups(hidden_records, "creator-username") == groups(named_records, "creator-username")
    assert len({record["id"] for record in hidden_records}) == len(named_records)
    # One id for one TikTok in every file
    ids = {record["id"] for record in hidden_records}
    documents = [json.loads(line) for line in (hidden / "beir/collection/corpus.jsonl").read_text().splitlines()]
    assert {document["_id"] for document in documents} < ids
    qrels = (hidden / "trec/collection/qrels.txt").read_text().splitlines()
    assert {line.split()[2] for line in qrels} < ids
    assert all(record[link] is None for record in hidden_records for link in ("permalink", "video-src", "music-src"))


def test_ids_are_kept_when_asked_for(demo: BuildResult, tmp_path: Path) -> None:
    told = written(
        run("export", tmp_path / "out", "--warehouse", demo.warehouse, "--data", tmp_path / "key", "--with-ids")
    )
    assert "ids lead to the posts" in told
    records = json.loads((tmp_path / "out/cleaned_master.json").read_text())
    assert list(records) == [row[0] for row in demo.rows("select tiktok_id from corpus.tiktoks order by 1")]
    assert "sir_wobbleknee" not in (tmp_path / "out/cleaned_master.json").read_text()


def test_an_everyday_word_that_is_a_commenters_name_stays_a_word(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("""
            create schema staging; create schema corpus; create schema test_collection;
            create table corpus.int_scrapes_ranked as
                select 'soup' as creator_username, 'Soup Chef' as creator_nickname;
            create table staging.stg_scraper__comments as select unnest(['Funny', 'Rare Bird']) as commenter_name;
            create table staging.stg_imports__comments as select 'ulf_s' as commenter_name;
            create table test_collection.int_queries_submitted as select 'ann' as author;
            create table corpus.int_tiktoks_judged as
                select i::varchar as tiktok_id, '' as cover_text, 'so funny soup' as speech_text from range(10) as t(i);
            create table corpus.int_tiktoks_merged as
                select tiktok_id, '' as description from corpus.int_tiktoks_judged;
            create table corpus.int_comments_merged as select '1' as tiktok_id, 'x' as comment_text;
        """)
        disguise = disguises.Disguise.of_warehouse(connection, bytes(32), keep_ids=False)
    text = disguise.text("funny soup, @Funny rare bird ULF_S")
    assert text is not None
    assert re.fullmatch(r"funny person_\w{12}, @person_\w{12} person_\w{12} person_\w{12}", text)


# --- runs, judgements, collections ---


def ranks(result: BuildResult, prefix: str = "") -> dict[tuple[str, str], list[str]]:
    """Return the documents of each system and query in their order."""
    found: dict[tuple[str, str], list[str]] = {}
    query = "select system_id, query_id, doc_id from retrieval.runs order by system_id, query_id, rank"
    for system_id, query_id, doc_id in result.rows(query):
        if system_id.startswith(prefix):
            found.setdefault((system_id.removeprefix(prefix), query_id), []).append(doc_id)
    return found


@pytest.fixture(scope="module")
def collection(named: Path) -> BuildResult:
    """A warehouse of the BEIR folder and of the runs beside it."""
    shutil.copytree(named / "trec/runs", named / "beir/runs")
    result = build(
        named / "beir",
        named.parent / "beir.duckdb",
        select=["+query_runs", "+runs", "+document_fields"],
        arguments=NO_TESTS,
    )
    assert result.success, result.messages
    return result


def test_runs_read_back_have_the_same_ranks(demo: BuildResult, collection: BuildResult) -> None:
    ours = ranks(demo)
    assert len({system_id for system_id, _ in ours}) >= 10
    assert ranks(collection, exports.OWN_PREFIX) == ours
    targets = "select '{0}' || system_id, query_id, target_rank from retrieval.query_runs {1} order by 1, 2"
    assert collection.rows(targets.format("", f"where starts_with(system_id, '{exports.OWN_PREFIX}')")) == demo.rows(
        targets.format(exports.OWN_PREFIX, "")
    )


def test_a_collection_read_back_has_the_same_judgements_and_ranks(demo: BuildResult, collection: BuildResult) -> None:
    for query in (
        "select * from test_collection.qrels order by all",
        "select query_id, query_text, author from test_collection.queries order by 1",
        "select * from search_index.documents order by 1",
    ):
        assert collection.rows(query) == demo.rows(query)
    # Words are the same whether fields are joined or not
    system_id = "words_bm25_k1.2_b0.75"
    ours, theirs = (
        {key: documents for key, documents in ranks(result).items() if key[0] == system_id}
        for result in (demo, collection)
    )
    assert ours
    assert theirs == ours


def test_a_text_collection_is_written_as_it_was_read(collection: BuildResult, named: Path, tmp_path: Path) -> None:
    told = written(
        run("export-beir", tmp_path / "again", "--warehouse", collection.warehouse, "--data", tmp_path / "key")
    )
    assert told.startswith(str(tmp_path))
    again = [json.loads(line) for line in (tmp_path / "again/corpus.jsonl").read_text().splitlines()]
    first = [json.loads(line) for line in (named / "beir/collection/corpus.jsonl").read_text().splitlines()]
    assert again == [{"_id": document["_id"], "text": document["text"]} for document in first]
    judgements = (named / "beir/collection/qrels/test.tsv").read_bytes()
    assert (tmp_path / "again/qrels/test.tsv").read_bytes() == judgements


def test_trec_eval_agrees_with_our_ranks(demo: BuildResult, hidden: Path) -> None:
    """Also under pseudonyms, whose order among ties is another."""
    qrels: dict[str, dict[str, int]] = {}
    for line in (hidden / "trec/collection/qrels.txt").read_text().splitlines():
        query_id, _, doc_id, relevance = line.split()
        qrels.setdefault(query_id, {})[doc_id] = int(relevance)
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"})
    hidden_ids = sorted(qrels)
    systems = [row[0] for row in demo.rows("select system_id from retrieval.systems order by 1")]
    for system_id in systems:
        run_of_system: dict[str, dict[str, float]] = {query_id: {} for query_id in hidden_ids}
        path = hidden / f"trec/runs/{exports.OWN_PREFIX}{system_id}.trec"
        for line in path.read_text().splitlines():
            query_id, _, doc_id, _, score, _ = line.split()
            run_of_system[query_id][doc_id] = float(score)
        values = sorted(found["recip_rank"] for found in evaluator.evaluate(run_of_system).values())
        expected = demo.rows(
            f"select coalesce(1 / target_rank, 0) from retrieval.query_runs where system_id = '{system_id}'"
        )
        assert values == pytest.approx(sorted(value for (value,) in expected), abs=1e-9), system_id


def as_float(score: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", score))[0])


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-9, 1.0 - 1e-9, -2.5, 1e-40, 2.1234567891, 2.1234567892]),
                st.floats(min_value=-1e30, max_value=1e30),
            ),
            st.sampled_from(["a", "b", "ä", "Z", "10", "9", "c", "d"]),
        ),
        max_size=8,
        unique_by=lambda result: result[1],
    )
)
def test_written_scores_have_one_order_for_us_and_for_trec_eval(results: list[tuple[float, str]]) -> None:
    # Any order of documents with scores that fall: ids under pseudonyms are in no order
    results.sort(key=lambda result: result[0], reverse=True)
    scores = exports.RunScores()
    lines = [(scores.next(score, doc_id), doc_id) for score, doc_id in results]
    by_trec_eval = sorted(lines, key=lambda line: (as_float(line[0]), line[1].encode()), reverse=True)
    assert [doc_id for _, doc_id in by_trec_eval] == [doc_id for _, doc_id in results]
    # A tool that compares in double precision sees no score rise either
    assert all(first >= second for (first, _), (second, _) in pairwise(lines))
    for (score, _), (given_score, _) in zip(lines, results, strict=True):
        assert as_float(score) <= as_float(given_score)


def test_an_id_with_a_blank_is_refused_by_trec_and_kept_by_beir() -> None:
    with pytest.raises(disguises.ExportError, match="holds a blank"):
        exports._words(("a b",))


def test_the_tables_are_the_contracts(demo: BuildResult, named: Path, hidden: Path) -> None:
    for relation in ("corpus.tiktoks", "retrieval.runs", "search_index.postings", "search_index.terms"):
        table = duckdb.sql(f"select * from '{named / 'tables'}/{relation}.parquet' order by all").fetchall()
        assert table == demo.rows(f"select * from {relation} order by all"), relation
    assert not (hidden / "tables/search_index.terms.parquet").exists()
    described = duckdb.sql(f"describe select * from '{hidden / 'tables'}/corpus.tiktoks.parquet'").fetchall()
    assert [row[:2] for row in described] == [row[:2] for row in demo.rows("describe corpus.tiktoks")]
    # To the second, the time would be the id's
    assert duckdb.sql(
        f"select count(*) from '{hidden / 'tables'}/corpus.tiktoks.parquet' where posted_at <> posted_at::date"
    ).fetchall() == [(0,)]


# --- what can go wrong ---


def refused(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    (line,) = result.stderr.splitlines()
    assert result.stdout == ""
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_warehouse_one_line_says_what_to_do(command: str, tmp_path: Path) -> None:
    here = ("--data", tmp_path / "key")
    line = refused(run(command, tmp_path / "out", "--warehouse", tmp_path / "none.duckdb", *here), 4)
    assert line == f"{command}: there is no warehouse at {tmp_path}/none.duckdb: run `dbt build` first"
    (tmp_path / "text.duckdb").write_text("no database")
    assert "cannot be read" in refused(
        run(command, tmp_path / "out", "--warehouse", tmp_path / "text.duckdb", *here), 4
    )
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    line = refused(run(command, tmp_path / "out", "--warehouse", tmp_path / "empty.duckdb", *here), 4)
    assert "run `dbt build` first" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_cannot_be_written_to_is_told(command: str, demo: BuildResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    options = ("--warehouse", demo.warehouse, "--data", tmp_path / "key")
    assert "cannot write to" in refused(run(command, tmp_path / "file", *options), 1)
    assert "cannot write to" in refused(run(command, tmp_path / "file/below", *options), 1)
    assert (tmp_path / "file").read_text() == "here"


def test_a_raw_zone_is_never_overwritten(demo: BuildResult, tmp_path: Path) -> None:
    zone = demo.warehouse.parent / "zone"
    before = (zone / "master.json").read_bytes()
    for data in (zone, tmp_path):
        line = refused(run("export", zone, "--warehouse", demo.warehouse, "--data", data), 2)
        assert "is a raw zone" in line
    assert (zone / "master.json").read_bytes() == before


def test_a_key_that_is_none_is_told(demo: BuildResult, tmp_path: Path) -> None:
    (tmp_path / ".pseudonym_key").write_text("secret")
    line = refused(run("export", tmp_path / "out", "--warehouse", demo.warehouse, "--data", tmp_path), 1)
    assert "holds no key" in line


def test_an_export_that_breaks_off_leaves_the_last_one(
    demo: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("export", tmp_path / "out", "--warehouse", demo.warehouse, "--data", tmp_path / "key")
    written(run(*command))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(before) == {"master.json", "cleaned_master.json", "tiktoks.db"}

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handovers, "_write_database", full)
    assert "No space left on device" in refused(run(*command, "--with-names"), 1)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_runs_of_systems_that_are_gone_go_and_those_of_others_stay(demo: BuildResult, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/tiktok_retrieval-gone.trec").write_text("1 Q0 a 1 1.0 gone\n")
    (tmp_path / "runs/lucene.trec").write_text("1 Q0 a 1 1.0 lucene\n")
    written(run("export-runs", tmp_path, "--warehouse", demo.warehouse, "--data", tmp_path / "key"))
    assert not (tmp_path / "runs/tiktok_retrieval-gone.trec").exists()
    assert (tmp_path / "runs/lucene.trec").exists()
