"""The demo corpus: it is what its script writes, and it holds every kind of dirt the real data has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "demo"


def test_committed_files_are_what_the_script_writes(tmp_path: Path) -> None:
    """Running the script elsewhere gives the same bytes, so words and files never drift apart."""
    subprocess.run([sys.executable, str(DEMO / "make_corpus.py"), str(tmp_path)], check=True, capture_output=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    committed = {path.relative_to(DEMO): path.read_bytes() for path in DEMO.rglob("*.json")}
    assert made == committed
