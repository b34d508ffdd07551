"""Make up a collection of realistic text, the same for the same seed: documents and queries, one a line.

The shape is that of the original corpus: words by a Zipf-Mandelbrot law with two slopes, which gives its growth of the
vocabulary; log-normal lengths; known-item queries of about four words, most of them rare, some of them everywhere.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

VOCABULARY = 1_000_000  # words that could occur; a collection uses those that it happens to draw
MEAN_LENGTH = 263  # tokens of a document, as in the original corpus
SHORT_MEAN_LENGTH = 60  # of a million documents, so that they fit on a small machine
SIGMA = 0.62  # of the logarithm of the lengths, as in the original corpus
QUERIES = 1_000
SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvwz" for vowel in "aeiou"]
SEPARATORS = np.array([" ", ", ", ". ", " #", "! "], dtype=object)
SEPARATOR_SHARES = [0.86, 0.06, 0.04, 0.03, 0.01]
BLOCK = 20_000

Integers = npt.NDArray[np.int64]


def word_chances() -> npt.NDArray[np.float64]:
    """Return the cumulated chances of the words, most frequent first."""
    ranks = np.arange(1, VOCABULARY + 1, dtype=np.float64) + 2.7
    weights = ranks**-1.0
    bend = 300
    weights[bend:] = weights[bend] * (ranks[bend:] / ranks[bend]) ** -1.42
    chances: npt.NDArray[np.float64] = np.cumsum(weights / weights.sum())
    return chances


def word(rank: int) -> str:
    """Spell the word of a rank from 0: the more frequent, the shorter."""
    spelled = ""
    while True:
        spelled += SYLLABLES[rank % len(SYLLABLES)]
        rank = rank // len(SYLLABLES) - 1
        if rank < 0:
            return spelled


def mean_length(documents: int) -> int:
    """Return the mean length of a collection of so many documents."""
    return SHORT_MEAN_LENGTH if documents >= 1_000_000 else MEAN_LENGTH


def write_texts(folder: Path, documents: int, seed: int = 7) -> None:
    """Write documents.txt and queries.txt, one text a line."""
    chance = np.random.default_rng(seed)
    chances = word_chances()
    words = np.array([word(rank) for rank in range(VOCABULARY)], dtype=object)
    mean = mean_length(documents)
    asked = set(chance.choice(documents, size=min(QUERIES, documents), replace=False).tolist())
    queries: list[str] = []
    with (folder / "documents.txt").open("w", encoding="ascii") as file:
        for first in range(0, documents, BLOCK):
            count = min(BLOCK, documents - first)
            lengths = np.maximum(1, chance.lognormal(np.log(mean) - SIGMA**2 / 2, SIGMA, count).round().astype(int))
            ends = np.cumsum(lengths)
            tokens = np.searchsorted(chances, chance.random(int(ends[-1])))
            parts = np.empty((len(tokens), 2), dtype=object)
            parts[:, 0] = words[tokens]
            parts[:, 1] = SEPARATORS[chance.choice(len(SEPARATORS), size=len(tokens), p=SEPARATOR_SHARES)]
            parts[ends - 1, 1] = "\n"
            for number, (start, end) in enumerate(zip(ends - lengths, ends, strict=True), start=first):
                file.write("".join(parts[start:end].ravel()).capitalize())
                if number in asked:
                    queries.append(known_item_query(chance, tokens[start:end], words))
    while len(queries) < QUERIES:
        queries.append(queries[len(queries) % documents])
    (folder / "queries.txt").write_text("\n".join(queries) + "\n", encoding="ascii")


def known_item_query(chance: np.random.Generator, tokens: Integers, words: npt.NDArray[np.object_]) -> str:
    """Return what somebody remembers of a document: two thirds its rarer half, one third anything in it."""
    distinct = np.unique(tokens)
    rare = distinct[len(distinct) // 3 :]
    size = int(np.clip(chance.poisson(3.2) + 1, 1, 9))
    chosen = [int(chance.choice(rare if chance.random() < 2 / 3 else tokens)) for _ in range(size)]
    return " ".join(words[token] for token in chosen)
