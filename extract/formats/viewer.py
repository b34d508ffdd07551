"""The file of queries that a participant saves from an export of the viewer."""

from __future__ import annotations

from pathlib import PurePosixPath

from extract.formats.base import Format, Sample


def recognises(sample: Sample) -> bool:
    """Recognise lines of queries with their targets, or of withdrawals; a single line is an object."""
    return sample.shape != "array" and any(
        {"query_id", "query_text", "target_id"} <= value.keys() or {"withdrawn", "submitted_at"} <= value.keys()
        for value in sample.objects()
    )


VIEWER = Format(
    "queries of the viewer",
    PurePosixPath("queries"),
    "lines with query_id, query_text and target_id, or withdrawn and submitted_at",
    recognises,
    endings=(".ndjson",),
)
