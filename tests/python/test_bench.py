"""The benchmarks' contenders do the same work."""

from __future__ import annotations

from pathlib import Path

import pytest
from warehouses import BuildResult

from bench.original_study import Outcome, assert_same, read_outcome, run_peer, write_texts
from bench.processes import BenchmarkError


def test_sparse_matrices_place_every_target_as_the_warehouse_does(demo_build: BuildResult, tmp_path: Path) -> None:
    """All 80 vocabularies and the 960 experiments' intervals; ranx's reciprocal ranks lie within them."""
    settings = write_texts(demo_build.warehouse, tmp_path / "texts.json")
    use, theirs, _ = run_peer(tmp_path / "texts.json", settings)
    ours = read_outcome(demo_build.warehouse)
    assert (len(ours.sizes), len({experiment for experiment, _ in ours.intervals})) == (80, 960)
    assert_same(ours, theirs)
    assert use.cpu > 0 and use.memory > 2**20


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (Outcome({1: 6}, {(1, "q"): (1, 2)}), "the sizes of the vocabularies differ"),
        (Outcome({1: 5}, {(1, "q"): (1, 3)}), "1 of 1 intervals"),
        (Outcome({1: 5}, {}), "1 of 1 intervals"),
    ],
)
def test_contenders_that_do_not_agree_are_told(theirs: Outcome, complaint: str) -> None:
    with pytest.raises(BenchmarkError, match=complaint):
        assert_same(Outcome({1: 5}, {(1, "q"): (1, 2)}), theirs)
