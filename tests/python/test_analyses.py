"""Every analysis asks one question in its first line, compiles, and has an answer on the demo."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouses import PROJECT, BuildResult, build

ANALYSES = sorted((PROJECT / "analyses").glob("*.sql"))

STUDY = {"original_study": True}

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def answers(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """Compile every analysis and run it on the demo: name -> rows."""
    # dbt writes the stem into the SQL, so the copy keeps it
    copy = tmp_path_factory.mktemp("analyses") / demo_build.warehouse.name
    shutil.copy(demo_build.warehouse, copy)
    compiled = build(PROJECT / "demo", copy, command="compile", select=["path:analyses"], variables=STUDY)
    assert compiled.success, compiled.messages
    folder = copy.parent / f"{copy.stem}_dbt" / "target" / "compiled" / "tiktok_retrieval" / "analyses"
    found = {}
    with duckdb.connect(str(copy), read_only=True) as connection:
        for path in sorted(folder.glob("*.sql")):
            result = connection.execute(path.read_text())
            names = [column[0] for column in result.description or []]
            found[path.stem] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return found


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_analysis_asks_one_question_and_answers_it(path: Path, answers: dict[str, Rows]) -> None:
    """Its first line is the question, and the demo gives at least one row."""
    question = path.read_text().splitlines()[0]
    assert re.fullmatch(r"-- [A-Z][^?]+\?", question), question
    assert answers[path.stem]


def test_vocabulary_grows_to_the_whole(answers: dict[str, Rows], demo_build: BuildResult) -> None:
    """The last row of each tokenizer is the collection's vocabulary, and Heaps' exponent lies below 1."""
    whole = dict(
        demo_build.rows("select tokenizer_id, count(distinct term_id) from search_index.postings group by tokenizer_id")
    )
    last = {row["tokenizer_id"]: row for row in answers["vocabulary_growth"]}
    assert {name: row["vocabulary_size"] for name, row in last.items()} == whole
    assert all(0.2 < row["heaps_exponent"] < 1 for row in last.values())
    assert [(last["words"]["documents"],)] == demo_build.rows("select count(*) from search_index.documents")


def test_distinctive_terms_are_those_of_the_formula(answers: dict[str, Rows], demo_build: BuildResult) -> None:
    """The z scores of one field, computed in Python from the counts."""
    counts = demo_build.rows(
        """
        select field, term, sum(term_frequency)::bigint
        from search_index.postings inner join search_index.int_terms_numbered using (term_id)
        where tokenizer_id = 'words' group by field, term
        """
    )
    inside = Counter({term: count for field, term, count in counts if field == "speech"})
    everywhere: Counter[str] = Counter()
    for _, term, count in counts:
        everywhere[term] += count
    outside = everywhere - inside

    def z_score(term: str) -> float:
        prior = 1000 * everywhere[term] / everywhere.total()

        def log_odds(of: Counter[str]) -> float:
            return math.log((of[term] + prior) / (of.total() + 1000 - of[term] - prior))

        deviation = math.sqrt(1 / (inside[term] + prior) + 1 / (outside[term] + prior))
        return (log_odds(inside) - log_odds(outside)) / deviation

    shown = [row for row in answers["distinctive_terms_by_field"] if row["field"] == "speech"]
    expected = sorted(inside, key=lambda term: (-round(z_score(term), 9), term))[:10]
    assert [row["term"] for row in shown] == expected
    assert [row["z_score"] for row in shown] == pytest.approx([z_score(term) for term in expected], abs=1e-3)


def test_failures_and_successes_make_up_all_queries(answers: dict[str, Rows]) -> None:
    """For each default system the failures are what success at one result leaves."""
    failed: Counter[str] = Counter()
    for row in answers["failures_by_category"]:
        failed[row["system_id"]] += row["failures"]
    first = {row["system_id"]: row["value"] for row in answers["success_by_cutoff"] if row["cutoff"] == 1}
    queries = len(answers["hardest_queries"])
    assert {name: round(queries * (1 - success)) for name, success in first.items()} == failed
    assert sum(row["queries"] for row in answers["queries_by_author"]) == queries
