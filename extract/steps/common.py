"""What every step shares: its options, its result, its faults, and the loop over its items.

A step is a module with `run(options, ...) -> StepResult`. It lists its items, hands them with a work function to
`run_items`, and returns what comes back. The loop skips what is done, isolates failures, shows progress, and on Ctrl-C
finishes the items in hand.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from extract.journal import OK, Journal, Line
from extract.progress import Progress

Item = TypeVar("Item")


class ExitCode(IntEnum):
    """What the process says to its caller."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MISSING_TOOL = 3
    NO_INPUT = 4
    INTERRUPTED = 130


class StepError(Exception):
    """A fault that stops a step; the message is for a person."""

    exit_code = ExitCode.FAILED


class UsageError(StepError):
    """Options that make no sense together."""

    exit_code = ExitCode.USAGE


class MissingToolError(StepError):
    """A program, library or model that the step needs is not there; `install` is the line that installs it."""

    exit_code = ExitCode.MISSING_TOOL

    def __init__(self, tool: str, install: str) -> None:
        """Name what is missing and the command that helps."""
        super().__init__(f"{tool} is not installed. Install it with: {install}")
        self.tool = tool
        self.install = install


class NoInputError(StepError):
    """Nothing that was given or found could be read; the message names file and line."""

    exit_code = ExitCode.NO_INPUT


def require_module(name: str, install: str, tool: str | None = None) -> None:
    """Raise MissingToolError unless the Python module can be imported."""
    if importlib.util.find_spec(name) is None:
        raise MissingToolError(tool or f"the Python package {name}", install)


@dataclass(frozen=True)
class StepOptions:
    """The options that every step understands.

    `data` is the raw zone; `limit` bounds the items that are worked on (done ones do not count); `ids` restricts the
    step to these TikToks; `jobs` items are in hand at once; `force` does again what is done; `dry_run` only lists.
    """

    data: Path
    limit: int | None = None
    ids: frozenset[str] | None = None
    jobs: int = 1
    force: bool = False
    dry_run: bool = False
    json: bool = False
    strict: bool = False

    def selects(self, tiktok_id: str) -> bool:
        """Whether the step is to look at this TikTok."""
        return self.ids is None or tiktok_id in self.ids


@dataclass(frozen=True)
class Outcome:
    """What became of one item: `status` 'ok' or another word, `fault` the class of a failure, and its journal lines.

    `failed` is told from `status`, unless a step has other outcomes that are no failures (no audio track) and says so.
    `settled` items were found done while looking closer: they count as skipped. `untouched` ones were given up before
    they were begun, because the step is being interrupted. `stop` says why going on with the others makes no sense.
    """

    status: str = OK
    fault: str | None = None
    host: str | None = None
    lines: Sequence[Line] = ()
    is_failure: bool | None = None
    settled: bool = False
    untouched: bool = False
    stop: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the item counts as failed."""
        return self.status != OK if self.is_failure is None else self.is_failure


@dataclass(frozen=True)
class StepResult:
    """What a step did: counts of items, failures by class, and what a person or a program should read at the end.

    `inputs_failed` counts files and records that could not be read and were passed over. A step that works on no items
    tells its findings in `messages` and may set `exit` itself.
    """

    step: str
    ok: int = 0
    skipped: int = 0
    failed: int = 0
    left: int = 0
    interrupted: bool = False
    stopped: str | None = None
    inputs_failed: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[str] = ()
    exit: ExitCode | None = None

    def exit_code(self, *, strict: bool) -> ExitCode:
        """Return the exit code: failed items are told, and fatal only when asked to be strict; a stop always is."""
        if self.exit is not None:
            return self.exit
        if self.interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.FAILED if self.stopped or (strict and (self.failed or self.inputs_failed)) else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "step": self.step,
            "ok": self.ok,
            "skipped": self.skipped,
            "failed": self.failed,
            "left": self.left,
            "interrupted": self.interrupted,
            "stopped": self.stopped,
            "inputs_failed": self.inputs_failed,
            "statuses": dict(sorted(self.statuses.items())),
            "faults": dict(sorted(self.faults.items())),
            "messages": list(self.messages),
            **self.details,
        }


@contextmanager
def finishing_on_signals(stop: threading.Event) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into `stop`; the second one interrupts at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_items(
    step: str,
    items: Iterable[Item],
    work: Callable[[Item], Outcome],
    options: StepOptions,
    *,
    id_of: Callable[[Item], str],
    done: Callable[[Item], bool] | None = None,
    journal: Journal | None = None,
    label: Callable[[Item], str] | None = None,
    stop: threading.Event | None = None,
) -> StepResult:
    """Work on the items that are selected and not done, `options.jobs` at a time in threads, and count what came of it.

    `work` may raise MissingToolError to end the step; any other exception fails only its item, which a work function
    that keeps a journal should record itself. The lines of an outcome are appended to `journal` here. A work function
    that waits for something can look at `stop`, which is set when no more is to be begun.
    """
    name = label or id_of
    selected = [item for item in items if options.selects(id_of(item))]
    todo = [item for item in selected if options.force or done is None or not done(item)]
    skipped = len(selected) - len(todo)
    if options.limit is not None:
        todo = todo[: options.limit]
    if options.dry_run:
        return StepResult(step, skipped=skipped, left=len(todo), details={"would_do": [name(item) for item in todo]})

    counts: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    messages: list[str] = []
    stopped: str | None = None
    stop = threading.Event() if stop is None else stop
    waiting = iter(todo)
    in_hand: dict[Future[Outcome], Item] = {}

    pool = ThreadPoolExecutor(max_workers=max(1, options.jobs), thread_name_prefix=step)
    with finishing_on_signals(stop), Progress(step, len(todo)) as progress:
        try:
            while True:
                while not stop.is_set() and len(in_hand) < max(1, options.jobs):
                    item = next(waiting, None)
                    if item is None:
                        break
                    in_hand[pool.submit(work, item)] = item
                if not in_hand:
                    break
                finished, _ = wait(in_hand, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    item = in_hand.pop(future)
                    try:
                        outcome = future.result()
                    except MissingToolError:
                        raise
                    except Exception as error:  # one bad item must not end the batch
                        outcome = Outcome("failed", fault="unexpected")
                        messages.append(f"{name(item)}: {type(error).__name__}: {error}")
                    if journal is not None and outcome.lines:
                        journal.append_all(outcome.lines)
                    if outcome.untouched:
                        continue
                    statuses[outcome.status] += 1
                    counts["failed" if outcome.failed else "skipped" if outcome.settled else "ok"] += 1
                    if outcome.failed:
                        faults[outcome.fault or outcome.status] += 1
                    progress.advance(failed=outcome.failed)
                    if outcome.stop is not None:
                        stopped = outcome.stop
                        stop.set()
                progress.tick()
        except BaseException:
            # An item in a thread cannot be taken back, and is not waited for
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()

    worked = counts["ok"] + counts["failed"] + counts["skipped"]
    return StepResult(
        step,
        ok=counts["ok"],
        skipped=skipped + counts["skipped"],
        failed=counts["failed"],
        left=len(todo) - worked,
        interrupted=stop.is_set() and stopped is None,
        stopped=stopped,
        statuses=dict(statuses),
        faults=dict(faults),
        messages=tuple(messages),
    )


def default_jobs() -> int:
    """Return how many items to have in hand where the work is computing: the processors that we may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
