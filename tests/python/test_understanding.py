"""Each way to miss gets its own category, and near-duplicates are those that comparing every pair finds."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from pathlib import Path

import duckdb
import pytest
from small_warehouses import build, compiled

SYSTEM = "words_bm25_k1.2_b0.75"
WORDS = [f"word{number}" for number in range(14)]

# query: (its target, the document that wins); the others are far longer or share no word with it
DUELS = {
    "zebra yodel": ("aardvark alone here", "zebra can yodel"),
    "walrus": ("walrus beach sand", "walrus north pole"),
    "kiwi": ("kiwi race down steep hill today", "kiwi kiwi race down steep hill"),
    "quokka often": ("quokka smiles broadly upward", "quokka often often often"),
    "mango tango": ("mango juice cold", "mango tango evening"),
    "ferret": (" ".join(["ferret", "ferret", *(f"tunnel{number}" for number in range(80))]), "ferret nap"),
    "badger": ("badger sett hole dark", "badger badger hill moon"),
}
CATEGORIES = {
    "zebra yodel": "no_shared_term",
    "walrus": "tie_lost",
    "kiwi": "beaten_by_near_duplicate",
    "quokka often": "drowned_by_common_terms",
    "mango tango": "target_lacks_terms",
    "ferret": "long_document",
    "badger": "outweighed",
    "unicorn": "no_shared_term",  # a word that nobody wrote
    "gone": "not_in_the_collection",
}


def documents() -> dict[str, str]:
    """Return the duels' documents, the target first in the order of ids, and texts that share many words."""
    chance = random.Random(7)
    texts = {
        f"{query} {side}": text
        for query, pair in DUELS.items()
        for side, text in zip(("1 target", "2 rival"), pair, strict=True)
    }
    for number in range(60):
        texts[f"filler {number}"] = " ".join(["often", *chance.sample(WORDS, chance.randint(2, 10))])
    return texts


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the collection as far as its failures."""
    folder = tmp_path_factory.mktemp("understanding")
    collection = folder / "data" / "collection"
    collection.mkdir(parents=True)
    with (collection / "documents.jsonl").open("w") as file:
        file.writelines(json.dumps({"_id": name, "text": text}) + "\n" for name, text in documents().items())
    with (collection / "queries.jsonl").open("w") as file:
        file.writelines(json.dumps({"_id": query, "text": query}) + "\n" for query in CATEGORIES)
    (collection / "qrels").mkdir()
    with (collection / "qrels" / "test.tsv").open("w") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines(f"{query}\t{query} 1 target\t1\n" for query in DUELS)
        file.write("unicorn\tferret 2 rival\t1\ngone\tnobody\t1\n")
    return build(folder / "data", folder, "+failures +near_duplicate_sensitivity")


def test_each_way_to_miss_has_its_category(warehouse: Path) -> None:
    """One query for each category, told from its terms and scores."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(
            f"select query_id, category from evaluation.failures where system_id = '{SYSTEM}'"
        ).fetchall()
    assert dict(found) == CATEGORIES
    assert len(found) == len(CATEGORIES)


def test_a_failure_tells_terms_fields_and_rival(warehouse: Path) -> None:
    """The target lacks a word; the numbers agree with the runs."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(
            f"""
            select
                target_rank, rival_doc_id, closest_rival_doc_id, query_term_count, shared_term_count,
                rival_term_count, shared_fields, shared_terms, missing_terms,
                abs(rival_score - target_score - lead) < 1e-9, lead_in_missing_terms >= lead / 2
            from evaluation.failures
            where system_id = '{SYSTEM}' and query_id = 'mango tango'
            """
        ).fetchone()
    rival = "mango tango 2 rival"
    assert row == (2, rival, rival, 2, 1, 2, "text", "mango (text)", "tango", True, True)


def test_the_best_system_has_its_failures_told_though_it_is_one_of_a_sweep(warehouse: Path, tmp_path: Path) -> None:
    """Where no system is a default one, the model's SQL still takes the best apart, and none else."""
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "set search_path = 'evaluation,retrieval,test_collection,search_index';"
            "update retrieval.systems set is_default = false"
        )
        (best,) = connection.execute(
            "select entry_id from evaluation.leaderboard where entry_kind = 'system' order by position limit 1"
        ).fetchall()
        misses = connection.execute(
            "select count(*) from evaluation.query_metrics"
            " where system_id = ? and metric = 'reciprocal_rank' and value < 1",
            best,
        ).fetchall()
        found = connection.execute(
            f"select system_id, count(category) from ({compiled(warehouse.parent, 'failures')}) group by system_id"
        ).fetchall()
    assert found == [(*best, *misses[0])]


def test_near_duplicates_are_those_of_all_pairs(warehouse: Path) -> None:
    """Every pair of texts of five different words or more, compared in Python."""
    words = {name: set(text.split()) for name, text in documents().items()}
    expected = {}
    for one, other in itertools.combinations(sorted(words), 2):
        jaccard = len(words[one] & words[other]) / len(words[one] | words[other])
        if min(len(words[one]), len(words[other])) >= 5 and jaccard >= 0.5:
            expected[one, other] = jaccard
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute("select doc_id, other_doc_id, jaccard from evaluation.near_duplicates").fetchall()
    assert len(expected) > 100
    assert {(one, other): jaccard for one, other, jaccard in found} == pytest.approx(expected)
    assert len(found) == len(expected)


def test_a_near_duplicate_counts_as_the_target_itself(warehouse: Path) -> None:
    """Only the query whose winner is the target's copy changes, and it becomes a success."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(
            f"""
            select metric, cutoff, (value_with_groups - value) * query_count, changed_query_count, query_count
            from evaluation.near_duplicate_sensitivity
            where system_id = '{SYSTEM}' and (metric = 'reciprocal_rank' or cutoff = 1 or metric = 'target_rank')
            order by metric
            """
        ).fetchall()
    expected = [
        ("reciprocal_rank", None, pytest.approx(0.5), 1, len(CATEGORIES)),
        ("success", 1, pytest.approx(1), 1, len(CATEGORIES)),
        ("target_rank", None, pytest.approx(-1), 1, len(CATEGORIES)),
    ]
    assert found == expected
