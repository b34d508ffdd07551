"""The tutorial, followed as a newcomer would: nothing but what stands on the page, in a fresh copy of the tree."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from pathlib import Path

import duckdb
import pages
import pytest

TUTORIAL = "docs/tutorial.md"
SERVES = "viewer serve"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The copy after all steps but the last, which serves until it is ended; and what the steps printed."""
    copy = pages.fresh_copy(tmp_path_factory.mktemp("newcomer") / "tiktok-retrieval")
    scripts = [block.text for block in pages.blocks(TUTORIAL)]
    assert [SERVES in script for script in scripts] == [False] * (len(scripts) - 1) + [True]
    return copy, pages.run(copy, scripts[:-1])


def rows(copy: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(copy / "data/tutorial/warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_ten_documents_three_queries_and_a_leaderboard(followed: tuple[Path, str]) -> None:
    copy, printed = followed
    assert rows(copy, "select count(*) from search_index.documents") == [(10,)]
    assert rows(copy, "select count(*) from corpus.tiktoks") == [(10,)]
    assert rows(copy, "select count(*) from test_collection.queries") == [(3,)]
    assert rows(copy, "select count(*) from test_collection.excluded_queries") == [(0,)]
    assert rows(copy, "select count(*) > 10 from evaluation.leaderboard") == [(True,)]
    assert "10 TikToks scraped: 10 in the corpus" in printed
    assert re.search(r"words_bm25_k1\.2_b0\.75 +\.667", printed)


def test_what_the_page_says_of_the_figures_holds(followed: tuple[Path, str]) -> None:
    copy, printed = followed
    baseline = "from evaluation.leaderboard where entry_id = 'words_bm25_k1.2_b0.75'"
    assert rows(copy, f"select round(success_at_1 * query_count, 6), query_count {baseline}") == [(2, 3)]
    assert rows(copy, f"select leading_value_ci_low, leading_value_ci_high {baseline}") == [(0, 1)]
    assert rows(
        copy, "select min(leading_value) from evaluation.leaderboard where entry_id like 'bounded_4grams%'"
    ) == [(1,)]
    typed = "select count(*) from search_index.terms where index_id = 1 and term in ('wahsing', 'mashine')"
    assert rows(copy, typed) == [(0,)]
    assert rows(copy, "select count(*) from corpus.tiktoks where posted_at_check <> 'agreed'") == [(0,)]
    assert "7582568914028163038" in printed.split("\n  score ")[-1].splitlines()[1]
    assert "ERROR=0" in printed


def test_the_report_is_there(followed: tuple[Path, str]) -> None:
    copy, _ = followed
    assert "wahsing" in (copy / "data/tutorial/report.html").read_text()


def test_the_viewer_serves_the_corpus(followed: tuple[Path, str]) -> None:
    copy, _ = followed
    scripts = [block.text for block in pages.blocks(TUTORIAL)]
    # what a newcomer's shell still knows
    known = [line for script in scripts[:-1] for line in script.splitlines() if line.startswith(("source ", "export "))]
    script = "\n".join(["set -euo pipefail", *known, f"exec {scripts[-1]}"])
    with subprocess.Popen(
        ["bash", "-c", script], cwd=copy, env=pages.environment(copy), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            assert address
            with urllib.request.urlopen(address[0]) as answer:
                assert answer.status == 200
                assert "<title>" in answer.read().decode()
        finally:
            server.terminate()
