"""The figures of the README show what the demo's build and the tree hold."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import polars
import pytest
from pages import script
from warehouses import PROJECT, BuildResult

from tiktok_retrieval import plots

IMAGES = PROJECT / "docs/images"
SVG = "{http://www.w3.org/2000/svg}"
readme_figures = script("readme_figures")


@pytest.fixture(scope="module")
def leaderboard(demo_build: BuildResult) -> polars.DataFrame:
    rows: polars.DataFrame = readme_figures.read(demo_build.warehouse)
    assert len(rows) > 10
    return rows


def places(drawing: ElementTree.Element, layer: int) -> list[tuple[float, float]]:
    """Return where each mark of a layer begins and ends, from left to right."""
    (group,) = (part for part in drawing.iter(f"{SVG}g") if f"layer_{layer}_marks" in part.get("class", "").split())
    found = []
    for mark in group:
        moved = re.match(r"translate\(([\d.]+),", mark.get("transform", ""))
        assert moved is not None
        found.append((float(moved[1]), float(moved[1]) + float(mark.get("x2", 0))))
    return found


def values_drawn(drawing: ElementTree.Element, rows: polars.DataFrame) -> list[tuple[float, ...]]:
    """Read mean and interval of each row off its marks, by the scale that the first and the last mean give."""
    dots = [begin for begin, _ in places(drawing, 1)]
    means: list[float] = rows["leading_value"].to_list()
    unit = (dots[0] - dots[-1]) / (means[0] - means[-1])

    def read(place: float) -> float:
        return round(means[-1] + (place - dots[-1]) / unit, 6)

    lines = places(drawing, 0)
    return [(read(dot), read(low), read(high)) for dot, (low, high) in zip(dots, lines, strict=True)]


def values_computed(rows: polars.DataFrame) -> list[tuple[float, ...]]:
    columns: Sequence[str] = ("leading_value", "leading_value_ci_low", "leading_value_ci_high")
    return [tuple(round(value, 6) for value in row) for row in rows.select(columns).rows()]


@pytest.mark.parametrize("name", readme_figures.WIDTHS)
def test_leaderboard_has_the_figures_of_the_demo(leaderboard: polars.DataFrame, name: str) -> None:
    """Rows in their order, means and intervals where the scale has them, all of it in words beside."""
    mend = "run scripts/readme_figures.py on a warehouse of the demo"
    drawing = ElementTree.parse(IMAGES / name).getroot()
    assert drawing.findtext(f"{SVG}desc") == readme_figures.in_words(leaderboard), mend
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    names = [
        entry if kind == "system" else f"{entry} (tuned)"
        for entry, kind in leaderboard.select("entry_id", "entry_kind").rows()
    ]
    assert [text for text in texts if text in names] == names, mend
    assert values_drawn(drawing, leaderboard) == values_computed(leaderboard), mend


def test_another_figure_makes_another_drawing(leaderboard: polars.DataFrame) -> None:
    changed = leaderboard.with_columns(
        polars.when(polars.col("position") == 2).then(0.75).otherwise("leading_value").alias("leading_value")
    )
    for name, width in readme_figures.WIDTHS.items():
        drawing = ElementTree.fromstring(readme_figures.drawing(changed, width))
        assert values_drawn(drawing, changed) == values_computed(changed), name
        assert values_drawn(drawing, changed) != values_computed(leaderboard), name
        assert ".750" in (drawing.findtext(f"{SVG}desc") or "")


@pytest.mark.parametrize("name", readme_figures.WIDTHS)
def test_every_colour_has_one_for_dark_grounds(name: str) -> None:
    text = (IMAGES / name).read_text()
    used = set(re.findall(r' (fill|stroke)="(#\w+)"', text))
    assert used
    rules = {(part, light): f'[{part}="{light}"] {{ {part}: {plots.DARK[light]}; }}' for part, light in used}
    assert [colour for colour, rule in rules.items() if rule not in text] == []
