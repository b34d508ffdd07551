"""The pruned index: the ranking of scoring every document, bm25s' scores, and a memory limit that makes it spill."""

from __future__ import annotations

import json
import random
from pathlib import Path

import duckdb
import pytest
from warehouses import BuildResult

from bench.search import agree, bm25s_index, compile_ours, ours
from bench.texts import write_texts

SIZES = (300, 3_000, 12_000)
QUERIES = 400


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    compile_ours(folder)
    return folder


def random_queries(texts: Path, count: int, seed: int) -> list[str]:
    """Queries of one to twelve words, frequent, rare, repeated and unknown ones."""
    chance = random.Random(seed)
    words = texts.joinpath("documents.txt").read_text(encoding="ascii").split()
    rare = sorted(set(words))
    return [
        " ".join(
            chance.choice(
                (lambda: chance.choice(words), lambda: chance.choice(rare), lambda: "zzzz", lambda: "Ba, ba")
            )()
            for _ in range(chance.randint(1, 12))
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_pruned_search_is_plain_search_and_bm25s(size: int, compiled: Path, tmp_path: Path) -> None:
    write_texts(tmp_path, size, seed=size)
    index = tmp_path / "index"
    index.mkdir()
    (index / "ours.json").write_text((compiled / "ours.json").read_text())
    report: dict[str, object] = {}
    ask, ask_all = ours(index, tmp_path, report)
    queries = random_queries(tmp_path, QUERIES, seed=size)
    peer = tmp_path / "bm25s"
    peer.mkdir()
    _, ask_peer = bm25s_index(peer, tmp_path, {})
    for k in (10, 100):
        pruned = ask_all(queries, k)
        plain = report["plain"]
        assert callable(plain)
        assert pruned == plain(queries, k)
        assert [ask(query, k) for query in queries[:20]] == pruned[:20]
        if k == 10:
            theirs = ask_peer([query.lower().replace(",", " ") for query in queries], k)
            assert all(map(agree, pruned, theirs))


def test_search_of_the_file_normalises_its_query(demo_build: BuildResult) -> None:
    """The index of the demo corpus, by the function that the build left in the file."""
    (word,) = demo_build.rows(
        "select term from search.pruned_terms where document_frequency between 2 and 5 and term ~ '^[a-z]{5,}$'"
        " order by 1 limit 1"
    )[0]
    plain = demo_build.rows(f"select rank, score, doc_id from quick_search('{word}')")
    assert plain
    assert [rank for rank, _, _ in plain] == list(range(1, len(plain) + 1))
    dressed = f"ＣＡＦÉ {word[0].upper()}{word[1:]}!"
    assert demo_build.rows(f"select * from quick_search('{dressed}')") == demo_build.rows(
        f"select * from quick_search('cafe {word}')"
    )
    assert demo_build.rows("select * from quick_search('')") == []
    assert demo_build.rows("select * from quick_search(null)") == []


def test_small_memory_spills_and_finishes(compiled: Path, tmp_path: Path) -> None:
    """The costliest step, counting and sorting all tokens, with a limit far below the size of what it counts."""
    statements = dict(json.loads((compiled / "ours.json").read_text()))
    connection = duckdb.connect(str(tmp_path / "spilling.duckdb"))
    connection.execute(f"set memory_limit = '200MB'; set threads = 1; set temp_directory = '{tmp_path / 'spilled'}'")
    connection.execute("create schema search")
    connection.execute(
        """
        create table search.int_pruned_words as
        select 'w' || word as word, list((word * 7919 + place * 104729) % 100000) as places
        from range(600) as words (word), range(10000) as places (place) group by word
        """
    )
    connection.execute(
        "create table search.int_pruned_terms as"
        " select word, word as term, row_number() over () as term_number from search.int_pruned_words"
    )
    connection.execute(
        f"create table search.int_pruned_occurrences as {statements['int_pruned_occurrences']} order by posting_key"
    )
    (found,) = connection.execute("select count(*), sum(term_frequency) from search.int_pruned_occurrences").fetchall()
    assert found == (6_000_000, 6_000_000)
