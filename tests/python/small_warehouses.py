"""Small raw zones, and warehouses of their own built from them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import warehouses

ROOT = Path(__file__).parents[2]
RELATION = re.compile(r'"warehouse"\."(\w+)"\."(\w+)"')

Qrels = dict[str, dict[str, int]]
Run = dict[str, dict[str, float]]


def dbt(data: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on a raw zone, with the warehouse, target and logs in a folder of their own."""
    environment = os.environ | {
        "TIKTOK_DATA": str(data),
        "TIKTOK_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PYTHONPATH": str(ROOT),
    }
    command = [str(Path(sys.executable).parent / "dbt"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def build(data: Path, folder: Path, selection: str, **variables: object) -> Path:
    """Build the selected models without their tests and return the warehouse's file."""
    without_tests = ("--exclude-resource-type", "test", "unit_test")
    result = warehouses.build(
        data,
        folder / "warehouse.duckdb",
        select=selection.split(),
        variables=variables,
        arguments=without_tests,
        work=folder,
    )
    assert result.success, result.messages
    return result.warehouse


def outcomes(folder: Path) -> dict[str, str]:
    """Read how each data test of the last dbt command ended: name -> status."""
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    return {result["unique_id"].split(".")[2]: result["status"] for result in tests}


def compiled(folder: Path, model: str) -> str:
    """Return the SQL of a model as a build compiled it, its relations without database and schema."""
    return RELATION.sub(r"\2", _compiled_file(folder, model).read_text())


def relations(folder: Path, model: str) -> set[tuple[str, str]]:
    """Return the schemas and names of what a model's compiled SQL reads."""
    return set(RELATION.findall(_compiled_file(folder, model).read_text()))


def _compiled_file(folder: Path, model: str) -> Path:
    (path,) = (folder / "target" / "compiled" / "tiktok_retrieval" / "models").rglob(f"{model}.sql")
    return path


def write_raw_zone(data: Path, qrels: Qrels, runs: dict[str, Run]) -> None:
    """Write judgements and runs as TREC files, the ranks in them in no order."""
    (data / "collection").mkdir(parents=True)
    (data / "runs").mkdir()
    with (data / "collection" / "qrels.txt").open("w") as file:
        for query, judged in qrels.items():
            file.writelines(f"{query} 0 {document} {grade}\n" for document, grade in judged.items())
    for system, run in runs.items():
        with (data / "runs" / f"{system}.trec").open("w") as file:
            for query, scored in run.items():
                file.writelines(f"{query} Q0 {document} 0 {score!r} {system}\n" for document, score in scored.items())
