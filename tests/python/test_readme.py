"""The README's commands, run as they stand there, in a fresh copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from warehouses import PROJECT

FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# This very run; that CI calls it and nothing else is tested below
NOT_RUN_AGAIN = "make test"


def commands() -> list[str]:
    """Return the README's shell blocks in their order."""
    return FENCE.findall((PROJECT / "README.md").read_text())


@pytest.fixture(scope="module")
def fresh_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files in an empty folder, with the environment that is installed already."""
    copy = tmp_path_factory.mktemp("clone") / "tiktok-retrieval"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in tracked.split("\0"):
        if name and (PROJECT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # with its time of change, so that make sees that the environment is newer than the lock file
            shutil.copy2(PROJECT / name, target)
    (copy / ".venv").symlink_to(PROJECT / ".venv")
    return copy


def test_every_command_of_the_readme_works(fresh_copy: Path) -> None:
    """One shell runs all blocks in order; what they promise is there afterwards."""
    blocks = commands()
    assert any(NOT_RUN_AGAIN in block for block in blocks)
    script = "set -euo pipefail\n" + "\n".join(block for block in blocks if block.strip() != NOT_RUN_AGAIN)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TIKTOK_", "DBT_"))}
    environment["PYTHONPATH"] = str(fresh_copy)
    done = subprocess.run(
        ["bash", "-c", script], cwd=fresh_copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "out of sample" in done.stdout
    with duckdb.connect(str(fresh_copy / "data/mine/warehouse.duckdb"), read_only=True) as connection:
        excluded = connection.execute("select query_text from test_collection.excluded_queries").fetchall()
    assert ("cat falls off the fridge",) in excluded
    with duckdb.connect(str(fresh_copy / "data/demo/warehouse.duckdb"), read_only=True) as connection:
        entries = {entry for (entry,) in connection.execute("select entry_id from evaluation.leaderboard").fetchall()}
    assert {"my_3grams", "words_coordination", "best_k1"} <= entries
    assert {"sweep_words_k0.3", "sweep_words_k1.6", "sweep_words_k2.4"} <= entries


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    """`.ci/run` calls `make test` and nothing else."""
    lines = [
        line for line in (PROJECT / ".ci/run").read_text().splitlines() if not line.startswith(("#", "set ", "cd "))
    ]
    assert lines == [NOT_RUN_AGAIN]


def test_links_lead_somewhere() -> None:
    """Every file and folder that the README names in its map and its links is there."""
    text = (PROJECT / "README.md").read_text()
    named = set(
        re.findall(
            r"`((?:docs|extract|demo|seeds|models|macros|tests|tiktok_retrieval|scripts|analyses)/[\w./-]*)`", text
        )
    )
    named |= set(re.findall(r"\]\((?!http)([^)#]+)", text))
    assert named
    missing = [name for name in sorted(named) if not (PROJECT / name).exists()]
    assert not missing
