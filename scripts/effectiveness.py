"""Write docs/effectiveness.md: how well ours rank three text collections, cut at 100 results as the references are.

    python scripts/effectiveness.py ../shared/data/collections

Each collection is built with all systems; their runs are exported, cut at 100, and judged again as runs of other
systems, by the same models. Every figure on the page comes out of `evaluation.system_metrics`, or out of the
collection's own metrics.json where it says "reference".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from tiktok_retrieval.exports import OWN_PREFIX

PROJECT = Path(__file__).resolve().parents[1]
DEPTH = 100
# our systems, and the key of metrics.json that is the same function of the same terms
SYSTEMS = {
    "words_bm25_k1.2_b0.75": "lucene_k1.2_b0.75",
    "words_english_bm25_k1.2_b0.75": "lucene_stop33_snowball_en_k1.2_b0.75",
    "words_stemmed_bm25_k0.9_b0.4": "lucene_snowball_en_k0.9_b0.4",
}
MEASURES = {
    "AP": ("average_precision", None, "map"),
    "nDCG@10": ("ndcg", 10, "ndcg_cut_10"),
    "P@10": ("precision", 10, "P_10"),
    "recall@100": ("recall", 100, "recall_100"),
    "RR": ("reciprocal_rank", None, "recip_rank"),
}
HEAD = f"""# Effectiveness on text collections

Made by `scripts/effectiveness.py`; no figure is typed. Rankings are cut at {DEPTH} results and judged as trec_eval
does, means over all judged queries, 95 % intervals over queries in brackets. A reference is what an independent
implementation scored with the same function of the same terms; a dash says that there is none. The best of ours is
chosen by average precision on these very queries: in sample, and shown to tell how much is left, not what to expect.

"""


def run(*command: str, data: Path, warehouse: Path) -> None:
    """Run a command of the project on one raw zone and warehouse; its output is shown where it fails."""
    environment = os.environ | {"TIKTOK_DATA": str(data), "TIKTOK_WAREHOUSE": str(warehouse)}
    environment |= {"DBT_TARGET_PATH": str(data.parent / "target"), "DBT_LOG_PATH": str(data.parent / "logs")}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def judged_at_depth(collection: Path, work: Path) -> Path:
    """Build a collection with all systems, then judge their runs cut at the depth; return the second warehouse."""
    dbt = str(Path(sys.executable).parent / "dbt")
    data, cut = work / "data", work / "cut"
    data.mkdir()
    (data / "collection").symlink_to(collection.resolve())
    settings = json.dumps({"all_systems": True, "kept_depth": DEPTH})
    models = ["--resource-type", "seed", "--resource-type", "model"]
    selection = ["--select", "+runs", "+qrels", *models]
    run(dbt, "build", "--vars", settings, *selection, data=data, warehouse=work / "full.duckdb")
    export = [sys.executable, "-m", "tiktok_retrieval", "export-runs", "--with-names", str(cut)]
    run(*export, data=data, warehouse=work / "full.duckdb")
    run(dbt, "build", "--select", "+system_metrics", *models, data=cut, warehouse=work / "cut.duckdb")
    return work / "cut.duckdb"


def section(collection: Path, warehouse: Path) -> str:
    """Return the table of one collection."""
    references = collection / "metrics.json"
    known = json.loads(references.read_text()) if references.exists() else {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counts = connection.execute("select max(query_count) from evaluation.system_metrics").fetchone()
        best = connection.execute(
            f"select replace(system_id, '{OWN_PREFIX}', '') from evaluation.system_metrics "
            "where metric = 'average_precision' "
            "order by value desc, system_id limit 1"
        ).fetchone()
        assert counts is not None
        assert best is not None
        lines = [f"## {collection.name}", "", f"{counts[0]} judged queries.", ""]
        lines += [f"| system | {' | '.join(MEASURES)} |", "|---" * (len(MEASURES) + 1) + "|"]
        for system in [*SYSTEMS, *([best[0]] if best[0] not in SYSTEMS else [])]:
            ours, theirs = [], []
            for metric, cutoff, key in MEASURES.values():
                row = connection.execute(
                    "select value, ci_low, ci_high from evaluation.system_metrics "
                    "where system_id = ? and metric = ? and cutoff is not distinct from ?",
                    [OWN_PREFIX + system, metric, cutoff],
                ).fetchone()
                assert row is not None, (collection.name, system, metric)
                ours.append(f"{row[0]:.4f} [{row[1]:.3f}, {row[2]:.3f}]")
                value = known.get(SYSTEMS.get(system, ""), {}).get("mean_over_all_judged_c_flag", {}).get(key)
                theirs.append("–" if value is None else f"{value:.4f}")
            mark = ", best of ours" if system == best[0] else ""
            lines.append(f"| `{system}`{mark} | {' | '.join(ours)} |")
            if system in SYSTEMS:
                lines.append(f"| reference | {' | '.join(theirs)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge every collection of a folder and write the page."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: python scripts/effectiveness.py FOLDER, with a folder of text collections in it")
    sections = []
    for collection in sorted(path for path in Path(sys.argv[1]).iterdir() if (path / "documents.jsonl").exists()):
        with tempfile.TemporaryDirectory() as work:
            sections.append(section(collection, judged_at_depth(collection, Path(work))))
    if not sections:
        sys.exit(f"{sys.argv[1]} has no folder with a documents.jsonl: name the folder of the collections")
    (PROJECT / "docs" / "effectiveness.md").write_text(HEAD + "\n".join(sections))


if __name__ == "__main__":
    main()
