"""Replace names and ids by keyed hashes, stable within a project and meaningless without its key.

This is pseudonymisation, never anonymisation: who holds the key can link every pseudonym, and what people say about
themselves in their texts stays in their texts. The functions are pure: text in, text out, None stays None.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

KEY_BYTES = 32
KEY_FILE = ".pseudonym_key"
# 48 bits: among a million names two share a pseudonym with a probability of 0.2 %
PERSON_DIGITS = 12
# 64 bits: among a million ids with a probability of 3 in 100 million
ID_DIGITS = 16

# What the site shows behind a name, and is no part of it
ROLE = re.compile(r"\s*·\s*[^·]*\Z")
# A handle: letters, digits, underscores and full stops, but not the full stop that ends a sentence
HANDLE = re.compile(r"@([\w](?:[\w.]*\w)?)")
# Where a name may begin: with a word, not within one, or with a sign
NAME_START = re.compile(r"(?<![^\W_])[^\W_]|_|[^\w\s]")
# How the site names a sound that its creator recorded, in the languages of its layouts; a nickname follows
ORIGINAL_SOUND = re.compile(
    r"\A\s*(original sound|sonido original|som original|son original|originalton|suono originale|origineel geluid|"
    r"oryginalny dźwięk|oryginalny dzwięk|оригинальный звук|оригінальний звук|orijinal ses|suara asli|bunyi asal|"
    r"nhạc nền|originalljud|original lyd|alkuperäinen ääni|původní zvuk|eredeti hang|sunet original|πρωτότυπος ήχος|"
    r"オリジナル楽曲|原声|原聲|오리지널 사운드|الصوت الأصلي|เสียงต้นฉบับ)\s*[-–—]\s*(?P<name>.+?)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


def load_key(path: Path) -> bytes:
    """Return the project's key, made at the first call and readable by its owner only.

    Keep it out of the warehouse and of everything that is handed over; without it no pseudonym can be linked to
    another project's. Raises ValueError for a file that holds no key, OSError when it cannot be read or made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # mkstemp makes the file readable by its owner only
        descriptor, unfinished = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, fails where another process was faster: then its key is the key
            os.link(unfinished, path)
        except FileExistsError:
            pass
        finally:
            Path(unfinished).unlink()
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise ValueError(f"{path} holds no key") from error
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} holds no key of {KEY_BYTES} bytes")
    return key


def plain_name(name: str) -> str:
    """Return a name as names are compared: without @, role, case and differences of spelling in Unicode."""
    text = unicodedata.normalize("NFKC", name).strip().lstrip("@").strip()
    return ROLE.sub("", text).strip().casefold()


def _digest(key: bytes, kind: str, value: str, digits: int) -> str:
    return hmac.new(key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:digits]


def pseudonym_of_person(key: bytes, name: str | None) -> str | None:
    """Return the pseudonym of a person's handle, shown name or nickname; None for None and for a blank name.

    '@Name', 'name' and 'Name · Creator' are one person; a handle and a nickname of the same person are two.
    """
    if name is None or not plain_name(name):
        return None
    return f"person_{_digest(key, 'person', plain_name(name), PERSON_DIGITS)}"


def pseudonym_of_id(key: bytes, identifier: str | int | None) -> str | None:
    """Return the pseudonym of a TikTok's or comment's id; it keeps neither order nor the time that ids hold."""
    if identifier is None or not str(identifier).strip():
        return None
    return f"id_{_digest(key, 'id', str(identifier).strip(), ID_DIGITS)}"


class KnownNames:
    """Shown names that may hold blanks and signs, to be found in texts as words of their own."""

    def __init__(self, names: Iterable[str | None]) -> None:
        """Index the names by their first two characters; names of a single character are too common to be told."""
        found: dict[str, set[tuple[int, str]]] = {}
        for name in {ROLE.sub("", name).strip().lstrip("@").strip() for name in names if name}:
            if len(name) >= 2:
                found.setdefault(name[:2].casefold(), set()).add((len(name), name.casefold()))
        # One look-up for each length that occurs, however many names begin alike
        self._by_start = {
            start: (sorted({length for length, _ in names_of_start}, reverse=True), names_of_start)
            for start, names_of_start in found.items()
        }

    def at(self, text: str, position: int) -> str | None:
        """Return the longest known name that begins at a position and ends with a word."""
        same_start = self._by_start.get(text[position : position + 2].casefold())
        if same_start is None:
            return None
        lengths, names = same_start
        for length in lengths:
            end = position + length
            part = text[position:end]
            if (length, part.casefold()) in names and len(part) == length and not _is_word(text[end - 1 : end + 1]):
                return part
        return None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where known names stand as words of their own, from left to right, without overlap."""
        position = 0
        for start in NAME_START.finditer(text):
            found = self.at(text, start.start()) if start.start() >= position else None
            if found is not None:
                position = start.start() + len(found)
                yield start.start(), position


NO_NAMES = KnownNames(())


def _is_word(pair: str) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return len(pair) == 2 and pair[0].isalnum() and pair[1].isalnum()


def pseudonymise_mentions(key: bytes, text: str | None, names: KnownNames = NO_NAMES) -> str | None:
    """Return a text in which whoever is mentioned with an @ has a pseudonym; the rest stays as it is.

    A known shown name is taken whole, blanks included; of an unknown one only the first word can be told.
    """
    if text is None or "@" not in text:
        return text
    return _replace_persons(key, text, names, NO_NAMES)


def pseudonymise_text(
    key: bytes, text: str | None, names: KnownNames, mentionable: KnownNames | None = None
) -> str | None:
    """Return a text in which mentioned persons and known names, wherever they stand as words, have pseudonyms.

    `mentionable` are the names that are known behind an @, where they are more than those that are known everywhere.
    """
    if text is None:
        return None
    return _replace_persons(key, text, mentionable or names, names)


def pseudonymise_music_title(key: bytes, title: str | None, names: KnownNames = NO_NAMES) -> str | None:
    """Return a music title without nicknames: the one behind 'original sound -' or its translations, and known ones."""
    if title is None:
        return None
    original = ORIGINAL_SOUND.match(title)
    if original is not None:
        return title[: original.start("name")] + (pseudonym_of_person(key, original.group("name")) or "")
    return _replace_persons(key, title, names, names)


def _replace_persons(key: bytes, text: str, mentionable: KnownNames, names: KnownNames) -> str:
    """Replace whoever stands behind an @, and known names between them; what was put in is not looked at again."""
    parts: list[str] = []
    position = 0
    while (at := text.find("@", position)) >= 0:
        parts.append(_replace_names(key, text[position:at], names))
        handle = HANDLE.match(text, at)
        known = mentionable.at(text, at + 1)
        name = max(known or "", handle.group(1) if handle else "", key=len)
        # Without the @ in front a mail address would stay half readable: it is taken as a mention as well
        parts.append(f"@{pseudonym_of_person(key, name) or ''}")
        position = at + 1 + len(name)
    parts.append(_replace_names(key, text[position:], names))
    return "".join(parts)


def _replace_names(key: bytes, text: str, names: KnownNames) -> str:
    parts: list[str] = []
    position = 0
    for start, end in names.spans(text):
        parts += [text[position:start], pseudonym_of_person(key, text[start:end]) or ""]
        position = end
    parts.append(text[position:])
    return "".join(parts)
