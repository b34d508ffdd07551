"""Queries, judgements and runs of every shape are taken in; what is bad in them is quarantined, excluded or caught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_warehouses import ROOT, build, dbt, outcomes

from viewer.judgements import agreement

SELECTION = "+excluded_queries +qrels +quarantined_records +system_metrics"


def write_bad_raw_zone(data: Path) -> None:
    """Write a collection, two known-item sets, viewer lines and a run, each with something wrong."""
    for folder in ("queries", "collection/qrels", "runs"):
        (data / folder).mkdir(parents=True)
    known_items: list[Any] = [
        {"text": " blue dog ", "target": "d1", "author": "ann", "useful-description": True, "subtextual": "maybe"},
        {"text": "no target"},
        {"text": "  ", "target": "d2"},
        {"text": "gone", "target": "nowhere"},
        7,
        {"text": "either", "target": ["d1", "nowhere", "d1", "d2"]},
        {"text": " blue dog ", "target": "d1", "author": "ann"},
        {"text": " blue dog ", "target": "d1", "author": "bob"},
    ]
    (data / "queries.json").write_text(json.dumps(known_items))
    (data / "queries" / "own.json").write_text('[{"text": "own", "target": 12}]')
    (data / "queries" / "bytes.json").write_bytes(b"\xff\xfe[")
    (data / "queries.ndjson").write_text(
        '{"query_id": "v1", "query_text": "taken back", "target_id": "d1", "pseudonym": "p1"}\n'
        '{"query_text": "kept", "target_ids": ["d2"], "pseudonym": "p1"}\n'
        '{"withdrawn": "v1"}\n'
        '{"query_id": "v2", "query_te\n'
    )
    (data / "collection" / "documents.jsonl").write_text(
        '{"id": "d1", "title": "one", "text": "x"}\n{"_id": "d2", "text": "y"}\n{"_id": 12, "title": "", "text": "z"}\n'
        '{"id": "d1", "text": "again"}\n{"text": "nameless"}\n[1]\n'
    )
    (data / "collection" / "queries.tsv").write_bytes(b"q1\thello  there\r\nno tab\nq1\tagain\nq2\t\n")
    (data / "collection" / "qrels.txt").write_text("q1 0 d1 1\nq1 0 d2 -1\nq1 0 d1 0\nq9 0 d1 1\nq1 0 d5 x\nq1 d7\n")
    (data / "collection" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td 4\t2\n")
    (data / "runs" / "foreign.trec").write_text(
        "q1 Q0 d#1 1 3.5 tag more junk\nq1 Q0 d2 2 3.5\nq1 Q0 d2 3 1 tag\n"
        "q1 Q0 d9 4 nan tag\nq1 Q0 d8\nq1 Q0 d7 1 1e99\n"
    )


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the raw zone in which something is wrong everywhere."""
    folder = tmp_path_factory.mktemp("bad")
    write_bad_raw_zone(folder / "data")
    build(folder / "data", folder, SELECTION)
    return folder


def select(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Select from the built warehouse."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_queries_of_every_source_are_taken_in(bad: Path) -> None:
    """Each source has its ids; texts stay verbatim; attributes that are no yes or no are null."""
    assert select(
        bad, "select query_id, query_text, author, source from test_collection.queries order by query_id"
    ) == [
        ("1", " blue dog ", "ann", "queries.json"),
        ("6", "either", None, "queries.json"),
        ("8", " blue dog ", "bob", "queries.json"),
        ("own-1", "own", None, "queries/own.json"),
        ("q1", "hello  there", None, "collection/queries.tsv"),
        ("q2", "", None, "collection/queries.tsv"),
        ("q9", None, None, "collection/qrels.txt"),
        ("viewer-2", "kept", "p1", "queries.ndjson"),
    ]
    judged = "select useful_description, purely_visual, subtextual from test_collection.queries where query_id = '1'"
    assert select(bad, judged) == [(True, None, None)]


def test_queries_that_cannot_be_judged_say_why(bad: Path) -> None:
    """No target, no text, a target that is not in the corpus, a duplicate, a withdrawal, an id given twice."""
    assert select(bad, "select query_id, reason from test_collection.excluded_queries order by all") == [
        ("2", "no target"),
        ("3", "no query text"),
        ("4", "the target is not in the corpus: nowhere"),
        ("7", "a duplicate of query 1 by the same author"),
        ("q1", "the query id was given before: q1"),
        ("v1", "withdrawn by its author"),
    ]


def test_judgements_of_both_forms_are_taken_in(bad: Path) -> None:
    """TREC's four columns, BEIR's three with a header, an id with a blank; of several targets the found ones."""
    assert select(bad, "select query_id, doc_id, relevance from test_collection.qrels order by all") == [
        ("1", "d1", 1),
        ("6", "d1", 1),
        ("6", "d2", 1),
        ("8", "d1", 1),
        ("own-1", "12", 1),
        ("q1", "d 4", 2),
        ("q1", "d1", 1),
        ("q1", "d2", -1),
        ("q9", "d1", 1),
        ("viewer-2", "d2", 1),
    ]


def test_unreadable_records_are_quarantined(bad: Path) -> None:
    """A row with file, position and reason for each: a repeated judgement and a repeated result among them."""
    found = {
        (file, position): reason
        for file, position, reason in select(bad, "select file, position, reason from corpus.quarantined_records")
    }
    expected = {
        ("collection/documents.jsonl", 4): "the document id was given before: d1",
        ("collection/documents.jsonl", 5): "a document without an id (_id or id)",
        ("collection/documents.jsonl", 6): "not a JSON object",
        ("collection/qrels.txt", 3): "the pair was judged before: query q1, document d1",
        ("collection/qrels.txt", 5): "the grade is not an integer",
        ("collection/qrels.txt", 6): "not three or four columns",
        ("collection/queries.tsv", 2): "no tab between the query id and the text",
        ("queries.json", 5): "not a JSON object",
        ("runs/foreign.trec", 3): "the document was retrieved before: query q1, document d2",
        ("runs/foreign.trec", 4): "the score is not a number",
        ("runs/foreign.trec", 5): "fewer than five columns",
        ("runs/foreign.trec", 6): "the score is beyond the range of a 32-bit float",
    }
    assert {place: found.get(place) for place in expected} == expected
    assert {("queries.ndjson", 4), ("queries/bytes.json", None)} <= found.keys()


def test_documents_and_results_are_what_remains(bad: Path) -> None:
    """Ids may hold '#', a missing title is null and an empty one is empty."""
    assert select(bad, "select doc_id, title, text from staging.stg_collection__documents order by doc_id") == [
        ("12", "", "z"),
        ("d1", "one", "x"),
        ("d2", None, "y"),
    ]
    assert select(bad, "select query_id, doc_id, score from staging.stg_runs__results order by doc_id") == [
        ("q1", "d#1", 3.5),
        ("q1", "d2", 3.5),
    ]


PLANTED = {
    "grain_qrels_query_id__doc_id": "insert into test_collection.qrels select * from test_collection.qrels limit 1",
    "relationships_qrels_query_id__query_id__ref_queries_": (
        "insert into test_collection.qrels values ('nobody asked', 'd1', 1)"
    ),
    "assert_known_item_queries_have_targets_in_the_corpus": (
        "delete from test_collection.qrels where query_id = 'own-1'"
    ),
    "assert_submitted_queries_are_judged_or_excluded": (
        "delete from test_collection.queries where query_id = 'viewer-2'"
    ),
    "grain_queries_query_id": "insert into test_collection.queries select * from test_collection.queries limit 1",
    "grain_excluded_queries_source__position": (
        "insert into test_collection.excluded_queries select * from test_collection.excluded_queries limit 1"
    ),
    "grain_stg_runs__results_system_id__query_id__doc_id": (
        "insert into staging.stg_runs__lines select * from staging.stg_runs__lines where problem is null limit 1"
    ),
    "grain_stg_collection__documents_doc_id": (
        "insert into staging.stg_collection__document_records"
        " select * from staging.stg_collection__document_records where problem is null limit 1"
    ),
    "grain_query_metrics_system_id__query_id__metric__cutoff": (
        "insert into evaluation.query_metrics select * from evaluation.query_metrics where value = 0 limit 1"
    ),
    "assert_measures_are_within_their_range": (
        "update evaluation.query_metrics set value = 1.5 where metric = 'bpref' and query_id = 'q9'"
    ),
    "assert_expected_measures_differ_only_where_scores_tie": (
        "update evaluation.query_metrics set value = 0.5 where metric = 'expected_rbp' and query_id = 'q9'"
    ),
    "assert_every_system_is_judged_on_every_judged_query": (
        "update evaluation.system_metrics set query_count = query_count - 1 where metric = 'rbp'"
    ),
}


def test_data_tests_fail_on_planted_bad_data(bad: Path) -> None:
    """Each data test passes on what was built and fails once its own kind of bad data is in the tables."""
    selection = ["test", "--quiet", "--select", *PLANTED]
    dbt(bad / "data", bad, *selection)
    assert outcomes(bad) == dict.fromkeys(PLANTED, "pass")
    with duckdb.connect(str(bad / "warehouse.duckdb")) as connection:
        for statement in PLANTED.values():
            connection.execute(statement)
    dbt(bad / "data", bad, *selection)
    assert outcomes(bad) == dict.fromkeys(PLANTED, "fail")


def test_an_empty_raw_zone_has_no_queries(tmp_path: Path) -> None:
    """Nothing there is nothing measured, and no error."""
    (tmp_path / "data").mkdir()
    build(tmp_path / "data", tmp_path, "+leaderboard +comparisons")
    assert select(tmp_path, "select count(*) from test_collection.queries") == [(0,)]
    assert select(tmp_path, "select count(*) from evaluation.leaderboard") == [(0,)]


JUDGES = """
{"judge": "a", "query_id": "1", "query_text": "blue dog", "doc_id": "7000000000000000002", "answer": "no"}
{"judge": "a", "query_id": "1", "query_text": "blue dog", "doc_id": "7000000000000000002", "answer": "yes"}
{"judge": "b", "query_id": "1", "query_text": "blue dog", "doc_id": "7000000000000000002", "answer": "yes"}
{"judge": "c", "query_id": "1", "doc_id": "7000000000000000002", "answer": "no"}
{"judge": "a", "query_id": "1", "query_text": "blue dog", "doc_id": "7000000000000000003", "answer": "no"}
{"judge": "b", "query_id": "1", "query_text": "blue dog", "doc_id": "7000000000000000003", "answer": "no"}
{"judge": "a", "query_id": "2", "doc_id": "7000000000000000003", "answer": "yes"}
{"judge": "b", "query_id": "2", "doc_id": "7000000000000000003", "answer": "no"}
{"judge": "b", "query_id": "2", "doc_id": "7000000000000000001", "answer": "unsure"}
{"judge": "a", "query_id": "2", "doc_id": "7000000000000000002", "answer": "yes"}
{"judge": "a", "query_id": "2", "doc_id": "7000000000000000009", "answer": "yes"}
{"judge": "a", "query_id": "2", "query_text": "before", "doc_id": "7000000000000000004", "answer": "yes"}
{"judge": "a", "query_id": "9", "doc_id": "7000000000000000001", "answer": "yes"}
{"judge": "a", "query_id": "1", "doc_id": "7000000000000000001", "answer": "perhaps"}
{"judge": "a", "query_id": "1", "answer": "yes"}
{"judge": "a", "que
"""


def write_judged_raw_zone(data: Path) -> None:
    """Write four TikToks, two known items, and what judges said of others."""
    (data / "info").mkdir(parents=True)
    scraped = [
        {"id": f"700000000000000000{number}", "description": f"word {number}", "video-src": "", "coverphoto-src": ""}
        for number in range(1, 5)
    ]
    (data / "info" / "batch.json").write_text(json.dumps(scraped))
    queries = [{"text": "blue dog", "target": scraped[0]["id"]}, {"text": "now", "target": scraped[1]["id"]}]
    (data / "queries.json").write_text(json.dumps(queries))
    (data / "judgements.ndjson").write_text(JUDGES.lstrip())


def test_what_judges_found_is_counted_and_joins_the_qrels_where_asked_for(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_judged_raw_zone(data)
    selected = ("+qrels", "+pooled_judgements", "+quarantined_records", "assert_every_judge_counts_once")
    found: dict[bool, dict[tuple[str, str], int]] = {}
    for is_pooled in (False, True):
        variables = json.dumps({"keep_incomplete_tiktoks": True, "pooled_judgements": is_pooled})
        result = dbt(data, tmp_path, "build", "--quiet", "--select", *selected, "--vars", variables)
        assert outcomes(tmp_path)["assert_every_judge_counts_once"] == "pass", result.stdout
        found[is_pooled] = {
            (query_id, doc_id[-1]): relevance
            for query_id, doc_id, relevance in select(tmp_path, "from test_collection.qrels")
        }
    assert found[False] == {("1", "1"): 1, ("2", "2"): 1}
    assert found[True] == {("1", "1"): 2, ("2", "2"): 2, ("1", "2"): 1, ("1", "3"): 0}
    assert select(tmp_path, "from test_collection.pooled_judgements order by query_id, doc_id") == [
        ("1", "7000000000000000002", 2, 1, 0, 1, None),
        ("1", "7000000000000000003", 0, 2, 0, 0, None),
        ("2", "7000000000000000001", 0, 0, 1, None, "no majority"),
        ("2", "7000000000000000002", 1, 0, 0, None, "the target itself"),
        ("2", "7000000000000000003", 1, 1, 0, None, "no majority"),
        ("2", "7000000000000000004", 1, 0, 0, None, "the query had other words when it was judged"),
        ("2", "7000000000000000009", 1, 0, 0, None, "the document is not in the corpus"),
        ("9", "7000000000000000001", 1, 0, 0, None, "no such known-item query"),
    ]
    quarantined = dict(
        select(tmp_path, "select position, reason from corpus.quarantined_records where file = 'judgements.ndjson'")
    )
    assert quarantined.pop(16).startswith("broken JSON")
    assert quarantined == {
        14: "the answer is not yes, no or unsure",
        15: "a judgement without a judge, a query or a document",
    }


def test_judges_agree_as_the_viewer_says(tmp_path: Path) -> None:
    """analyses/judge_agreement.sql and the viewer's page compute one figure."""
    given = [(3, 0), (1, 1), (0, 2), (2, 1), (1, 0)]
    expected = agreement({str(judge): "yes" if judge < yes else "no" for judge in range(yes + no)} for yes, no in given)
    sql = (ROOT / "analyses" / "judge_agreement.sql").read_text().replace("{{ ref('pooled_judgements') }}", "pooled")
    with duckdb.connect() as connection:
        connection.execute("create table pooled (yes_count integer, no_count integer)")
        assert connection.execute(sql).fetchall() == [(0, 0, None, None)]
        connection.executemany("insert into pooled values (?, ?)", given)
        assert expected.share is not None and expected.alpha is not None
        assert connection.execute(sql).fetchall() == [
            (expected.pairs, expected.answers, round(expected.share, 4), round(expected.alpha, 4))
        ]
