"""Whom the demo corpus names, told by other means than the project's own, and where a text tells of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tiktok_retrieval.demo import raw_files


def people() -> set[str]:
    """Return every name in the demo's raw files, read by other means than the warehouse's."""
    names: set[str] = {"rosalind"}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                if key in {"creator-username", "creator-nickname", "commenter-username", "reply-to-username", "author"}:
                    names.add(re.sub(r" · [^·]*$", "", str(part or "")).strip().removeprefix("@").strip())
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    for path in raw_files():
        if "cut_off" not in path.name:
            walk(json.loads(path.read_text()))
    assert len(names) > 100
    # A name of one character is no name that could be told
    return {name for name in names if len(name) > 1}


def telling() -> Callable[[str], set[str]]:
    """Return a function that finds the demo's names and ids in a text, and links to the site."""
    names = {name.casefold() for name in people()}
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?![^\W_])")
    ids = re.compile(r"(?<!\d)7[0-9]{18}(?!\d)")

    def told(text: str) -> set[str]:
        folded = text.casefold()
        offenders = {*pattern.findall(folded), *ids.findall(folded)}
        return offenders | {text} if "tiktok.com/" in folded else offenders

    return told
