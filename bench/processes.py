"""Run a command and tell what it took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


class BenchmarkError(Exception):
    """A contender did not end well, or finds something else than it should."""


@dataclass(frozen=True)
class Use:
    """What a process took: seconds by the clock, seconds of processors, and its largest memory in bytes."""

    seconds: float
    cpu: float
    memory: int


def measured(command: Sequence[str], **environment: str) -> Use:
    """Run a command and return what it took, the processes that it started included. Raises BenchmarkError."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return Use(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
