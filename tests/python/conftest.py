"""What holds for every test: on CI a skipped test is a failure, except those that need the shared data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from warehouses import BuildResult

NEEDS_SHARED = "needs ../shared"
# Their tests are few and take long: begun last, one would run alone while the other processors have nothing left to do
BEGIN_WITH = (
    "test_incremental.py",
    "test_readme.py",
    "test_pages.py",
    "test_notebooks.py",
    "test_shared_collections.py",
    "test_search.py",
    "test_bench.py",
    "test_test_collection.py",
    "test_warehouse_faults.py",
    "test_ocr.py",
    "test_tutorial.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, the others in their order."""
    places = {name: place for place, name in enumerate(BEGIN_WITH)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session where CI is set and a test was skipped for any other reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("CI", "").lower() not in {"1", "true"}:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if NEEDS_SHARED not in str(report.longrepr)]
    if skipped:
        reporter.write_line("skipped on CI, where nothing may be: " + ", ".join(report.nodeid for report in skipped))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def demo_build(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build and test the demo corpus, original study included, once a session: read it or copy it, never change it."""
    from warehouses import PROJECT, build  # dbt takes a second to import, which tests without it need not wait for

    warehouse = tmp_path_factory.mktemp("demo") / "warehouse.duckdb"
    return build(PROJECT / "demo", warehouse, variables={"original_study": True, "pruned_index": True})
