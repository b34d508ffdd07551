"""Our scores against bm25s, an independent implementation of the BM25 family, on collections made up here."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from typing import Any

import bm25s  # type: ignore[import-untyped]
import pytest
from warehouses import BuildResult, build

VOCABULARY = [f"w{number}" for number in range(40)]
K1, B = 1.2, 0.75
# our system, bm25s' method, its idf method, its delta
VARIANTS = [
    ("words_bm25_k1.2_b0.75", "lucene", "lucene", 0.0),
    ("words_bm25_robertson_k1.2_b0.75", "robertson", "robertson", 0.0),
    ("words_bm25_atire_k1.2_b0.75", "atire", "atire", 0.0),
    ("words_bm25l_k1.2_b0.75", "bm25l", "bm25l", 0.5),
    ("words_bm25plus_k1.2_b0.75", "bm25+", "bm25+", 1.0),
]


def made_up_texts() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return documents and queries as token lists: skewed words, two empty documents, repeated query terms."""
    chance = random.Random(20)
    weights = [1 / rank for rank in range(1, len(VOCABULARY) + 1)]
    documents = {f"d{number:03}": chance.choices(VOCABULARY, weights, k=chance.randint(1, 60)) for number in range(120)}
    documents |= {"d200": [], "d201": []}
    queries = {f"q{number:02}": chance.choices(VOCABULARY, k=chance.randint(1, 6)) for number in range(40)}
    queries |= {"q90": ["w3", "w3", "w5"], "q91": ["unheard"]}
    return documents, queries


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """A warehouse of the made-up collection."""
    data = tmp_path_factory.mktemp("made_up")
    (data / "collection").mkdir()
    documents, queries = made_up_texts()
    lines = [json.dumps({"id": doc_id, "title": "", "text": " ".join(text)}) for doc_id, text in documents.items()]
    (data / "collection/documents.jsonl").write_text("\n".join(lines) + "\n")
    (data / "collection/queries.tsv").write_text(
        "".join(f"{query_id}\t{' '.join(text)}\n" for query_id, text in queries.items())
    )
    (data / "collection/qrels.txt").write_text("".join(f"{query_id} 0 d000 1\n" for query_id in queries))
    result = build(data, data / "warehouse.duckdb", select=["+runs", "+explanations", "index_statistics"])
    assert result.success, result.messages
    return result


def nonoccurrence(method: str, token: str, frequencies: Counter[str], count: int, delta: float) -> float:
    """Return what bm25s adds for a query term that the document lacks: our systems, as the papers, add nothing."""
    if method == "bm25l":
        return math.log((count + 1) / (frequencies[token] + 0.5)) * (K1 + 1) * delta / (K1 + delta)
    return math.log((count + 1) / frequencies[token]) * delta if method == "bm25+" else 0.0


@pytest.mark.parametrize(("system_id", "method", "idf_method", "delta"), VARIANTS)
def test_scores_equal_those_of_bm25s(
    made_up: BuildResult, system_id: str, method: str, idf_method: str, delta: float
) -> None:
    """Every score of every query is that of bm25s, to 1e-9; what it scores and we do not find has no query term."""
    documents, queries = made_up_texts()
    ids, frequencies = list(documents), Counter(token for text in documents.values() for token in set(text))
    oracle: Any = bm25s.BM25(k1=K1, b=B, delta=delta, method=method, idf_method=idf_method, dtype="float64")
    oracle.index([documents[doc_id] for doc_id in ids], show_progress=False)
    found = {
        (query_id, doc_id): score
        for query_id, doc_id, score in made_up.rows(
            f"select query_id, doc_id, score from retrieval.runs where system_id = '{system_id}'"
        )
    }
    assert found
    for query_id, query in queries.items():
        known = [token for token in query if token in frequencies]
        scores = oracle.get_scores(known) if known else [0.0] * len(ids)
        for doc_id, score in zip(ids, scores, strict=True):
            text = set(documents[doc_id])
            absent = [token for token in known if token not in text]
            added = sum(nonoccurrence(method, token, frequencies, len(ids), delta) for token in absent)
            if len(absent) == len(known):
                assert (query_id, doc_id) not in found
            else:
                assert found[query_id, doc_id] == pytest.approx(float(score) - added, abs=1e-9), (query_id, doc_id)


def test_document_frequencies_and_lengths_are_those_of_the_texts(made_up: BuildResult) -> None:
    """The index counts what is there: terms, documents, tokens, empty documents included."""
    documents, _ = made_up_texts()
    frequencies = Counter(token for text in documents.values() for token in set(text))
    occurrences = Counter(token for text in documents.values() for token in text)
    terms = made_up.rows(
        "select term, document_frequency, collection_frequency from search_index.terms where index_id = 1"
    )
    assert {term: (df, cf) for term, df, cf in terms} == {
        token: (frequencies[token], occurrences[token]) for token in frequencies
    }
    statistics = made_up.rows(
        "select document_count, mean_document_length from search_index.index_statistics where index_id = 1"
    )
    assert statistics == [(len(documents), pytest.approx(sum(occurrences.values()) / len(documents), abs=1e-12))]
