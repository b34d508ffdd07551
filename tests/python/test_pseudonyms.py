"""Pseudonyms are stable under one key, unlinkable under another, and reach the names inside texts."""

from __future__ import annotations

import re
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_retrieval.pseudonyms import (
    NO_NAMES,
    KnownNames,
    load_key,
    pseudonym_of_id,
    pseudonym_of_person,
    pseudonymise_mentions,
    pseudonymise_music_title,
    pseudonymise_text,
)

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


def person(name: str) -> str:
    pseudonym = pseudonym_of_person(KEY, name)
    assert pseudonym is not None
    return pseudonym


def test_one_person_has_one_pseudonym_however_the_name_is_shown() -> None:
    assert person("jane.doe") == person("@Jane.Doe") == person(" @jane.doe · Creator")
    assert person("jane.doe") != person("jane.d")
    assert re.fullmatch(r"person_[0-9a-f]{12}", person("jane.doe"))
    assert pseudonym_of_person(OTHER_KEY, "jane.doe") != person("jane.doe")


def test_nobody_stays_nobody() -> None:
    for blank in (None, "", "  ", "@"):
        assert pseudonym_of_person(KEY, blank) is None
    assert pseudonym_of_id(KEY, None) is None
    assert pseudonymise_mentions(KEY, None) is None
    assert pseudonymise_music_title(KEY, None) is None


def test_ids_keep_neither_order_nor_time() -> None:
    ids = [7_000_000_000_000_000_000 + number for number in range(200)]
    hidden = [str(pseudonym_of_id(KEY, number)) for number in ids]
    assert len(set(hidden)) == len(ids)
    assert hidden != sorted(hidden)
    assert pseudonym_of_id(KEY, str(ids[0])) == hidden[0]
    assert not any(str(number) in text for number, text in zip(ids, hidden, strict=True))


def test_mentions() -> None:
    text = "thanks @jane.doe, and @Bob_1. see you @ home"
    assert pseudonymise_mentions(KEY, text) == f"thanks @{person('jane.doe')}, and @{person('bob_1')}. see you @ home"
    assert pseudonymise_mentions(KEY, "no one here") == "no one here"


def test_shown_names_with_blanks_are_taken_whole_where_they_are_known() -> None:
    names = KnownNames(["Jane Doe", "Jane", "@Élodie 🌸 · Creator", None, ""])
    assert pseudonymise_mentions(KEY, "hi @Jane Doe !", names) == f"hi @{person('Jane Doe')} !"
    assert pseudonymise_mentions(KEY, "hi @Jane Doeling", names) == f"hi @{person('Jane')} Doeling"
    assert pseudonymise_mentions(KEY, "@élodie 🌸 wow", names) == f"@{person('Élodie 🌸')} wow"
    assert pseudonymise_mentions(KEY, "Jane Doe herself", names) == "Jane Doe herself"


@pytest.mark.parametrize("opening", ["original sound", "Sonido original", "оригинальный звук", "オリジナル楽曲"])
def test_the_nickname_behind_an_original_sound_is_hidden_known_or_not(opening: str) -> None:
    assert pseudonymise_music_title(KEY, f"{opening} - Jane - Doe") == f"{opening} - {person('Jane - Doe')}"


def test_known_nicknames_are_hidden_in_any_music_title() -> None:
    names = KnownNames(["DJ Bread", "Ma"])
    assert pseudonymise_music_title(KEY, "Toast (dj bread remix)", names) == f"Toast ({person('DJ Bread')} remix)"
    assert pseudonymise_music_title(KEY, "Mama - Some Band", names) == "Mama - Some Band"
    assert pseudonymise_music_title(KEY, "Song feat. @dj.bread") == f"Song feat. @{person('dj.bread')}"


def test_known_names_are_hidden_in_any_text_and_once_only() -> None:
    names = KnownNames(["Jane Doe", "person"])
    assert pseudonymise_text(KEY, None, names) is None
    assert pseudonymise_text(KEY, "JANE DOE, @Jane Doe!", names) == f"{person('Jane Doe')}, @{person('Jane Doe')}!"
    assert pseudonymise_text(KEY, "a person, personal", names) == f"a {person('person')}, personal"
    assert pseudonymise_music_title(KEY, "Song @Jane Doe", names) == f"Song @{person('Jane Doe')}"
    # A name that is an everyday word as well can be known behind an @ only
    assert pseudonymise_text(KEY, "so funny @So Funny", NO_NAMES, KnownNames(["so funny"])) == (
        f"so funny @{person('so funny')}"
    )


@given(st.text(), st.lists(st.text(min_size=2, max_size=8), max_size=5))
def test_no_handle_survives_and_nothing_else_is_lost(text: str, names: list[str]) -> None:
    known = KnownNames(names)
    hidden = pseudonymise_mentions(KEY, text, known)
    assert hidden is not None
    assert hidden.count("@") <= text.count("@")
    assert text.split("@")[0] == hidden.split("@")[0]
    for handle in re.findall(r"@(\w+)", hidden):
        assert handle.startswith("person_")
    assert pseudonymise_music_title(KEY, text, known) is not None


def test_the_key_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / ".pseudonym_key"
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(load_key(path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys.append(load_key(path))
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    path.chmod(0o644)
    load_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    for content in ("", "secret", "00ff"):
        path = tmp_path / "key"
        path.write_text(content)
        with pytest.raises(ValueError, match="holds no key"):
            load_key(path)
