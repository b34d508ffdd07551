"""What holds for every test: on CI a skipped test is a failure, except those that need the shared data."""

from __future__ import annotations

import os

import pytest

NEEDS_SHARED = "needs ../shared"


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
