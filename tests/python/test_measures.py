"""The measures in SQL equal trec_eval's, on its own test data and on small adversarial rankings of every shape."""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import ir_measures
import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from ir_measures import Judged
from small_warehouses import ROOT, Qrels, Run, build, compiled, relations, write_raw_zone

SHARED = Path(os.environ.get("TIKTOK_SHARED", ROOT.parent / "shared"))
TREC_EVAL = SHARED / "data" / "trec_eval"
COLLECTIONS = SHARED / "data" / "collections"
COLLECTION_NAMES = ("cacm", "cranfield", "npl_vaswani")
TOPICS = 2_000

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
COUNTS: list[tuple[str, list[int | None], str]] = [
    (name, [None], name) for name in ("num_ret", "num_rel", "num_rel_ret")
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

    A query without results scores 0, and so does one whose grades are all negative, on which pytrec_eval crashes; what
    there is to count in them is counted here.
    """
    measures = ORACLE_MEASURES + COUNTS
    names = {f"{name}.{','.join(map(str, cutoffs))}" if cutoffs != [None] else name for _, cutoffs, name in measures}
    safe = {query: judged for query, judged in qrels.items() if max(judged.values()) >= 0}
    evaluated = pytrec_eval.RelevanceEvaluator(safe, names).evaluate(run)
    values = {}
    for query, judged in qrels.items():
        uncounted = {
            "num_ret": len(run.get(query, {})),
            "num_rel": sum(grade > 0 for grade in judged.values()),
        }
        found = evaluated.get(query, uncounted)
        for metric, cutoffs, name in measures:
            for cutoff in cutoffs:
                values[query, metric, cutoff] = float(found.get(name if cutoff is None else f"{name}_{cutoff}", 0))
    return values


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
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the random topics are built."""
    return tmp_path_factory.mktemp("random_topics")


@pytest.fixture(scope="module")
def random_topics(random_folder: Path) -> tuple[Qrels, Run, Values]:
    """2,000 random topics, their run, and what the warehouse makes of them."""
    chance = random.Random(20221122)
    qrels: Qrels = {}
    run: Run = {}
    for number in range(TOPICS):
        judged, retrieved = random_topic(chance)
        qrels[f"q{number}"] = judged
        if retrieved:
            run[f"q{number}"] = retrieved
    write_raw_zone(random_folder / "data", qrels, {"random": run})
    return qrels, run, metric_values(build(random_folder / "data", random_folder, "+query_metrics"), "random")


def test_measures_equal_trec_eval_on_random_topics(random_topics: tuple[Qrels, Run, Values]) -> None:
    """Ties, one document, nothing relevant, negative grades, unjudged documents, nothing retrieved: as trec_eval."""
    qrels, run, ours = random_topics
    assert_equal(ours, oracle_values(qrels, run), "random topics")


MEASURING_MODELS = ["int_documents_ranked", "int_query_runs_judged", "int_judged_documents_ranked", "query_metrics"]


@pytest.fixture(scope="module")
def measure(random_topics: object, random_folder: Path) -> Callable[[Qrels, Run], Values]:
    """The compiled SQL of the measures, from scores to values, over tables in memory."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"attach '{random_folder / 'warehouse.duckdb'}' as warehouse (read_only)")
    given = {
        name: schema
        for model in MEASURING_MODELS
        for schema, name in relations(random_folder, model)
        if name not in MEASURING_MODELS
    }
    for name, schema in given.items():
        connection.execute(f"create table {name} as from warehouse.{schema}.{name} limit 0")
    connection.execute("insert into systems from warehouse.retrieval.systems where system_id = 'random'")

    statements = [f"create or replace table {model} as {compiled(random_folder, model)}" for model in MEASURING_MODELS]

    def fill(into: str, values: Mapping[str, Mapping[str, float]], before: str = "") -> None:
        rows = [(query, document, value) for query, given in values.items() for document, value in given.items()]
        columns = [[row[place] for row in rows] for place in range(3)]
        if rows:
            connection.execute(f"insert into {into} select {before} unnest($1), unnest($2), unnest($3)", columns)

    def run_sql(qrels: Qrels, run: Run) -> Values:
        connection.execute("delete from qrels; delete from stg_runs__results")
        fill("qrels (query_id, doc_id, relevance)", qrels)
        fill("stg_runs__results (system_id, query_id, doc_id, score)", run, "'random',")
        for statement in statements:
            connection.execute(statement)
        rows = connection.execute("select query_id, metric, cutoff, value from query_metrics").fetchall()
        return {(query, metric, cutoff): value for query, metric, cutoff, value in rows}

    return run_sql


# name: (judgements, results, what the reciprocal rank is by hand)
ADVERSARIAL: dict[str, tuple[dict[str, int], dict[str, float], float]] = {
    "all scores tie, the last id comes first": ({"a": 1}, {"a": 1.0, "b": 1.0, "c": 1.0}, 1 / 3),
    "ids that look like numbers are texts": ({"9": 1}, {"9": 1.0, "10": 1.0}, 1),
    "ids are ordered by their bytes": ({"A": 1}, {"a": 1.0, "A": 1.0}, 1 / 2),
    "scores that are one 32-bit float tie": ({"a": 1}, {"a": 1.00000001, "b": 1.0}, 1 / 2),
    "one document, the relevant one": ({"a": 1}, {"a": 0.0}, 1),
    "one document, another one": ({"a": 1, "b": 0}, {"b": -1.0}, 0),
    "one document, not judged": ({"a": 1}, {"x": 1.0}, 0),
    "nothing is relevant": ({"a": 0, "b": 0}, {"a": 2.0, "b": 1.0}, 0),
    "nothing but negative grades": ({"a": -1, "b": -2}, {"a": 2.0, "b": 1.0}, 0),
    "a negative grade first": ({"a": 2, "b": -1}, {"b": 2.0, "a": 1.0}, 1 / 2),
    "what is not judged first": ({"a": 1, "b": 0}, {"x": 3.0, "b": 2.0, "a": 1.0}, 1 / 3),
    "nothing retrieved": ({"a": 1}, {}, 0),
    "graded, in the wrong order": ({"a": 3, "b": 1, "c": 2}, {"b": 3.0, "a": 2.0, "x": 1.0}, 1),
}


def test_measures_equal_trec_eval_on_adversarial_topics(measure: Callable[[Qrels, Run], Values]) -> None:
    """One topic for each trap, beside a topic that nobody judged, which does not count."""
    qrels = {name: judged for name, (judged, _, _) in ADVERSARIAL.items()}
    run = {name: scored for name, (_, scored, _) in ADVERSARIAL.items() if scored} | {"not judged": {"a": 1.0}}
    ours = measure(qrels, run)
    assert {query for query, _, _ in ours} == qrels.keys()
    assert_equal(ours, oracle_values(qrels, run), "adversarial topics")
    by_hand: Values = {(name, "reciprocal_rank", None): value for name, (_, _, value) in ADVERSARIAL.items()}
    assert_equal(ours, by_hand, "adversarial topics by hand")


DOCUMENTS = ["a", "A", "é", "9", "10", "a#", "ß"]
# what is known of one document: its grade (none: unjudged) and its score (none: not retrieved), ties on purpose, two of
# them only once the scores are 32-bit floats
JUDGED_AND_SCORED = st.tuples(
    st.sampled_from([1, 0, None, 2, -1, 3, -2]), st.sampled_from([None, 1.0, 2.0, 1.0 + 1e-9, 0.0, -1.5])
)
HUNDRED_TOPICS = st.lists(st.lists(JUDGED_AND_SCORED, min_size=1, max_size=len(DOCUMENTS)), min_size=100, max_size=100)


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(topics=HUNDRED_TOPICS)
def test_measures_equal_trec_eval_on_10_000_topics_that_hypothesis_draws(
    measure: Callable[[Qrels, Run], Values], topics: list[list[tuple[int | None, float | None]]]
) -> None:
    """A hundred topics at a time, shrunk to the smallest that differs, if one does."""
    qrels: Qrels = {}
    run: Run = {}
    for number, topic in enumerate(topics):
        for document, (grade, score) in zip(DOCUMENTS, topic, strict=False):
            if grade is not None:
                qrels.setdefault(f"q{number}", {})[document] = grade
            if score is not None:
                run.setdefault(f"q{number}", {})[document] = score
    assume(qrels)
    ours = measure(qrels, run)
    assert {query for query, _, _ in ours} == qrels.keys()
    assert_equal(ours, oracle_values(qrels, run), "drawn topics")


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
        if metric.startswith("num_"):
            continue  # no order of ties changes a count
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
            if metric.startswith("num_"):
                continue
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
def trec_eval_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """trec_eval's own test data, its files as they are; with the persistence of its rank-biased precision."""
    if not TREC_EVAL.exists():
        pytest.skip("needs ../shared")
    folder = tmp_path_factory.mktemp("trec_eval")
    (folder / "data" / "collection").mkdir(parents=True)
    (folder / "data" / "runs").mkdir()
    (folder / "data" / "collection" / "qrels.txt").write_bytes((TREC_EVAL / "qrels.test").read_bytes())
    for run in ("results.test", "results.trunc"):
        (folder / "data" / "runs" / f"{run}.trec").write_bytes((TREC_EVAL / run).read_bytes())
    return build(folder / "data", folder, "+system_metrics", rbp_persistence=0.9)


@pytest.mark.parametrize("run", ["results.test", "results.trunc"])
def test_measures_equal_pytrec_eval_on_its_data(trec_eval_warehouse: Path, run: str) -> None:
    """With a complete and a truncated run."""
    theirs = oracle_values(read_qrels(TREC_EVAL / "qrels.test"), read_run(TREC_EVAL / run))
    assert_equal(metric_values(trec_eval_warehouse, run), theirs, run)


PRINTED: dict[str, tuple[str, int | None]] = {
    name if cutoff is None else f"{name}_{cutoff}": (metric, cutoff)
    for metric, cutoffs, name in ORACLE_MEASURES + COUNTS
    for cutoff in cutoffs
} | {"rbp": ("rbp", None), "num_q": ("num_q", None)}


@pytest.mark.parametrize(
    ("expected", "run", "lines"),
    [
        ("out.test", "results.test", 17),
        ("out.test.a", "results.test", 40),
        ("out.test.aq", "results.test", 157),
        ("out.test.aqc", "results.trunc", 157),
    ],
)
def test_measures_equal_trec_evals_printed_output(
    trec_eval_warehouse: Path, expected: str, run: str, lines: int
) -> None:
    """Each topic, and averages, sums and the number of all judged topics, to trec_eval's four decimals."""
    ours = metric_values(trec_eval_warehouse, run)
    with duckdb.connect(str(trec_eval_warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select metric, cutoff, value from evaluation.system_metrics where system_id = ?", [run]
        ).fetchall()
    ours |= {("all", metric, cutoff): value for metric, cutoff, value in rows}
    compared = 0
    for line in (TREC_EVAL / expected).read_text().splitlines():
        name, query, printed = line.split()
        if name not in PRINTED:
            continue
        value = ours[query, *PRINTED[name]]
        assert abs(value - float(printed)) <= 0.5001e-4, (name, query, value, printed)
        compared += 1
    assert compared == lines


def read_shared_runs() -> tuple[Qrels, dict[str, Run]]:
    """Read the three collections' judgements and reference runs, and trec_eval's graded judgements, as one collection.

    The name before a query says where it is from; a run of the same name is one system in all of them.
    """
    qrels: Qrels = {}
    runs: dict[str, Run] = {}
    sources = [(name, COLLECTIONS / name / "qrels.txt", COLLECTIONS / name / "runs") for name in COLLECTION_NAMES]
    for source, judgements, folder in [*sources, ("graded", TREC_EVAL / "qrels.rel_level", TREC_EVAL)]:
        qrels |= {f"{source}-{query}": judged for query, judged in read_qrels(judgements).items()}
        for path in sorted([*folder.glob("*.trec"), *folder.glob("results.*")]):
            run = runs.setdefault(path.name.removesuffix(".trec"), {})
            run |= {f"{source}-{query}": scored for query, scored in read_run(path).items()}
    return qrels, runs


def test_measures_equal_pytrec_eval_on_the_supplied_runs(tmp_path: Path) -> None:
    """Binary and graded judgements; topics that are not judged, and topics that a run has nothing for."""
    if not SHARED.exists():
        pytest.skip("needs ../shared")
    qrels, runs = read_shared_runs()
    assert len(runs) == 12
    write_raw_zone(tmp_path / "data", qrels, runs)
    warehouse = build(tmp_path / "data", tmp_path, "+query_metrics")
    for system, run in runs.items():
        assert_equal(metric_values(warehouse, system), oracle_values(qrels, run), system)
