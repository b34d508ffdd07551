"""The original study's grid without a database: dictionaries, scipy's sparse matrices and ranx, as one would write it.

Not naive: n-grams are counted once for each size and group of fields, an index of several groups is a sum of their
matrices, only the queries' columns are multiplied, and ranx sees the first hundred results only.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from scipy import sparse

GROUPS = (1, 2, 4, 8)
INDEX_SETS = (1, 3, 5, 7, 9, 11, 13, 15)
WEIGHTINGS = [(term_weight, collection_weight) for collection_weight in "xfp" for term_weight in "bt"]
RANKED = 100

Matrix = Any  # scipy's sparse matrices and numpy's arrays have no types that say more here
Texts = list[tuple[int, int | None, str]]  # document or query, group of fields (none: a query), cleaned text
# ngram_size, attributed, field_set, term_weight, collection_weight, normaliser
Experiment = tuple[int, bool, int, str, str, str]


def clean(text: str) -> str:
    """Clean a normalised text as the study did."""
    return re.sub(r"[^\w@# ]", "", re.sub(r"[\s\x0b/-]+", " ", text, flags=re.ASCII), flags=re.ASCII)


def tokens(text: str, ngram_size: int) -> list[str]:
    """Return the words (0) or the n-grams of a text."""
    if ngram_size == 0:
        return [word for word in text.split(" ") if word]
    return [text[start : start + ngram_size] for start in range(len(text) - ngram_size + 1)]


def count_terms(texts: Texts, ngram_size: int, documents: int, queries: list[int]) -> tuple[dict[int, Matrix], Matrix]:
    """Return the frequencies of terms in documents for each group of fields, and which terms each query has."""
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    rows: dict[int, list[int]] = {group: [] for group in GROUPS}
    columns: dict[int, list[int]] = {group: [] for group in GROUPS}
    asked: dict[int, list[int]] = {}
    for number, group, text in texts:
        found = [vocabulary[token] for token in tokens(text, ngram_size)]
        if group is None:
            asked[number] = found
        else:
            rows[group] += [number - 1] * len(found)
            columns[group] += found
    frequencies = {
        group: sparse.csr_matrix(
            (np.ones(len(rows[group])), (rows[group], columns[group])), shape=(documents, len(vocabulary))
        )
        for group in GROUPS
    }
    wanted = sparse.lil_matrix((len(queries), len(vocabulary)))
    for place, number in enumerate(queries):
        wanted[place, asked[number]] = 1
    return frequencies, wanted.tocsr()


def collection_weights(weight: str, document_frequencies: Matrix, documents: int) -> Matrix:
    """Return the weight of each term in the collection."""
    known = np.maximum(document_frequencies, 1)
    if weight == "f":
        return np.log2(documents / known)
    if weight == "p":
        rest = documents - known
        return np.where(rest > 0, np.log2(np.maximum(rest, 1) / known), 0.0)
    return np.ones(len(document_frequencies))


def score_fields(frequencies: Matrix, wanted: Matrix, documents: int) -> dict[tuple[str, str], tuple[Matrix, Matrix]]:
    """Return, for each weighting, the scores (document x query) and the squared lengths of the documents."""
    document_frequencies = np.bincount(frequencies.indices, minlength=frequencies.shape[1])
    asked = np.unique(wanted.indices)
    seen, queries = frequencies[:, asked], wanted[:, asked].T.tocsr()
    scored = {}
    for term_weight, collection_weight in WEIGHTINGS:
        weights = collection_weights(collection_weight, document_frequencies, documents)
        values = frequencies.data if term_weight == "t" else np.ones(len(frequencies.data))
        values = values * weights[frequencies.indices]
        parts = np.repeat(np.arange(documents), np.diff(frequencies.indptr))
        lengths = np.bincount(parts, weights=values * values, minlength=documents)
        data = seen.data if term_weight == "t" else np.ones(len(seen.data))
        weighted = sparse.csr_matrix((data * weights[asked][seen.indices], seen.indices, seen.indptr), seen.shape)
        scored[term_weight, collection_weight] = (weighted @ queries).toarray(), lengths
    return scored


class Judge:
    """Where the targets stand, by counting and by ranx."""

    def __init__(self, query_ids: list[str], targets: Matrix) -> None:
        """Take the queries in the order of the columns of the scores."""
        from ranx import Qrels  # type: ignore[import-untyped, unused-ignore]

        self.query_ids, self.targets = query_ids, targets
        self.qrels = Qrels({query: {str(target): 1} for query, target in zip(query_ids, targets, strict=True)})
        self.seconds = 0.0

    def place(self, scores: Matrix, is_retrieved: Matrix) -> list[tuple[int, int] | None]:
        """Return the ranks that each target can have, from 1; none where it is not retrieved."""
        columns = np.arange(len(self.targets))
        own = scores[self.targets, columns]
        higher = ((scores > own) & is_retrieved).sum(axis=0)
        no_lower = ((scores >= own) & is_retrieved).sum(axis=0)
        found = is_retrieved[self.targets, columns]
        return [
            (int(low) + 1, int(high)) if there else None
            for low, high, there in zip(higher, no_lower, found, strict=True)
        ]

    def reciprocal_ranks(self, scores: Matrix, is_retrieved: Matrix) -> list[float]:
        """Return the reciprocal rank of each target among the first results, as ranx has it."""
        from ranx import Run, evaluate

        begin = process_time()
        ranked = np.where(is_retrieved, scores, -np.inf)
        top = np.argsort(-ranked, axis=0, kind="stable")[:RANKED]
        run: dict[str, dict[str, float]] = {}
        for column, query in enumerate(self.query_ids):
            best = top[:, column]
            best = best[is_retrieved[best, column]]
            # a query that finds nothing still counts
            run[query] = dict(zip(map(str, best), ranked[best, column].tolist(), strict=True)) or {"none": 0.0}
        values = evaluate(self.qrels, Run(run), "mrr", return_mean=False)
        self.seconds += process_time() - begin
        return [float(value) for value in values]


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Run all experiments; return the size of each vocabulary, the interval and the reciprocal rank of each target."""
    documents: int = given["documents"]
    known_items = sorted(given["known_items"])  # query_number, query_id, document_number of its target
    queries = [number for number, _, _ in known_items]
    texts = [(number, group, clean(text)) for number, group, text in given["texts"]]
    texts = [text for text in texts if text[1] is not None or text[0] in queries]
    judge = Judge([query for _, query, _ in known_items], np.array([target - 1 for _, _, target in known_items]))
    sizes: dict[str, int] = {}
    ranks: dict[str, Any] = {}
    for ngram_size in (0, 4, 5, 6, 7):
        frequencies, wanted = count_terms(texts, ngram_size, documents, queries)
        single = {group: score_fields(frequencies[group], wanted, documents) for group in GROUPS}
        for field_set in INDEX_SETS:
            groups = [group for group in GROUPS if field_set & group]
            united_frequencies = sum(frequencies[group] for group in groups[1:]) + frequencies[1]
            united = score_fields(united_frequencies, wanted, documents) if len(groups) > 1 else single[1]
            attributed = {
                weighting: tuple(sum(single[group][weighting][part] for group in groups) for part in (0, 1))
                for weighting in WEIGHTINGS
            }
            sizes[f"{ngram_size} {field_set} False"] = len(np.unique(united_frequencies.indices))
            sizes[f"{ngram_size} {field_set} True"] = sum(
                len(np.unique(frequencies[group].indices)) for group in groups
            )
            is_retrieved = united["b", "x"][0] > 0
            for is_attributed, scored in ((False, united), (True, attributed)):
                for (term_weight, collection_weight), (scores, lengths) in scored.items():
                    norms = np.sqrt(lengths)[:, np.newaxis]
                    cosines = np.divide(scores, norms, out=np.zeros_like(scores), where=norms > 0)
                    for normaliser, values in (("x", scores), ("c", cosines)):
                        rounded = np.round(values, 9)
                        name = (
                            f"{ngram_size} {field_set} {is_attributed} {term_weight} {collection_weight} {normaliser}"
                        )
                        ranks[name] = [
                            judge.place(rounded, is_retrieved),
                            judge.reciprocal_ranks(rounded, is_retrieved),
                        ]
    return {"sizes": sizes, "ranks": ranks, "query_ids": judge.query_ids, "ranx_seconds": judge.seconds}


if __name__ == "__main__":
    source, target = (Path(argument) for argument in sys.argv[1:])
    target.write_text(json.dumps(run(json.loads(source.read_text()))))
