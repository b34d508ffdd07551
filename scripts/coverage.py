"""Write docs/coverage.md: how often the 95 % intervals of evaluation.system_metrics hold the truth, by simulation.

python scripts/coverage.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
MODELS = ("int_resamples_drawn", "system_metrics")
DATA_SETS = 1000
# authors, queries of each: what the interval is meant for, and about what the original study had
DESIGNS = [(30, 10), (12, 4)]
HEAD = f"""# How often the intervals hold the truth

Made by `scripts/coverage.py`, and a test holds it to the models' SQL; no figure is typed. Each row: {DATA_SETS:,}
simulated data sets whose values look like reciprocal ranks, those of one author being alike (intra-class correlation
about .15), and the share of them whose 95 % interval holds the true mean. `evaluation.system_metrics` gives the
interval over authors where they are known; that over queries, `query_ci_low` to `query_ci_high`, takes the queries of
one author for independent.

| authors | queries of each | interval over authors | interval over queries |
|---|---|---|---|
"""


def draw(authors: int, queries: int, count: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw data sets: a value for each data set, author and query."""
    chance = np.random.default_rng(seed)
    ease = 1.2 + chance.normal(0, 0.9, (count, authors, 1)) + chance.logistic(0, 1, (count, authors, queries))
    return np.select([ease > 0.5, ease > 0, ease > -0.5, ease > -1.5], [1, 0.5, 1 / 3, 0.1], 0.0)


def simulate(models: Mapping[str, str], authors: int, queries: int) -> tuple[float, float]:
    """Return the share of data sets whose interval holds the true mean: over authors, over queries.

    A data set plays the part of a system. `models` is the compiled SQL of MODELS, without databases and schemas.
    """
    truth = np.mean([draw(authors, queries, 2000, seed).mean() for seed in range(100, 110)])
    ids = [(author, f"q{author}.{number}") for author in range(authors) for number in range(queries)]
    units = pd.DataFrame(
        [("author", query, author + 1) for author, query in ids]
        + [("query", query, place) for place, (_, query) in enumerate(ids, 1)],
        columns=["unit_kind", "query_id", "unit_number"],
    )
    values = pd.DataFrame(
        {
            "system_id": np.repeat([f"s{number}" for number in range(DATA_SETS)], len(ids)),
            "query_id": [query for _, query in ids] * DATA_SETS,
            "metric": "reciprocal_rank",
            "value": draw(authors, queries, DATA_SETS, authors).ravel(),
        }
    )
    with duckdb.connect() as connection:
        connection.register("units", units)
        connection.register("simulated", values)
        connection.execute("create table int_query_units_numbered as select * from units")
        connection.execute("create table query_metrics as select *, null::integer as cutoff from simulated")
        connection.execute(f"create table int_resamples_drawn as {models['int_resamples_drawn']}")
        covered = connection.execute(
            f"""
            select
                avg((ci_low <= {truth} and ci_high >= {truth})::integer),
                avg((query_ci_low <= {truth} and query_ci_high >= {truth})::integer)
            from ({models["system_metrics"]}) as system_metrics
            where metric = 'reciprocal_rank'
            """
        ).fetchone()
    assert covered is not None
    return covered


def row(authors: int, queries: int, over_authors: float, over_queries: float) -> str:
    """Return a line of the table."""
    return f"| {authors} | {queries} | {100 * over_authors:.1f} % | {100 * over_queries:.1f} % |"


def compile_models(folder: Path) -> dict[str, str]:
    """Have dbt compile the models, for an empty raw zone in the folder."""
    environment = os.environ | {"TIKTOK_DATA": str(folder), "TIKTOK_WAREHOUSE": str(folder / "warehouse.duckdb")}
    environment |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--select", *MODELS]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"dbt compile failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    files = {path.stem: path for path in (folder / "target" / "compiled").rglob("*.sql")}
    return {model: re.sub(r'"warehouse"\."\w+"\.', "", files[model].read_text()) for model in MODELS}


def main() -> None:
    """Simulate and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        models = compile_models(Path(folder))
    rows = [row(*design, *simulate(models, *design)) for design in DESIGNS]
    (PROJECT / "docs" / "coverage.md").write_text(HEAD + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
