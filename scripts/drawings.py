"""Draw the pictures of docs/images that show no data: the rooms of the warehouse, and the page that the scraper needs.

python scripts/drawings.py
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
# Each class has one colour on a light and one on a dark ground
STYLE = """
    text { font-family: system-ui, -apple-system, "Segoe UI", sans-serif; font-size: 13px; fill: #1f2328; }
    .ground { fill: #ffffff; }
    .small { font-size: 11.5px; fill: #59636e; }
    .code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 11.5px; }
    .box { fill: #f3f6fa; stroke: #b6c2cf; }
    .raw { fill: #fff4e0; stroke: #d4a55a; }
    .reader { fill: #e9f5ec; stroke: #7fb58d; }
    .name { font-weight: 600; font-size: 14px; }
    .arrow { fill: none; stroke: #59636e; stroke-width: 1.6; marker-end: url(#tip); }
    #tip path { fill: #59636e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .ground { fill: #0d1117; }
      .small { fill: #9da7b1; }
      .box { fill: #182230; stroke: #44546a; }
      .raw { fill: #33270f; stroke: #8a6d33; }
      .reader { fill: #12291b; stroke: #3f7a52; }
      .arrow { stroke: #9da7b1; }
      #tip path { fill: #9da7b1; }
    }
"""


def drawing(width: int, height: int, title: str, description: str, parts: Sequence[str]) -> str:
    """Return an SVG file: readable on both grounds, with words for those who cannot see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{width}" height="{height}" rx="6"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def words(x: float, y: float, text: str, look: str = "", anchor: str = "start") -> str:
    """Return a line of text."""
    return f'<text x="{x:g}" y="{y:g}" class="{look}" text-anchor="{anchor}">{escape(text)}</text>'


def box(x: float, y: float, width: float, height: float, look: str = "box") -> str:
    """Return a rectangle."""
    return f'<rect class="{look}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'


# --- The page that the scraper needs ----------------------------------------------------------------------------------


def layout() -> str:
    """Return the drawing of the desktop page with visible comments, its parts named as in extract/scraper.js."""
    parts = [box(16, 16, 728, 548)]

    def part(x: float, y: float, width: float, height: float, name: str, says: str = "", look: str = "reader") -> None:
        parts.extend([box(x, y, width, height, look), words(x + 8, y + 17, name, "code")])
        if says:
            parts.append(words(x + 8, y + 33, says, "small"))

    part(140, 40, 190, 500, "video", "or the slides of a photo", "raw")
    part(150, 92, 170, 44, "cover", "before the video plays")
    part(150, 400, 170, 44, "slide", "of a carousel, each once")
    part(28, 210, 60, 110, "")
    parts.extend([words(58, 238, "▲", "", "middle"), words(58, 300, "▼", "", "middle")])
    parts.extend([words(28, 342, "previous_button", "code"), words(28, 358, "next_button", "code")])
    parts.append(words(28, 376, "the arrows", "small"))

    x, width = 344, 384
    part(x, 40, 186, 44, "username", "in links, without @")
    part(x + 198, 40, 186, 44, "nickname", "name · date, on lines")
    part(x, 92, width, 44, "description", "the words and #hashtags")
    part(x, 144, width, 44, "music", "title, with its link")
    part(x, 196, 118, 44, "like_count", "as shown")
    part(x + 126, 196, 118, 44, "comment_count", "as shown")
    part(x + 252, 196, 132, 44, "permalink", "holds the id")
    parts.extend([box(x, 250, width, 290, "raw"), words(x + 8, 268, "comment_list", "code")])
    parts.append(words(x + 104, 268, "loads more when it is scrolled", "small"))
    part(x + 10, 278, 174, 26, "comment_username")
    part(x + 10, 308, 364, 40, "comment_text", "what was written, for each comment")
    part(x + 10, 352, 174, 26, "comment_time")
    part(x + 194, 352, 180, 26, "comment_likes")
    part(x + 10, 384, 364, 42, "view_replies", "“View 12 replies”: pressed until all are open")
    part(x + 44, 434, 174, 26, "reply_username")
    part(x + 44, 464, 330, 26, "reply_text")
    part(x + 44, 494, 174, 26, "reply_time")
    description = (
        "Left the video with its cover, or the slides of a photo post, and two arrows; right, from above, user name, "
        "shown name with the date, description, music, counts and link, and below them the comments with replies."
    )
    return drawing(760, 580, "The layout that the scraper needs", description, parts)


# --- The rooms --------------------------------------------------------------------------------------------------------


def rooms() -> str:
    """Return the drawing of the way that data takes: one direction, room by room."""
    parts = [
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>'
    ]

    def room(x: float, y: float, width: float, name: str, lines: Sequence[str], look: str = "box") -> None:
        parts.extend([box(x, y, width, 46 + 17 * len(lines), look), words(x + 12, y + 24, name, "name")])
        parts.extend(words(x + 12, y + 45 + 17 * number, line, "small") for number, line in enumerate(lines))

    def arrow(*points: tuple[float, float]) -> None:
        parts.append(f'<polyline class="arrow" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>')

    room(16, 16, 218, "outside", ["the site, files of other tools,", "a text collection"], "raw")
    room(16, 132, 218, "raw zone", ["$TIKTOK_DATA: JSON, journals,", "media, as they came"], "raw")
    parts.append(words(132, 118, "extract/", "code"))
    room(16, 248, 218, "1 staging", ["a model for each source:", "rename, cast, parse"])
    room(286, 16, 218, "2 corpus", ["TikToks, comments, and", "what is excluded, and why"])
    room(286, 132, 218, "3 search_index", ["normalised texts, terms,", "postings, statistics"])
    room(286, 248, 218, "4 test_collection", ["queries and the one video", "that each of them means"])
    room(556, 132, 218, "5 retrieval", ["every system's rankings,", "taken apart term by term"])
    room(556, 248, 218, "6 evaluation", ["measures, intervals, failures,", "the leaderboard"])
    room(556, 16, 218, "who reads", ["search, viewer, report,", "notebooks, hand-overs"], "reader")
    arrow((125, 96), (125, 129))
    arrow((125, 212), (125, 245))
    arrow((234, 288), (260, 288), (260, 56), (283, 56))
    arrow((260, 288), (283, 288))
    arrow((395, 96), (395, 129))
    arrow((504, 172), (553, 172))
    arrow((504, 288), (530, 288), (530, 192), (553, 192))
    arrow((665, 212), (665, 245))
    arrow((774, 288), (790, 288), (790, 56), (777, 56))
    description = (
        "Data moves in one direction: from outside, by extract, into the raw zone; staging; the corpus; from it the "
        "search index, and beside it the test collection; both into retrieval; then evaluation; then those who read."
    )
    return drawing(806, 346, "The rooms", description, parts)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / "rooms.svg").write_text(rooms())
    (IMAGES / "scraper-layout.svg").write_text(layout())
