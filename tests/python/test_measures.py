"""The measures in SQL equal trec_eval's, on its own test data and on small adversarial rankings of every shape."""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ir_measures
import numpy as np
import pytest
import pytrec_eval
from ir_measures import Judged
from small_warehouses import ROOT, Qrels, Run, build, write_raw_zone

SHARED = Path(os.environ.get("TIKTOK_SHARED", ROOT.parent / "shared"))
TREC_EVAL = SHARED / "data" / "trec_eval"
TOPICS = 10_000

Values = dict[tuple[str, str, int | None], float]  # (query, metric, cutoff) -> value

# metric, cutoffs, the oracle's name with and without cutoff
ORACLE_MEASURES: list[tuple[str, list[int | None], str]] = [
    ("reciprocal_rank", [None], "recip_rank"),
    ("average_precision", [None], "map"),
    ("r_precision", [None], "Rprec"),
    ("bpref", [None], "bpref"),
    ("ndcg", [None], "ndcg"),
    ("ndcg", [5, 10, 15, 20, 30, 100, 200, 500, 1000], "ndcg_cut"),
    ("precision", [5, 10, 15, 20, 30, 100, 200, 500, 1000], "P"),
    ("recall", [5, 10, 15, 20, 30, 100, 200, 500, 1000], "recall"),
    ("success", [1, 5, 10], "success"),
]


def metric_values(warehouse: Path, system: str) -> Values:
    """Read the values of one system: (query, metric, cutoff) -> value."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select query_id, metric, cutoff, value from evaluation.query_metrics where system_id = ?", [system]
        ).fetchall()
    return {(query, metric, cutoff): value for query, metric, cutoff, value in rows}


def oracle_values(qrels: Qrels, run: Run) -> Values:
    """Compute what pytrec_eval says of every judged query.

    A query without results scores 0, and so does one whose grades are all negative, on which pytrec_eval crashes.
    """
    names = {
        f"{name}.{','.join(map(str, cutoffs))}" if cutoffs != [None] else name for _, cutoffs, name in ORACLE_MEASURES
    }
    safe = {query: judged for query, judged in qrels.items() if max(judged.values()) >= 0}
    evaluated = pytrec_eval.RelevanceEvaluator(safe, names).evaluate(run)
    return {
        (query, metric, cutoff): evaluated.get(query, {}).get(name if cutoff is None else f"{name}_{cutoff}", 0.0)
        for query in qrels
        for metric, cutoffs, name in ORACLE_MEASURES
        for cutoff in cutoffs
    }


def assert_equal(ours: Values, theirs: Values, what: str) -> None:
    """Fail with the first few values that differ by more than 1e-6."""
    different = [
        (key, ours.get(key), value) for key, value in theirs.items() if abs(ours.get(key, math.inf) - value) > 1e-6
    ]
    assert not different, f"{what}: {len(different)} of {len(theirs)} differ: {different[:5]}"


def read_qrels(path: Path) -> Qrels:
    """Read a TREC judgement file."""
    qrels: Qrels = {}
    for line in path.read_text().splitlines():
        query, _, document, grade = line.split()
        qrels.setdefault(query, {})[document] = int(grade)
    return qrels


def read_run(path: Path) -> Run:
    """Read a TREC run; what follows the score is ignored."""
    run: Run = {}
    for line in path.read_text().splitlines():
        query, _, document, _, score, *_ = line.split()
        run.setdefault(query, {})[document] = float(score)
    return run


def random_topic(chance: random.Random) -> tuple[dict[str, int], dict[str, float]]:
    """Draw the judgements and the results of one topic, with ties, gaps and odd grades more often than in life."""
    pool = [chance.choice(["d", "D", "é", "ß", "9", "10", "A", "a#"]) + str(number) for number in range(30)]
    grades = chance.choice([[0, 1], [1], [0], [0, 1, 2, 3], [-2, -1, 0, 1, 2], [-1]])
    judged = {document: chance.choice(grades) for document in chance.sample(pool, chance.randint(1, 25))}
    scores = chance.choice(
        [
            [1.0],
            [1.0, 2.0],
            [0.0, -1.5, 3.25, 1e-12],
            [1.0, 1.0 + 1e-9, 1.0 + 1e-6],  # the first two are one 32-bit float
            [chance.uniform(-5, 5) for _ in range(40)],
        ]
    )
    retrieved = chance.sample(pool, chance.choice([0, 1, 2, 5, 12, 30]))
    return judged, {document: chance.choice(scores) for document in retrieved}


@pytest.fixture(scope="module")
def random_topics(tmp_path_factory: pytest.TempPathFactory) -> tuple[Qrels, Run, Values]:
    """10,000 random topics, their run, and what the warehouse makes of them."""
    chance = random.Random(20221122)
    qrels: Qrels = {}
    run: Run = {}
    for number in range(TOPICS):
        judged, retrieved = random_topic(chance)
        qrels[f"q{number}"] = judged
        if retrieved:
            run[f"q{number}"] = retrieved
    folder = tmp_path_factory.mktemp("random_topics")
    write_raw_zone(folder / "data", qrels, {"random": run})
    return qrels, run, metric_values(build(folder / "data", folder, "+query_metrics"), "random")


def test_measures_equal_trec_eval_on_random_topics(random_topics: tuple[Qrels, Run, Values]) -> None:
    """Ties, one document, nothing relevant, negative grades, unjudged documents, nothing retrieved: as trec_eval."""
    qrels, run, ours = random_topics
    assert_equal(ours, oracle_values(qrels, run), "random topics")


def ranking(scored: dict[str, float]) -> list[str]:
    """Order documents by trec_eval's rule: score as a 32-bit float, then document id, both descending."""
    return sorted(scored, key=lambda document: (np.float32(scored[document]), document.encode()), reverse=True)


def test_other_measures_equal_their_definitions(random_topics: tuple[Qrels, Run, Values]) -> None:
    """Success at 3 and 8, target rank, rank-biased precision and the judged share, which trec_eval lacks."""
    qrels, run, ours = random_topics
    longest = max(len(scored) for scored in run.values())
    theirs: Values = {}
    for query, judged in qrels.items():
        order = ranking(run.get(query, {}))
        relevant_ranks = [rank for rank, document in enumerate(order, 1) if judged.get(document, 0) > 0]
        theirs[query, "target_rank", None] = min(relevant_ranks, default=longest + 1)
        theirs[query, "rbp", None] = sum(0.2 * 0.8 ** (rank - 1) for rank in relevant_ranks)
        for cutoff in (1, 3, 5, 8, 10):
            theirs[query, "success", cutoff] = float(any(rank <= cutoff for rank in relevant_ranks))
        for cutoff in (5, 10, 100):
            top = order[:cutoff]
            theirs[query, "judged", cutoff] = sum(document in judged for document in top) / len(top) if top else 0.0
    assert_equal(ours, theirs, "random topics")


def test_judged_share_equals_ir_measures(random_topics: tuple[Qrels, Run, Values]) -> None:
    """The judged share is ir_measures' Judged, whose ties are ordered otherwise: topics with distinct scores only."""
    qrels, run, ours = random_topics
    distinct = {query: scored for query, scored in run.items() if len(set(scored.values())) == len(scored)}
    distinct = {
        query: {document: float(len(scored) - place) for place, document in enumerate(ranking(scored))}
        for query, scored in distinct.items()
        if len(ranking(scored)) == len(set(map(float, scored.values())))
    }
    theirs: Values = {
        (value.query_id, "judged", value.measure["cutoff"]): value.value
        for value in ir_measures.iter_calc([Judged @ 5, Judged @ 10], {q: qrels[q] for q in distinct}, distinct)
    }
    assert theirs
    assert_equal(ours, theirs, "judged share")


def shuffled_ties(qrels: Qrels, run: Run, chance: random.Random) -> Run:
    """Return the run with scores that keep the order but break every tie at random."""
    broken: Run = {}
    for query in qrels:
        scored = run.get(query, {})
        order = sorted(scored, key=lambda document: (np.float32(scored[document]), chance.random()), reverse=True)
        broken[query] = {document: float(len(order) - place) for place, document in enumerate(order)}
    return broken


def test_expected_measures_are_means_over_random_tie_breaking(random_topics: tuple[Qrels, Run, Values]) -> None:
    """The expected values lie within sampling error of the oracle's mean over 400 random orders of the ties."""
    qrels, run, ours = random_topics
    chance = random.Random(7)
    some = {query: qrels[query] for query in chance.sample(sorted(run), 150)}
    samples: dict[tuple[str, str, int | None], list[float]] = {}
    for _ in range(400):
        for key, value in oracle_values(some, shuffled_ties(some, run, chance)).items():
            samples.setdefault(key, []).append(value)
    too_far = []
    for (query, metric, cutoff), values in samples.items():
        mean = sum(values) / len(values)
        error = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values) / (len(values) - 1))
        expected = ours[query, f"expected_{metric}", cutoff]
        # a rare outcome that no sample shows leaves a zero error
        if abs(expected - mean) > 5.5 * error + 0.02:
            too_far.append((query, metric, cutoff, expected, mean, error))
    assert not too_far, f"{len(too_far)} of {len(samples)}: {too_far[:5]}"


def exact_expectations(qrels: Qrels, run: Run) -> Values:
    """Average the oracle over every order of the ties of small topics."""
    means: Values = {}
    for query, judged in qrels.items():
        groups: dict[float, list[str]] = {}
        for document, score in run.get(query, {}).items():
            groups.setdefault(float(np.float32(score)), []).append(document)
        orders = [
            [document for group in groups_in_order for document in group]
            for groups_in_order in itertools.product(
                *(itertools.permutations(groups[score]) for score in sorted(groups, reverse=True))
            )
        ]
        variants = {
            f"{number}": {document: float(len(order) - place) for place, document in enumerate(order)}
            for number, order in enumerate(orders)
        }
        values = oracle_values(dict.fromkeys(variants, judged), variants)
        for (_, metric, cutoff), value in values.items():
            key = (query, f"expected_{metric}", cutoff)
            means[key] = means.get(key, 0.0) + value / len(variants)
    return means


def test_expected_measures_equal_the_mean_over_all_orders(random_topics: tuple[Qrels, Run, Values]) -> None:
    """On topics with at most five results every order of the ties is tried: equal to 1e-6."""
    qrels, run, ours = random_topics
    small = {query: qrels[query] for query, scored in run.items() if 2 <= len(scored) <= 5}
    some = dict(first(iter(small.items()), 300))
    assert_equal(ours, exact_expectations(some, run), "expected values")


def first(items: Iterator[tuple[str, dict[str, int]]], count: int) -> list[tuple[str, dict[str, int]]]:
    """Return the first items."""
    return [item for item, _ in zip(items, range(count), strict=False)]


@pytest.fixture(scope="module")
def trec_eval_values(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Values]:
    """Build trec_eval's own test data and read the values of each (judgements, run)."""
    if not TREC_EVAL.exists():
        pytest.skip("needs ../shared")
    values = {}
    for judgements in ("qrels.test", "qrels.rel_level"):
        folder = tmp_path_factory.mktemp(judgements)
        (folder / "data" / "collection").mkdir(parents=True)
        (folder / "data" / "runs").mkdir()
        (folder / "data" / "collection" / "qrels.txt").write_bytes((TREC_EVAL / judgements).read_bytes())
        for run in ("results.test", "results.trunc"):
            (folder / "data" / "runs" / f"{run}.trec").write_bytes((TREC_EVAL / run).read_bytes())
        warehouse = build(folder / "data", folder, "+query_metrics")
        for run in ("results.test", "results.trunc"):
            values[judgements, run] = metric_values(warehouse, run)
    return values


@pytest.mark.parametrize("judgements", ["qrels.test", "qrels.rel_level"])
@pytest.mark.parametrize("run", ["results.test", "results.trunc"])
def test_measures_equal_pytrec_eval_on_its_data(
    trec_eval_values: dict[tuple[str, str], Values], judgements: str, run: str
) -> None:
    """Every measure, binary and graded, with a complete and a truncated run."""
    theirs = oracle_values(read_qrels(TREC_EVAL / judgements), read_run(TREC_EVAL / run))
    assert_equal(trec_eval_values[judgements, run], theirs, f"{judgements} {run}")


PRINTED = {
    name if cutoff is None else f"{name}_{cutoff}": (metric, cutoff)
    for metric, cutoffs, name in ORACLE_MEASURES
    for cutoff in cutoffs
}


@pytest.mark.parametrize(
    ("expected", "run"),
    [
        ("out.test", "results.test"),
        ("out.test.a", "results.test"),
        ("out.test.aq", "results.test"),
        ("out.test.aqc", "results.trunc"),
    ],
)
def test_measures_equal_trec_evals_printed_output(
    trec_eval_values: dict[tuple[str, str], Values], expected: str, run: str
) -> None:
    """Each topic and the average over all judged topics, to trec_eval's four decimals."""
    ours = trec_eval_values["qrels.test", run]
    queries = sorted({query for query, _, _ in ours})
    compared = 0
    for line in (TREC_EVAL / expected).read_text().splitlines():
        name, query, printed = line.split()
        if name not in PRINTED:
            continue
        metric, cutoff = PRINTED[name]
        value = (
            sum(ours[each, metric, cutoff] for each in queries) / len(queries)
            if query == "all"
            else ours[query, metric, cutoff]
        )
        assert abs(value - float(printed)) <= 0.5001e-4, (name, query, value, printed)
        compared += 1
    assert compared > 10
