"""Draw the README's figure of the result: the demo's leaderboard, for wide and for narrow pages.

    python scripts/readme_figures.py data/demo/warehouse.duckdb

It is the report's figure, on a ground of its own, in colours for light and for dark screens.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path

import duckdb
import vl_convert

from tiktok_retrieval import figures, plots
from tiktok_retrieval.leaderboards import figure as number

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
FIGURE = figures.figure("leaderboard_intervals")
WIDTHS = {"leaderboard.svg": 740, "leaderboard-narrow.svg": 380}
MARGIN = 12


def read(warehouse: Path) -> figures.Rows:
    """Return the rows of the leaderboard, best first."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return FIGURE.rows(connection)


def in_words(rows: figures.Rows) -> str:
    """Say what the figure shows, and each row's mean with its interval: the text for those who cannot see it."""
    lines = []
    for row in rows.to_dicts():
        low, high, outside = row["leading_value_ci_low"], row["leading_value_ci_high"], row["value_out_of_sample"]
        interval = f" ({number(low)} to {number(high)})" if low is not None else ""
        lines.append(
            f"{row['position']}. {row['entry_id']} {number(row['leading_value'])}{interval}"
            + (f", out of sample {number(outside)}" if outside is not None else "")
        )
    return " ".join([FIGURE.say(rows).replace("`", ""), *(f"{line}." for line in lines)])


def style(colours: Mapping[str, str]) -> str:
    """Return rules that exchange colours on dark screens; where they are not read, the colours for light ones stay."""
    rules = "".join(
        f'\n  [{part}="{light}"] {{ {part}: {dark}; }}'
        for light, dark in colours.items()
        for part in ("fill", "stroke")
    )
    return f"text {{ font-family: {plots.FONT}; }}\n@media (prefers-color-scheme: dark) {{{rules}\n}}"


def drawing(rows: figures.Rows, width: int) -> str:
    """Return the figure as an SVG file."""
    drawn: str = vl_convert.vegalite_to_svg(FIGURE.drawn(rows, width - 2 * MARGIN).to_json(validate=False))
    opening, _, marks = re.sub(r' font-family="[^"]*"', "", drawn).partition(">")
    size = re.search(r'height="([\d.]+)"', opening)
    assert size is not None
    height = round(float(size[1])) + 2 * MARGIN
    used = {light: dark for light, dark in plots.DARK.items() if f'"{light}"' in marks or light == plots.SURFACE}
    place = f'x="{-MARGIN}" y="{-MARGIN}" width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-MARGIN} {width} {height}" width="{width}"'
            f' height="{height}" role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(FIGURE.title)}</title>',
            f'<desc id="description">{escape(in_words(rows))}</desc>',
            f"<style>{style(used)}</style>",
            f'<rect {place} rx="6" fill="{plots.SURFACE}"/>',
            marks,
            "",
        ]
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/readme_figures.py WAREHOUSE, which `make demo` leaves in data/demo")
    found = read(Path(sys.argv[1]))
    for file, wide in WIDTHS.items():
        (IMAGES / file).write_text(drawing(found, wide))
