"""Our scores against independent implementations on a collection made up here: bm25s, and each paper in numpy."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import bm25s
import numba
import numpy as np
import pytest
import warehouses
from numpy.typing import NDArray
from warehouses import PROJECT, BuildResult, build

Vector = NDArray[np.float64]

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
# SMART notation and slope: every letter at least once
NOTATIONS = [
    ("lnc.ltc", None),
    ("ntc.ntc", None),
    ("bpn.bnn", None),
    ("apc.atn", None),
    ("Lnu.Ltn", 0.2),
    ("ltc.lnu", 0.7),
    ("ntu.lpc", None),
]
# formula and smoothing of language models
MODELS = [("lm_dirichlet", 30.0), ("lm_dirichlet", 2000.0), ("lm_jelinek_mercer", 0.1), ("lm_jelinek_mercer", 0.7)]
# a system that is fused with another on the same words, and a run that none of ours made
MEMBERS = ["oracle_bpn.bnn", "words_bm25_k1.2_b0.75", "theirs"]
# our formula, its smoothing, ranx's normalisation, method and parameters
FUSIONS: list[tuple[str, str, str | None, str, dict[str, int]]] = [
    ("reciprocal_rank", "60", None, "rrf", {"k": 60}),
    ("reciprocal_rank", "5", None, "rrf", {"k": 5}),
    ("comb_sum", "", "min-max", "sum", {}),
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


def project_with_rows(folder: Path, rows: dict[str, list[str]]) -> Path:
    """Return a copy of the project whose seeds have more rows: an experiment is a row."""
    for path in PROJECT.iterdir():
        if path.name in ("models", "macros", "tests", "dbt_project.yml", "profiles.yml"):
            (folder / path.name).symlink_to(path)
    (folder / "seeds").mkdir()
    for path in (PROJECT / "seeds").iterdir():
        added = "".join(row + "\n" for row in rows.get(path.name, ()))
        (folder / "seeds" / path.name).write_text(path.read_text() + added)
    return folder


def made_up_run() -> list[tuple[str, str, float]]:
    """Return a foreign run: some documents of some queries, distinct scores of another scale."""
    documents, queries = made_up_texts()
    chance = random.Random(9)
    return [
        (query_id, doc_id, -1000 + 25 * place + chance.random())
        for query_id in list(queries)[:30]
        for place, doc_id in enumerate(chance.sample(sorted(documents), chance.randint(2, 40)))
    ]


def oracle_rows() -> dict[str, list[str]]:
    """Return rankers and systems on plain words that the seeds themselves do not have."""
    rankers = [
        f"oracle_{notation},tf_idf,,{'' if slope is None else slope},,{notation},,Tested"
        for notation, slope in NOTATIONS
    ]
    rankers += [f"oracle_{formula}_{smoothing},{formula},,,,,{smoothing},Tested" for formula, smoothing in MODELS]
    names = [row.partition(",")[0] for row in rankers]
    return {
        "rankers.csv": rankers,
        "system_definitions.csv": [f"{name},1,{name},equal,any,true,Tested" for name in names],
        "fusions.csv": [
            *(f"fused_{formula}{k},{formula},{' '.join(MEMBERS)},{k},true,Tested" for formula, k, *_ in FUSIONS),
            "fused_with_nobody,comb_sum,theirs nobody,,true,Not built because there is no such member",
        ],
    }


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
    (data / "runs").mkdir()
    (data / "runs/theirs.trec").write_text(
        "".join(f"{query_id} Q0 {doc_id} 1 {score!r} theirs\n" for query_id, doc_id, score in made_up_run())
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouses, "PROJECT", project_with_rows(tmp_path_factory.mktemp("project"), oracle_rows()))
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


@pytest.fixture(scope="module")
def every_system(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The demo corpus with every system of the seeds."""
    result = build(
        PROJECT / "demo",
        tmp_path_factory.mktemp("every") / "warehouse.duckdb",
        select=["+runs", "+explanations", "document_fields", "int_query_weights", "terms", "index_statistics"],
        exclude=["test_type:generic", "test_type:unit"],
        variables={"all_systems": True},
    )
    assert result.success, result.messages
    return result


def test_every_system_of_the_seeds_explains_its_scores(every_system: BuildResult) -> None:
    """What the default build leaves out holds too: weights, and contributions that sum to the scores."""
    result = every_system
    assert result.status("assert_contributions_sum_to_scores") == "pass"
    assert result.status("assert_formulas_give_weights") == "pass"
    assert result.status("assert_rankings_follow_the_ranking_rule") == "pass"
    built = result.rows("select distinct formula from retrieval.systems inner join retrieval.runs using (system_id)")
    assert set(built) == set(result.rows("select distinct formula from retrieval.systems")), "a formula finds nothing"


def test_index_with_few_comments_is_that_of_a_corpus_with_few(every_system: BuildResult, tmp_path: Path) -> None:
    """A row's max_comments does what the var of that name does to every index, and leaves the other indexes alone."""
    few = build(
        PROJECT / "demo",
        tmp_path / "warehouse.duckdb",
        select=["+runs", "index_statistics"],
        exclude=["test_type:data", "test_type:unit"],
        variables={"max_comments": 1},
    )
    assert few.success, few.messages
    query = "select query_id, doc_id, rank, round(score, 9) from retrieval.runs where system_id = '{}' order by all"
    system_id = "bounded_4grams_bm25_k0.9_b0.4"
    found = every_system.rows(query.format("bounded_4grams_1_comments_bm25_k0.9_b0.4"))
    assert found == few.rows(query.format(system_id))
    assert found != every_system.rows(query.format(system_id))
    statistics = (
        "select vocabulary_size, posting_count, round(mean_document_length, 9)"
        " from search_index.index_statistics where index_id = {}"
    )
    assert every_system.rows(statistics.format(40)) == few.rows(statistics.format(6))
    assert every_system.rows(statistics.format(6)) != few.rows(statistics.format(6))
    # readers are told of the field as they know it
    fields = every_system.rows(
        "select distinct field from retrieval.explanations where system_id = 'bounded_4grams_1_comments_bm25_k0.9_b0.4'"
    )
    assert ("comments",) in fields
    assert every_system.rows("select * from search_index.document_fields where field like 'comments_%'") == []


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


@pytest.fixture(scope="module")
def counts() -> tuple[Vector, Vector]:
    """Term frequencies of the made-up documents and queries, a row each, over the words that documents have."""
    documents, queries = made_up_texts()
    known = sorted({token for text in documents.values() for token in text})
    return tuple(  # type: ignore[return-value]
        np.array([[text.count(token) for token in known] for text in texts.values()], dtype=float)
        for texts in (documents, queries)
    )


def vectors_by_letters(counts: Vector, document_frequency: Vector, count: int, letters: str, slope: float) -> Vector:
    """Return weighted vectors, a row each, as Salton and Buckley's letters and Singhal's pivot have them."""
    present = counts > 0
    distinct = np.maximum(present.sum(axis=1, keepdims=True), 1)
    safe = np.where(present, counts, 1)
    term = {
        "n": counts,
        "l": 1 + np.log(safe),
        "a": 0.5 + 0.5 * counts / np.maximum(counts.max(axis=1, keepdims=True), 1),
        "b": np.ones_like(counts),
        "L": (1 + np.log(safe)) / (1 + np.log(np.maximum(counts.sum(axis=1, keepdims=True), 1) / distinct)),
    }[letters[0]]
    rarity = {
        "n": np.ones_like(document_frequency),
        "t": np.log(count / document_frequency),
        "p": np.log(np.maximum((count - document_frequency) / document_frequency, 1)),
    }[letters[1]]
    weighted = np.where(present, term * rarity, 0)
    if letters[2] == "n":
        return weighted
    norm = np.linalg.norm(weighted, axis=1) if letters[2] == "c" else present.sum(axis=1).astype(float)
    norm = (1 - slope) * norm.mean() + slope * norm
    normalised: Vector = np.divide(weighted, norm[:, None], out=np.zeros_like(weighted), where=norm[:, None] > 0)
    return normalised


@pytest.mark.parametrize(("notation", "slope"), NOTATIONS)
def test_tf_idf_scores_equal_those_of_numpy(
    made_up: BuildResult, counts: tuple[Vector, Vector], notation: str, slope: float | None
) -> None:
    """Scores are inner products of the vectors that the notation describes, for documents with a term of the query."""
    texts, queries = counts
    document_frequency = (texts > 0).sum(axis=0).astype(float)
    expected = (
        vectors_by_letters(queries, document_frequency, len(texts), notation[4:], 1)
        @ vectors_by_letters(texts, document_frequency, len(texts), notation[:3], 1 if slope is None else slope).T
    )
    assert_scores(made_up, f"oracle_{notation}", expected, (queries @ texts.T) > 0)


@pytest.mark.parametrize(("formula", "smoothing"), MODELS)
def test_query_likelihoods_equal_those_of_smoothed_models(
    made_up: BuildResult, counts: tuple[Vector, Vector], formula: str, smoothing: float
) -> None:
    """Scores are log-likelihoods of the query, less what is the same for all documents.

    The model of each document is written out and sums to 1, unlike in our formula, which sees only terms that match.
    """
    texts, queries = counts
    lengths = texts.sum(axis=1, keepdims=True)
    collection = texts.sum(axis=0) / texts.sum()
    if formula == "lm_dirichlet":
        models = (texts + smoothing * collection) / (lengths + smoothing)
    else:
        models = (1 - smoothing) * texts / np.maximum(lengths, 1) + smoothing * collection
        models[lengths[:, 0] == 0] = collection
    assert models.sum(axis=1) == pytest.approx(np.ones(len(texts)))
    likelihoods = queries @ np.log(models).T
    same = queries @ np.log(collection) if formula == "lm_dirichlet" else queries @ np.log(smoothing * collection)
    assert_scores(made_up, f"oracle_{formula}_{smoothing}", likelihoods - same[:, None], (queries @ texts.T) > 0)


def assert_scores(made_up: BuildResult, system_id: str, expected: Vector, is_found: NDArray[np.bool_]) -> None:
    """Fail unless a system finds these documents of each query with these scores, and explains the best of them."""
    documents, queries = made_up_texts()
    theirs = {
        (query_id, doc_id): expected[row, column]
        for row, query_id in enumerate(queries)
        for column, doc_id in enumerate(documents)
        if is_found[row, column]
    }
    ours = made_up.rows(f"select query_id, doc_id, score from retrieval.runs where system_id = '{system_id}'")
    assert {(query_id, doc_id): score for query_id, doc_id, score in ours} == pytest.approx(theirs, abs=1e-9)
    explained = made_up.rows(
        "select query_id, doc_id, sum(contribution) from retrieval.explanations "
        f"where system_id = '{system_id}' group by all"
    )
    assert explained
    for query_id, doc_id, score in explained:
        assert score == pytest.approx(theirs[query_id, doc_id], abs=1e-9)


@pytest.mark.parametrize(("formula", "k", "norm", "method", "parameters"), FUSIONS)
def test_fusions_equal_those_of_ranx(
    made_up: BuildResult,
    monkeypatch: pytest.MonkeyPatch,
    formula: str,
    k: str,
    norm: str | None,
    method: str,
    parameters: dict[str, int],
) -> None:
    """The same documents and scores for every query for which each member found documents of several scores."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)  # compiling ranx takes a minute, running it milliseconds
    import ranx  # type: ignore[import-untyped]

    members: dict[str, dict[str, dict[str, float]]] = {}
    for system_id, query_id, doc_id, rank, score in made_up.rows(
        f"select system_id, query_id, doc_id, rank, score from retrieval.runs where system_id in {tuple(MEMBERS)}"
    ):
        # ranx has no rule for ties: what counts ranks is given ours
        value = float(-rank) if method == "rrf" else score
        members.setdefault(system_id, {}).setdefault(query_id, {})[doc_id] = value
    fused = {
        (query_id, doc_id): score
        for query_id, doc_id, score in made_up.rows(
            f"select query_id, doc_id, score from retrieval.runs where system_id = 'fused_{formula}{k}'"
        )
    }
    assert {query_id for query_id, _ in fused} == {query_id for run in members.values() for query_id in run}
    whole = [
        query_id
        for query_id in made_up_texts()[1]
        if all(len(set(run.get(query_id, {}).values())) > 1 for run in members.values())
    ]
    assert len(whole) > 20
    runs = [ranx.Run.from_dict({query_id: run[query_id] for query_id in whole}) for run in members.values()]
    theirs = {
        (query_id, doc_id): float(score)
        for query_id, results in ranx.fuse(runs, norm=norm, method=method, params=parameters).to_dict().items()
        for doc_id, score in results.items()
    }
    assert {key: score for key, score in fused.items() if key[0] in whole} == pytest.approx(theirs, abs=1e-9)


def test_fusion_without_one_of_its_members_is_not_built(made_up: BuildResult) -> None:
    """It would be another system than its row says; a warning names the member."""
    assert made_up.rows("select * from retrieval.systems where system_id = 'fused_with_nobody'") == []
    warnings = [line for line in made_up.warnings if "fusions.csv" in line]
    assert len(warnings) == 1
    assert (
        "fused_with_nobody is not built: its member 'nobody' is neither in seeds/system_definitions.csv" in warnings[0]
    )
