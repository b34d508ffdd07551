"""The page of speed and scale is what its script makes of the results that lie here."""

from __future__ import annotations

import copy
import json

import pages
from warehouses import PROJECT

scale_page = pages.script("scale_page")

RESULTS = PROJECT / "bench" / "results" / "search_1000000.json"


def test_page_is_made_of_the_results() -> None:
    """No figure is typed: the page equals what the script writes, and other results make another page."""
    results = json.loads(RESULTS.read_text())
    page = (PROJECT / "docs" / "scale.md").read_text()
    assert page == scale_page.page(results)
    other = copy.deepcopy(results)
    for row in other["measured"]:
        row["build_cpu"] *= 3 if row["engine"] == "ours" else 1
    assert scale_page.page(other) != page
