"""Put the SQL of analyses/ into the cells of the notebooks that show it: python scripts/notebook_queries.py."""

from __future__ import annotations

from tiktok_retrieval import notebooks
from tiktok_retrieval.building import PROJECT


def main() -> None:
    """Rewrite the notebooks whose SQL is no longer that of analyses/, and name them."""
    for path in sorted(notebooks.NOTEBOOKS.glob("*.py")):
        text = path.read_text()
        current = notebooks.with_current_queries(text)
        if current != text:
            path.write_text(current)
            print(path.relative_to(PROJECT))


if __name__ == "__main__":
    main()
