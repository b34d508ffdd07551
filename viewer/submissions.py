"""Queries that participants give, kept in the raw zone's queries.ndjson, which stg_viewer__queries parses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extract.journal import Entry
from viewer.ledger import Ledger
from viewer.messages import Submission

FILE = "queries.ndjson"
MAX_LINES = 200_000
# What stays of a query that was withdrawn: that there was one, whose it was, and when
TOMBSTONE = ("query_id", "owner", "submitted_at", "app_version")


class NotYoursError(Exception):
    """The query was given by somebody else, or by nobody."""


def owner_of(owner_key: str) -> str:
    """Return what stands in the file for a participant's secret, from which it cannot be told."""
    return hashlib.sha256(f"viewer owner {owner_key}".encode()).hexdigest()


def _id_of(line: Mapping[str, Any]) -> str | None:
    if isinstance(line.get("withdrawn"), str):
        return f"withdrawal of {line['withdrawn']}"
    query_id = line.get("query_id")
    return query_id if isinstance(query_id, str) else None


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Submissions:
    """The collected queries of a raw zone."""

    def __init__(self, data: Path, *, delay_minutes: float, app_version: str, max_lines: int = MAX_LINES) -> None:
        """Take the raw zone and what is recorded with every query."""
        self.ledger = Ledger(
            data / FILE, id_of=_id_of, said=("owner", "query_text", "target_id", "withdrawn"), max_lines=max_lines
        )
        self._delay_seconds = delay_minutes * 60
        self._app_version = app_version

    def add(self, submission: Submission, *, snapshot_version: str, now: datetime | None = None) -> bool:
        """Write a query and return once it is on the disk; say whether it is new. Raises LedgerError, OSError."""
        submitted_at = (now or datetime.now(UTC)) - timedelta(seconds=submission.submitted_seconds_ago)

        def before(seconds_ago: float | None) -> float | None:
            return None if seconds_ago is None else max(0.0, round(seconds_ago - submission.submitted_seconds_ago, 3))

        delay = before(submission.viewed_seconds_ago)
        since_last = before(submission.last_viewed_seconds_ago)
        line: dict[str, Any] = {
            "query_id": submission.query_id,
            "query_text": submission.query_text,
            "target_id": submission.target_id,
            "pseudonym": submission.pseudonym,
            "owner": owner_of(submission.owner_key),
            "viewed_at": None if delay is None else _time(submitted_at - timedelta(seconds=delay)),
            "last_viewed_at": None if since_last is None else _time(submitted_at - timedelta(seconds=since_last)),
            "watched_seconds": submission.watched_seconds,
            "submitted_at": _time(submitted_at),
            "delay_seconds": delay,
            "required_delay_seconds": self._delay_seconds,
            "is_early": submission.is_early,
            "found_by": submission.found_by,
            "snapshot_version": snapshot_version,
            "app_version": self._app_version,
        }
        return self.ledger.add(line)

    def withdraw(self, query_id: str, owner_key: str) -> bool:
        """Take a query back, and its words out of the file; say whether it was not withdrawn before.

        Raises NotYoursError, LedgerError, OSError.
        """
        is_new = self._note_withdrawal(query_id, owner_key)
        self.take_out_withdrawn()
        return is_new

    def _note_withdrawal(self, query_id: str, owner_key: str) -> bool:
        self.ledger.refresh()
        owner = owner_of(owner_key)
        if self.ledger.owner_of(query_id) != owner:
            raise NotYoursError("there is no such query of yours")
        line = {"withdrawn": query_id, "owner": owner, "submitted_at": _time(datetime.now(UTC))}
        return self.ledger.add({**line, "app_version": self._app_version})

    def withdrawn_ids(self) -> frozenset[str]:
        """Return which queries were taken back."""
        found = (line.get("withdrawn") for line in self.ledger.lines())
        return frozenset(query_id for query_id in found if isinstance(query_id, str))

    def take_out_withdrawn(self) -> int:
        """Leave of each withdrawn query that there was one, also of what a kill left in between; return how many."""
        gone = self.withdrawn_ids()
        if not any(line.get("query_id") in gone and not line.get("is_withdrawn") for line in self.ledger.lines()):
            return 0

        def bury(entry: Entry, raw: bytes) -> bytes:
            if entry.line is None:
                # A torn line stood before the whole one; the line stays, blank, so that others keep their places
                return b"\n" if any(query_id.encode() in raw for query_id in gone) else raw
            if entry.line.get("query_id") not in gone or entry.line.get("is_withdrawn"):
                return raw
            kept = {name: entry.line[name] for name in TOMBSTONE if name in entry.line}
            return json.dumps({**kept, "is_withdrawn": True}).encode() + b"\n"

        return self.ledger.rewrite(bury)

    def given(self, owner_key: str) -> list[dict[str, Any]]:
        """Return everything a participant gave, withdrawals included, as it stands in the file but for the owner."""
        owner = owner_of(owner_key)
        return [
            {name: value for name, value in line.items() if name != "owner"}
            for line in self.ledger.lines()
            if line.get("owner") == owner
        ]

    def withdraw_all(self, owner_key: str) -> int:
        """Take back all queries of a participant; return how many had not been withdrawn."""
        lines = self.given(owner_key)
        gone = {line["withdrawn"] for line in lines if "withdrawn" in line}
        open_ids = [line["query_id"] for line in lines if "query_id" in line and line["query_id"] not in gone]
        count = sum(self._note_withdrawal(query_id, owner_key) for query_id in open_ids)
        self.take_out_withdrawn()
        return count
