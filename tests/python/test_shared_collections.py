"""The reference runs of three text collections, document by document, where the shared data lie beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from warehouses import build

SHARED = Path(os.environ.get("TIKTOK_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "collections"
FORMULAS = {
    "lucene": "bm25",
    "robertson": "bm25_robertson",
    "atire": "bm25_atire",
    "bm25l_lvzhai": "bm25l",
    "bm25plus_lvzhai": "bm25plus",
}

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """Return the documents and scores of a TREC run by query, in the order of the file."""
    run: dict[str, list[tuple[str, float]]] = {}
    for line in path.read_text().splitlines():
        query_id, _, doc_id, _, score, _ = line.split()
        run.setdefault(query_id, []).append((doc_id, float(score)))
    return run


@pytest.mark.parametrize("collection", ["cacm", "cranfield", "npl_vaswani"])
def test_reference_runs_are_reproduced(collection: str, tmp_path: Path) -> None:
    """Same documents, same order, scores within 1e-9, for every run of the collection."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "collection").symlink_to(SHARED / collection)
    result = build(data, tmp_path / "warehouse.duckdb", select=["+int_documents_ranked"])
    assert result.success, result.messages
    runs = sorted((SHARED / collection / "runs").glob("*.trec"))
    assert runs
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        for path in runs:
            name, k1, b = path.stem.rsplit("_", 2)
            reference = read_run(path)
            depth = max(len(results) for results in reference.values())
            found: dict[str, list[tuple[str, float]]] = {}
            query = """
                select query_id, doc_id, score
                from retrieval.int_documents_ranked
                where system_id = ? and rank <= ?
                order by query_id, rank
            """
            system_id = f"words_{FORMULAS[name]}_{k1}_{b}"
            for query_id, doc_id, score in connection.execute(query, [system_id, depth]).fetchall():
                found.setdefault(query_id, []).append((doc_id, score))
            for query_id, results in reference.items():
                ours = found[query_id]
                assert [doc_id for doc_id, _ in ours] == [doc_id for doc_id, _ in results], (path.stem, query_id)
                differences = [abs(score - theirs) for (_, score), (_, theirs) in zip(ours, results, strict=True)]
                assert max(differences) <= 1e-9, (path.stem, query_id)
