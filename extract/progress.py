"""Show how far a step is: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_SECONDS = 10.0


def describe_seconds(seconds: float) -> str:
    """Say a duration briefly: 8s, 4m05s, 2h03m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


class Progress:
    """Counts items and shows rate, time left and failures; writes to standard error only."""

    def __init__(
        self, step: str, total: int, *, stream: TextIO | None = None, line_seconds: float = LINE_SECONDS
    ) -> None:
        """Name the step and how many items there are to do."""
        self._step = step
        self._total = total
        self._stream = stream if stream is not None else sys.stderr
        self._line_seconds = line_seconds
        self._done = 0
        self._failed = 0
        self._begin = time.monotonic()
        self._last_line = self._begin
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Show the bar, if this is a terminal and there is something to do."""
        self._begin = self._last_line = time.monotonic()
        if self._stream.isatty() and self._total:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[failures]}"),
                console=Console(file=self._stream),
            )
            self._task = self._bar.add_task(self._step, total=self._total, rate="", failures="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def advance(self, *, failed: bool = False) -> None:
        """Count one item."""
        self._done += 1
        self._failed += failed
        if self._bar is not None and self._task is not None:
            failures = f"{self._failed} failed" if self._failed else ""
            self._bar.update(self._task, advance=1, rate=self._rate_text(), failures=failures)

    def tick(self) -> None:
        """Write the line, where there is no terminal and the last one is old enough."""
        now = time.monotonic()
        if self._bar is None and now - self._last_line >= self._line_seconds:
            self._last_line = now
            print(self.line(), file=self._stream, flush=True)

    def line(self) -> str:
        """Say how far we are in one line."""
        elapsed = time.monotonic() - self._begin
        left = describe_seconds(elapsed / self._done * (self._total - self._done)) if self._done else "?"
        return f"{self._step}: {self._done}/{self._total} done, {self._failed} failed, {self._rate_text()}, {left} left"

    def _rate_text(self) -> str:
        elapsed = time.monotonic() - self._begin
        rate = self._done / elapsed if elapsed > 0 else 0.0
        return f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.1f}/min"
