"""The researcher's pages: what they show is what the warehouse says, and judgements are kept and compared."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from viewers import HOSTILE, OWNER, POST, Zone, client_of, make_zone
from warehouses import BuildResult

from viewer.judgements import Answer, agreement

BEST = "select system_id from search.searchable_systems where is_best"


@pytest.fixture(scope="module")
def zone(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return make_zone(tmp_path_factory.mktemp("viewer"), demo_build)


@pytest.fixture(scope="module")
def client(zone: Zone) -> Iterator[TestClient]:
    with client_of(zone, requests_per_minute=1_000_000, submissions_per_minute=1_000_000) as client:
        yield client


def texts(page: str) -> str:
    """The words of a page, without its tags."""
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", page).split()))


def judgement(number: int, query_id: str, doc_id: str, judge: str, answer: str) -> dict[str, str]:
    return {
        "judgement_id": f"00000000-0000-4000-8000-{number:012x}",
        "judge": judge,
        "query_id": query_id,
        "doc_id": doc_id,
        "answer": answer,
    }


def test_leaderboard_is_the_warehouses(client: TestClient, demo_build: BuildResult) -> None:
    page = client.get("/research").text
    for entry, value in demo_build.rows("select entry_id, reciprocal_rank from evaluation.leaderboard"):
        assert entry in page
        assert f"{value:.3f}" in page
    assert page.count('class="interval"') == demo_build.rows("select count(*) from evaluation.leaderboard")[0][0]


def test_leaderboard_is_filtered_and_ordered_by_any_measure(client: TestClient, demo_build: BuildResult) -> None:
    page = client.get("/research", params={"measure": "success_10", "kind": "system", "words": "words"}).text
    expected = demo_build.rows(
        """
        select entry_id from evaluation.leaderboard
        inner join evaluation.system_metrics on entry_id = system_id and metric = 'success' and cutoff = 10
        where entry_kind = 'system' and contains(lower(entry_id || description), 'words')
        order by value desc, position
        """
    )
    assert re.findall(r"research/system\?system_id=([^\"]*)\"", page) == [row[0] for row in expected]
    assert len(expected) > 1
    lower = client.get("/research", params={"measure": "target_rank"}).text
    ranks = [float(value) for value in re.findall(r'<td class="number">(\d+\.\d{3})</td>\s*<td><svg', lower)]
    assert ranks == sorted(ranks)
    assert client.get("/research", params={"measure": "x"}).status_code == 404


def test_a_systems_failures_come_first_and_can_be_chosen(client: TestClient, demo_build: BuildResult) -> None:
    system = "words_bm25_k1.2_b0.75"
    page = client.get("/research/system", params={"system_id": system}).text
    failures = demo_build.rows(
        f"""
        select queries.query_id, failures.category from evaluation.failures
        inner join test_collection.queries using (query_id) where failures.system_id = '{system}'
        """
    )
    shown = re.findall(r"query_id=([^&\"]*)&amp;system_id", page)
    assert set(shown[: len(failures)]) == {row[0] for row in failures}
    assert len(failures) > 3
    category = failures[0][1]
    chosen = client.get("/research/system", params={"system_id": system, "category": category}).text
    assert set(re.findall(r"query_id=([^&\"]*)&amp;system_id", chosen)) == {
        query_id for query_id, found in failures if found == category
    }


def test_target_and_rival_stand_beside_each_other(client: TestClient, demo_build: BuildResult) -> None:
    rows = demo_build.rows(
        f"""
        select query_id, target_doc_id, rival_doc_id, target_rank from evaluation.failures
        where system_id = ({BEST}) and rival_doc_id is not null order by query_id limit 3
        """
    )
    assert rows
    for query_id, target, rival, rank in rows:
        page = client.get("/research/query", params={"query_id": query_id}).text
        sides = re.findall(r'<article class="side".*?</article>', page, re.DOTALL)
        assert len(sides) == 2
        assert f"?video={target}" in sides[0]
        assert f"?video={rival}" in sides[1]
        assert "rank 1," in texts(sides[1])
        assert rank is None or f"rank {rank}," in texts(sides[0])
        assert "<meter" in sides[1]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("system", {"system_id": "no such system"}),
        ("query", {"query_id": "no such query"}),
        ("query", {"query_id": "1", "system_id": "no such system"}),
        ("pool", {"judge": "me", "query_id": "no such query"}),
    ],
)
def test_what_is_not_there_is_said_on_a_page(client: TestClient, path: str, parameters: dict[str, str]) -> None:
    answer = client.get(f"/research/{path}", params=parameters)
    assert answer.status_code == 404
    assert "there is no such" in texts(answer.text)


def test_collected_queries_show_their_delays(client: TestClient, zone: Zone) -> None:
    sent = {
        "query_id": "00000000-0000-4000-8000-0000000000aa",
        "query_text": HOSTILE[:200],
        "target_id": zone.hostile,
        "pseudonym": "amber-otter-12ab",
        "owner_key": OWNER,
        "found_by": "history",
        "viewed_seconds_ago": 7500.0,
        "is_early": True,
    }
    assert client.post("/api/queries", json=sent, headers=POST).status_code == 201
    page = client.get("/research/collected").text
    assert "2 h 5 min" in page
    assert "early" in page
    assert HOSTILE[:60] in texts(page)
    assert "<img src=x" not in page
    ledger = zone.data / "judgements.ndjson"
    before = ledger.read_bytes() if ledger.exists() else b""
    judged = {"query_id": sent["query_id"], "query_text": sent["query_text"], "answer": "no"}
    ledger.write_text(json.dumps(judged) + "\n")
    client.post("/api/mine/withdraw", json={"owner_key": OWNER}, headers=POST)
    # the words are in no file any more
    assert json.loads(ledger.read_text()) == {**judged, "query_text": None}
    ledger.write_bytes(before)
    assert HOSTILE[:60] not in texts((zone.data / "queries.ndjson").read_text())
    page = client.get("/research/collected").text
    assert HOSTILE[:60] not in texts(page)
    assert "withdrawn" in page


def test_a_pool_tells_nothing_of_ranks_and_every_judge_has_an_order(
    client: TestClient, demo_build: BuildResult
) -> None:
    [(query_id, target)] = demo_build.rows(
        "select query_id, doc_id from test_collection.qrels order by query_id limit 1"
    )
    pools: dict[str, list[str]] = {}
    for judge in ("judge-a", "judge-b", "judge-a"):
        page = client.get("/research/pool", params={"judge": judge, "query_id": query_id}).text
        pool = re.findall(r'data-doc="(\d+)"', page)
        assert pools.setdefault(judge, pool) == pool
        assert "rank" not in texts(page.partition('class="pooled"')[2])
    assert pools["judge-a"] != pools["judge-b"]
    assert set(pools["judge-a"]) == set(pools["judge-b"])
    assert target not in pools["judge-a"]
    found = demo_build.rows(
        f"select doc_id from retrieval.runs where query_id = '{query_id}' and rank <= 5 and system_id = ({BEST})"
    )
    assert {row[0] for row in found} - {target} <= set(pools["judge-a"])


def test_judgements_are_kept_once_and_compared(client: TestClient, zone: Zone, demo_build: BuildResult) -> None:
    query_id = demo_build.rows("select min(query_id) from test_collection.qrels")[0][0]
    given = [
        (1, zone.videos[0], "judge-a", "no"),
        (2, zone.videos[0], "judge-a", "yes"),  # a second thought
        (3, zone.videos[0], "judge-b", "yes"),
        (4, zone.videos[2], "judge-a", "no"),
        (5, zone.videos[2], "judge-b", "no"),
        (6, zone.videos[3], "judge-a", "yes"),
        (7, zone.videos[3], "judge-b", "unsure"),
    ]
    for number, doc_id, judge, answer in given:
        sent = judgement(number, query_id, doc_id, judge, answer)
        assert client.post("/api/judgements", json=sent, headers=POST).json()["is_new"] is True
        assert client.post("/api/judgements", json=sent, headers=POST).json()["is_new"] is False
    lines = [json.loads(line) for line in (zone.data / "judgements.ndjson").read_text().splitlines()]
    assert len(lines) == len(given)
    assert all(line["query_text"] and line["snapshot_version"] and line["judged_at"] for line in lines)
    page = texts(client.get("/research/pool").text)
    assert "2 judges answered 2 questions together; pairs of them agree on 100 % (Krippendorff's alpha 1.00" in page
    assert client.get("/api/research/judgements").text == "".join(
        f"{query_id} 0 {doc_id} {relevance}\n"
        for doc_id, relevance in sorted(zip((zone.videos[0], zone.videos[2], zone.videos[3]), (1, 0, 1), strict=True))
    )
    for changes in ({"doc_id": "7"}, {"judge": "Jane Doe"}, {"answer": "maybe"}):
        wrong = {**judgement(9, query_id, zone.videos[0], "judge-a", "no"), **changes}
        assert client.post("/api/judgements", json=wrong, headers=POST).status_code == 422
    wrong = judgement(9, "no such query", zone.videos[0], "judge-a", "no")
    assert client.post("/api/judgements", json=wrong, headers=POST).status_code == 404


def answers(*columns: str) -> list[dict[str, Answer]]:
    """Turn one text of 0, 1, ? and blank for each judge into the answers to each question."""
    names: dict[str, Answer] = {"0": "no", "1": "yes", "?": "unsure"}
    questions: list[dict[str, Answer]] = []
    for row in zip(*columns, strict=True):
        questions.append({str(judge): names[sign] for judge, sign in enumerate(row) if sign in names})
    return questions


def test_alpha_is_krippendorffs() -> None:
    # the example for two observers and binary data of Computing Krippendorff's Alpha-Reliability (2011)
    found = agreement(answers("0100000010", "1110010000"))
    assert found.alpha == pytest.approx(0.095, abs=0.0005)
    assert (found.pairs, found.answers, found.judges, found.share) == (10, 20, 2, 0.6)
    # by hand: what only one judge answered, and what a judge is unsure of, does not count
    assert agreement(answers("0100000010 1?", "1110010000  1")) == found
    # by hand: three judges, one of two questions divided 2 : 1: 1 - (2 * 2 / 2) / (2 * 5 * 1 / 5)
    three = agreement(answers("11", "11", "10"))
    assert three.alpha == pytest.approx(1 - 2 / 2)
    assert three.share == pytest.approx(4 / 6)
    assert agreement(answers("11", "11")).alpha is None
    assert agreement([]) == agreement(answers("1", " "))
