"""Strings that nobody means well: seeded, so that each run asks the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

PIECES = (
    *"'\"`;,.:()[]{}<>|\\/%_$?*+-=~^&#@!",
    *"\t\n\r\x00\x1f\x7f\u00a0\u200b\u200d\ufe0f\u0301\u202e\u2028\ufeff\ufffd",
    *("''", "--", "/*", "*/", "$1", "$query", "%s", "{{ query }}", "\\x00", "[^", "(?i)", "\\p{L}", "null", "true"),
    *("' or '1'='1", "'; drop table search.searchable_postings; --", "union select * from corpus.tiktoks", "1e999"),
    *("knight", "besties", "sword", "fight", "the", "A", "goose's", "caf\u00e9", "STRASSE", "stra\u00dfe"),
    *("\u65e5\u672c\u8a9e", "\u304c\u597d\u304d", "\u30c6\u30b9\u30c8", "\ud55c\uad6d\uc5b4", "\u4e2d\u6587"),
    *("\u0645\u0631\u062d", "\u05e9\u05dc\u05d5\u05dd", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u03b1\u03b2"),
    *("\U0001f525", "\U0001f44d\U0001f3fd", "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f1e9\U0001f1ea", "\U000e0067"),
    *("\U0001f469\u200d\U0001f469\u200d\U0001f467", "e\u0301", "\uff43\uff41", "\ufb01", "\u2126", "\U0001d4d0"),
)  # fmt: skip


def hostile_strings(count: int, seed: int = 2022) -> Iterator[str]:
    """Yield strings of pieces and of random characters, most of them short, the longest of 10,000 characters."""
    generator = random.Random(seed)
    yield from ("", " ", "\x00", "'", "\u0301", "x" * 10_000, "'" * 10_000)
    yield from ("\u65e5\u672c" * 5_000, "\U0001f525" * 10_000, "\u00e9 " * 5_000)
    for _ in range(count - 10):
        parts = [
            generator.choice(PIECES) if generator.random() < 0.8 else _character(generator)
            for _ in range(generator.randint(1, 14))
        ]
        yield generator.choice(("", " ", " ", "  ")).join(parts)


def _character(generator: random.Random) -> str:
    while True:
        code_point = generator.choice((generator.randint(0, 0x2FFF), generator.randint(0, 0x10FFFF)))
        if not 0xD800 <= code_point <= 0xDFFF:
            return chr(code_point)
