"""Draw the answers to questions: shapes that several figures share, in colours that a page may exchange."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair
import polars

Chart = altair.Chart | altair.LayerChart | altair.FacetChart

INK = "#1c2430"
MUTED = "#5b6675"
GRID = "#dde2e9"
SURFACE = "#fdfdfe"
BLUE = "#1f64ad"
SKY = "#8fb8e2"
ORANGE = "#c4570a"
PEACH = "#f0b889"
GREEN = "#23805a"
PURPLE = "#7b4ba8"
ROSE = "#bd3c6c"
TEAL = "#178a94"
OLIVE = "#87790f"
GREY = "#9aa4b1"
PALE = "#cfd6de"
# What each of them is on a dark ground; pages put variables in their place
DARK = {
    INK: "#e8ecf2",
    MUTED: "#a4afbd",
    GRID: "#323c49",
    SURFACE: "#151b23",
    BLUE: "#6aaeee",
    SKY: "#33689c",
    ORANGE: "#f3954d",
    PEACH: "#93542a",
    GREEN: "#58c194",
    PURPLE: "#b58fe0",
    ROSE: "#ea7ba5",
    TEAL: "#55c3cd",
    OLIVE: "#c9bb50",
    GREY: "#76818f",
    PALE: "#46515e",
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
# Narrower than this, names stand above what they name instead of to its left
NARROW = 520
TEXT = 12


def finished(chart: Chart, width: int, height: int | None = None) -> Chart:
    """Give a chart its width, labels included, and the looks that all have."""
    sized = chart.properties(width=width, autosize=altair.AutoSizeParams(type="fit-x", contains="padding"))
    if height is not None:
        sized = sized.properties(height=height)
    looks: Chart = (
        sized.configure(
            aria=False,  # a page describes the whole; a label for each mark would be read out one by one
            background="transparent",
            font=FONT,
            padding={"left": 2, "right": 8, "top": 4, "bottom": 2},
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=MUTED,
            gridColor=GRID,
            domain=False,
            ticks=False,
            labelFontSize=TEXT,
            titleFontSize=TEXT,
            titleFontWeight="normal",
            labelLimit=0,
            labelPadding=6,
            titlePadding=10,
        )
        .configure_legend(
            orient="top",
            direction="horizontal",
            title=None,
            labelColor=INK,
            labelFontSize=TEXT,
            labelLimit=0,
            symbolType="square",
            symbolSize=110,
            symbolOpacity=1,
            columnPadding=22,
            rowPadding=5,
            offset=8,
        )
    )
    return looks


def room_for(text: str) -> int:
    """Return how wide a text may become: readers have other fonts than the machine that draws, so the widest counts."""
    return round(sum(TEXT if ord(letter) > 0x2E7F else 0.61 * TEXT for letter in text))


def shortened(text: str, room: int) -> str:
    """Cut a text where it would need more room."""
    if room_for(text) <= room:
        return text
    while text and room_for(text) > room - TEXT:
        text = text[:-1]
    return text.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def short_names(names: Iterable[str], room: int) -> dict[str, str]:
    """Return a short form of each name that no other name has."""
    short: dict[str, str] = {}
    for name in names:
        form, number = shortened(name, room), 1
        while form in short.values() and name not in short:
            number += 1
            form = f"{shortened(name, room - 3 * TEXT)} {number}"
        short.setdefault(name, form)
    return short


def axis_room(names: Sequence[str]) -> int:
    """Return the width of a left axis with these names."""
    return max((room_for(name) for name in names), default=0) + 10


def legend(
    kinds: Mapping[str, str], present: Iterable[str], width: int, *, symbol: str = "square"
) -> altair.Legend | None:
    """Return a legend in columns that fit, or none where there is nothing to tell apart."""
    there = set(present)
    shown = [kind for kind in kinds if kind in there]
    if len(shown) < 2:
        return None
    rooms = [room_for(kind) + 36 for kind in shown]
    fitting = [
        count for count in range(1, len(rooms) + 1) if sum(max(rooms[at::count]) for at in range(count)) <= width
    ]
    return altair.Legend(
        columns=max(fitting, default=1), symbolType=symbol, symbolStrokeWidth=3 if symbol == "stroke" else 0
    )


def colours(mapping: Mapping[str, str], present: Iterable[str]) -> altair.Scale:
    """Return a scale that gives each name its colour, in the mapping's order, leaving out what does not occur."""
    there = set(present)
    used = [name for name in mapping if name in there]
    return altair.Scale(domain=used, range=[mapping[name] for name in used])


def names_of_rows(order: Sequence[str]) -> altair.Y:
    """Return the left axis of a chart with a row for each name."""
    axis = altair.Axis(grid=False, minExtent=axis_room(order), maxExtent=axis_room(order))
    return altair.Y("name:N", sort=list(order), title=None, axis=axis, scale=altair.Scale(padding=0.3))


def names_unseen(order: Sequence[str]) -> altair.Y:
    """Return the same without names: `names_above` writes them."""
    return altair.Y("name:N", sort=list(order), axis=None, scale=altair.Scale(padding=0.55))


def names_above(rows: polars.DataFrame, order: Sequence[str], *, lift: int = 17) -> altair.Chart:
    """Write each row's name above its marks, for narrow charts."""
    names: altair.Chart = (
        altair.Chart(rows.select("name").unique(maintain_order=True))
        .mark_text(align="left", dy=-lift, fontSize=TEXT, color=INK)
        .encode(y=altair.Y("name:N", sort=list(order), axis=None), x=altair.value(0), text="name:N")
    )
    return names


def intervals(
    rows: polars.DataFrame,
    width: int,
    *,
    title: str,
    domain: tuple[float, float],
    kinds: Mapping[str, str],
    second: tuple[str, str] | None = None,
    origin: float | None = None,
) -> Chart:
    """Draw a dot with its interval for each row: columns name, value, low, high and kind (which has a colour).

    `second` names a further column, drawn as a diamond, and its colour; `origin` draws an upright line.
    """
    order = rows["name"].to_list()
    narrow = width < NARROW
    room = width if narrow else width - axis_room(order)
    scale = altair.Scale(domain=list(domain), nice=False, zero=False, clamp=True)
    x = altair.X("value:Q", title=title, scale=scale, axis=altair.Axis(tickCount=6, format="~g"))
    y = names_unseen(order) if narrow else names_of_rows(order)
    colour = altair.Color(
        "kind:N", scale=colours(kinds, rows["kind"].to_list()), legend=legend(kinds, rows["kind"], room)
    )
    base = altair.Chart(rows)
    layers: list[Any] = []
    if origin is not None:
        line = altair.Chart(polars.DataFrame({"value": [origin]}))
        layers.append(line.mark_rule(color=MUTED, strokeDash=[3, 3]).encode(x=altair.X("value:Q", scale=scale)))
    known = base.transform_filter("isValid(datum.low) && isValid(datum.high)")
    layers.append(
        known.mark_rule(strokeWidth=2.5).encode(x=altair.X("low:Q", scale=scale), x2="high:Q", y=y, color=colour)
    )
    layers.append(base.mark_point(size=75, filled=True, opacity=1).encode(x=x, y=y, color=colour))
    if second is not None:
        column, paint = second
        known = base.transform_filter(f"isValid(datum.{column})")
        layers.append(
            known.mark_point(shape="diamond", size=170, filled=False, strokeWidth=2, opacity=1, color=paint).encode(
                x=altair.X(f"{column}:Q", scale=scale), y=y
            )
        )
    if narrow:
        layers.append(names_above(rows, order, lift=13))
    return finished(altair.layer(*layers), width, len(order) * (38 if narrow else 26) + (10 if narrow else 0))


def bars(rows: polars.DataFrame, width: int, *, paint: str = BLUE) -> Chart:
    """Draw a bar for each row, its figure beside it: columns name, value and label."""
    order = rows["name"].to_list()
    narrow = width < NARROW
    beside = max(room_for(label) for label in rows["label"]) + 12
    room = width - (0 if narrow else axis_room(order))
    top = (max(float(value) for value in rows["value"]) or 1.0) * room / max(room - beside, 1)
    x = altair.X("value:Q", axis=None, scale=altair.Scale(domain=[0, top], nice=False))
    y = names_unseen(order) if narrow else names_of_rows(order)
    base = altair.Chart(rows)
    layers: list[Any] = [
        base.mark_bar(color=paint, cornerRadiusEnd=2).encode(x=x, y=y),
        base.mark_text(align="left", dx=5, color=INK, fontSize=TEXT).encode(x=x, y=y, text="label:N"),
    ]
    if narrow:
        layers.append(names_above(rows, order))
    return finished(altair.layer(*layers), width, len(order) * (40 if narrow else 26) + (10 if narrow else 0))


def stacked_bars(
    rows: polars.DataFrame,
    width: int,
    *,
    title: str,
    order: Sequence[str],
    kinds: Mapping[str, str],
    format_of_axis: str = "~s",
) -> Chart:
    """Draw a bar of parts for each name: columns name, kind and value."""
    narrow = width < NARROW
    room = width if narrow else width - axis_room(order)
    kind_order = {kind: number for number, kind in enumerate(kinds)}
    numbered = rows.with_columns(polars.col("kind").replace_strict(kind_order, default=99).alias("kind_number"))
    x = altair.X(
        "value:Q",
        title=title,
        stack="zero",
        axis=altair.Axis(tickCount=5, format=format_of_axis),
        scale=altair.Scale(nice=False),
    )
    y = names_unseen(order) if narrow else names_of_rows(order)
    bar = (
        altair.Chart(numbered)
        .mark_bar(stroke=SURFACE, strokeWidth=1)
        .encode(
            x=x,
            y=y,
            color=altair.Color(
                "kind:N", scale=colours(kinds, rows["kind"].to_list()), legend=legend(kinds, rows["kind"], room)
            ),
            order=altair.Order("kind_number:Q"),
        )
    )
    layers: list[Any] = [bar]
    if narrow:
        layers.append(names_above(numbered, order))
    return finished(altair.layer(*layers), width, len(order) * (40 if narrow else 26) + (10 if narrow else 0))


def cells(
    rows: polars.DataFrame,
    width: int,
    *,
    columns: Sequence[str],
    order: Sequence[str],
    kinds: Mapping[str, str],
    dark_kinds: Sequence[str],
    height_of_row: int = 24,
) -> Chart:
    """Draw a table of coloured cells: columns name, column, kind and label. `dark_kinds` are written on in white.

    Where labels would not fit, the colours speak alone.
    """
    room = width - axis_room(order)
    upright = len(columns) * max(room_for(column) for column in columns) > room
    base = altair.Chart(rows.with_columns(polars.col("kind").is_in(list(dark_kinds)).alias("on_dark")))
    x = altair.X(
        "column:N",
        sort=list(columns),
        title=None,
        axis=altair.Axis(orient="top", labelAngle=-90 if upright else 0, grid=False),
        scale=altair.Scale(padding=0.06),
    )
    axis = altair.Axis(grid=False, minExtent=axis_room(order), maxExtent=axis_room(order))
    y = altair.Y("name:N", sort=list(order), title=None, axis=axis, scale=altair.Scale(padding=0.06))
    colour = altair.Color(
        "kind:N", scale=colours(kinds, rows["kind"].to_list()), legend=legend(kinds, rows["kind"], room)
    )
    on_dark = altair.condition("datum.on_dark", altair.value(SURFACE), altair.value(INK))
    marks = [base.mark_rect(cornerRadius=2).encode(x=x, y=y, color=colour)]
    size = 11 if width >= NARROW else 9
    if max(room_for(label) for label in rows["label"]) * size / TEXT <= room / len(columns):
        marks.append(base.mark_text(fontSize=size).encode(x=x, y=y, text="label:N", color=on_dark))
    return finished(altair.layer(*marks), width, len(order) * height_of_row)
