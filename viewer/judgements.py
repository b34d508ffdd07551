"""Judgements of pooled results, kept in the raw zone's judgements.ndjson, and how far judges agree."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from extract.journal import Entry
from viewer.ledger import Ledger

FILE = "judgements.ndjson"
MAX_LINES = 1_000_000
Answer = Literal["yes", "no", "unsure"]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Agreement:
    """How far judges agree on the pairs of query and TikTok that several of them answered with yes or no."""

    pairs: int
    answers: int
    judges: int
    share: float | None
    alpha: float | None


def _id_of(line: Mapping[str, Any]) -> str | None:
    found = line.get("judgement_id")
    return found if isinstance(found, str) else None


class Judgements:
    """The judgements of a raw zone; of several answers of one judge to one question the last one counts."""

    def __init__(self, data: Path, *, app_version: str, max_lines: int = MAX_LINES) -> None:
        """Take the raw zone and what is recorded with every judgement."""
        self.ledger = Ledger(
            data / FILE, id_of=_id_of, said=("judge", "query_id", "doc_id", "answer"), max_lines=max_lines
        )
        self._app_version = app_version

    def add(
        self,
        judgement_id: str,
        *,
        judge: str,
        query_id: str,
        query_text: str | None,
        doc_id: str,
        answer: Answer,
        snapshot_version: str,
    ) -> bool:
        """Write a judgement and return once it is on the disk; say whether it is new. Raises LedgerError, OSError."""
        return self.ledger.add(
            {
                "judgement_id": judgement_id,
                "judge": judge,
                "query_id": query_id,
                "query_text": query_text,
                "doc_id": doc_id,
                "answer": answer,
                "judged_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "snapshot_version": snapshot_version,
                "app_version": self._app_version,
            }
        )

    def take_out_words(self, query_ids: frozenset[str]) -> int:
        """Take the words of queries out of the file, which keeps the answers; return how many lines changed."""
        if not any(line.get("query_text") and line.get("query_id") in query_ids for line in self.ledger.lines()):
            return 0

        def hide(entry: Entry, raw: bytes) -> bytes:
            if entry.line is None or entry.line.get("query_id") not in query_ids:
                return raw
            return json.dumps({**entry.line, "query_text": None}, ensure_ascii=False).encode() + b"\n"

        return self.ledger.rewrite(hide)

    def answers(self) -> dict[Pair, dict[str, Answer]]:
        """Return each judge's last answer for each pair of query and TikTok."""
        found: dict[Pair, dict[str, Answer]] = defaultdict(dict)
        for line in self.ledger.lines():
            values = [line.get(name) for name in ("query_id", "doc_id", "judge")]
            answer = line.get("answer")
            if all(isinstance(value, str) for value in values) and answer in ("yes", "no", "unsure"):
                query_id, doc_id, judge = map(str, values)
                found[query_id, doc_id][judge] = answer
        return dict(found)


def agreement(answers: Iterable[Mapping[str, Answer]]) -> Agreement:
    """Return the share of pairs of judges that agree, and Krippendorff's alpha for yes and no.

    Alpha is 1 for full agreement and 0 for what chance would give; it allows for any number of judges and for questions
    that some did not answer. K. Krippendorff: Computing Krippendorff's Alpha-Reliability (2011), nominal data. Null
    where no question was answered by two, alpha also where only one answer ever occurs.
    """
    units = [{judge: answer for judge, answer in given.items() if answer != "unsure"} for given in answers]
    units = [given for given in units if len(given) >= 2]
    totals: Counter[str] = Counter()
    disagreeing = 0.0
    agreeing_pairs = pairs_of_judges = 0
    for given in units:
        counts = Counter(given.values())
        size = len(given)
        totals.update(counts)
        different = counts["yes"] * counts["no"]
        disagreeing += 2 * different / (size - 1)
        pairs_of_judges += size * (size - 1) // 2
        agreeing_pairs += size * (size - 1) // 2 - different
    answered = sum(totals.values())
    expected = 2 * totals["yes"] * totals["no"] / (answered - 1) if answered > 1 else 0.0
    return Agreement(
        pairs=len(units),
        answers=answered,
        judges=len({judge for given in units for judge in given}),
        share=agreeing_pairs / pairs_of_judges if pairs_of_judges else None,
        alpha=1 - disagreeing / expected if expected else None,
    )
