"""Pages made from templates; whatever they show is escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import jinja2
from fastapi.responses import HTMLResponse

from viewer.corpus import Corpora, Corpus
from viewer.messages import QUERY_CHARACTERS
from viewer.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
FIELDS = {
    "creator_username": "User name",
    "creator_nickname": "Nickname",
    "description": "Description",
    "music_title": "Music",
    "comments": "Comment",
    "speech": "Speech",
    "cover_text": "On the cover",
    "captions": "Captions",
}


def environment() -> jinja2.Environment:
    """Return the templates."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["duration"] = duration
    templates.filters["field"] = lambda name: FIELDS.get(name, name)
    templates.filters["hue"] = lambda text: sum(map(ord, text or "")) % 12
    templates.filters["when"] = when
    templates.filters["figure"] = lambda value: "–" if value is None else f"{value:.3f}"
    return templates


def page_settings(settings: Settings, *, names_are_shown: bool, source: Literal["server", "files"]) -> str:
    """Return what the scripts of the start page have to know."""
    return json.dumps(
        {
            "delaySeconds": settings.delay_minutes * 60,
            "queryGoal": settings.query_goal,
            "queryCharacters": QUERY_CHARACTERS,
            "appVersion": settings.app_version,
            "namesAreShown": names_are_shown,
            "source": source,
        }
    )


def duration(seconds: Any) -> str:
    """Return a duration in words: 42 s, 7 min, 2 h 5 min, 3 days."""
    if not isinstance(seconds, int | float):
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def when(moment: Any) -> str:
    """Return a moment of a ledger's line in words."""
    try:
        return datetime.fromisoformat(str(moment)).astimezone(UTC).strftime("%d %b %Y %H:%M UTC")
    except ValueError:
        return "–"


class Pages:
    """What every page can use."""

    def __init__(self, corpora: Corpora) -> None:
        """Take where the newest snapshot comes from."""
        self._corpora = corpora
        self._templates = environment()

    @property
    def corpus(self) -> Corpus:
        """The newest snapshot."""
        return self._corpora.current

    def page(self, name: str, status: int = 200, **values: object) -> HTMLResponse:
        """Return a page made from a template."""
        return HTMLResponse(self._templates.get_template(name).render(**values), status)
