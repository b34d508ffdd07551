"""The README's commands, run as they stand there, in a fresh copy of the tree."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pages
import pytest
from warehouses import PROJECT

# This very run; that CI calls it and nothing else is tested below
NOT_RUN_AGAIN = "make test"
NOT_RUN = {NOT_RUN_AGAIN}


@pytest.fixture(scope="module")
def fresh_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files in an empty folder, with the environment that is installed already."""
    return pages.fresh_copy(tmp_path_factory.mktemp("clone") / "tiktok-retrieval")


def test_every_command_of_the_readme_works(fresh_copy: Path) -> None:
    """One shell runs all blocks in order; what they promise is there afterwards."""
    blocks = [block.text for block in pages.blocks("README.md")]
    assert any(NOT_RUN_AGAIN in block for block in blocks)
    printed = pages.run(fresh_copy, [block for block in blocks if block.strip() not in NOT_RUN])
    assert "out of sample" in printed
    with duckdb.connect(str(fresh_copy / "data/mine/warehouse.duckdb"), read_only=True) as connection:
        excluded = connection.execute("select query_text from test_collection.excluded_queries").fetchall()
    assert ("cat falls off the fridge",) in excluded
    with duckdb.connect(str(fresh_copy / "data/demo/warehouse.duckdb"), read_only=True) as connection:
        entries = {entry for (entry,) in connection.execute("select entry_id from evaluation.leaderboard").fetchall()}
    assert (fresh_copy / "target/docs/index.html").is_file()
    assert {"my_3grams", "words_coordination", "best_k1"} <= entries
    assert {"sweep_words_k0.3", "sweep_words_k1.6", "sweep_words_k2.4"} <= entries


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    """`.ci/run` calls `make test` and nothing else."""
    lines = [
        line for line in (PROJECT / ".ci/run").read_text().splitlines() if not line.startswith(("#", "set ", "cd "))
    ]
    assert lines == [NOT_RUN_AGAIN]
