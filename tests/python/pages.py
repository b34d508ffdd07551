"""What README and docs hold, the scripts that write parts of them, and a fresh copy of the tree to run them in."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from warehouses import PROJECT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    language: str
    text: str


@cache
def tracked() -> tuple[str, ...]:
    """Return the names of the files that belong to the tree, new ones that git does not ignore included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(sorted(name for name in set(names) if name and (PROJECT / name).is_file()))


def pages() -> list[str]:
    """Return the pages that people read: every Markdown file but those that dbt makes descriptions of."""
    return [name for name in tracked() if name.endswith(".md") and not name.startswith("models/")]


def blocks(page: str, language: str = "sh") -> list[Block]:
    """Return a page's fenced blocks of one language, in their order."""
    found = FENCE.findall((PROJECT / page).read_text())
    return [Block(page, kind, text) for kind, text in found if kind == language]


def without_fences(text: str) -> str:
    return FENCE.sub("", text)


def links(page: str) -> list[str]:
    """Return where a page's links lead, pictures included."""
    return LINK.findall(without_fences((PROJECT / page).read_text()))


def anchors(page: str) -> set[str]:
    """Return the names by which links reach a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(without_fences((PROJECT / page).read_text())):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")
        number = 0
        while (numbered := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(numbered)
    return found


def script(name: str) -> ModuleType:
    """Return one of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(name, PROJECT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fresh_copy(folder: Path) -> Path:
    """Copy the tree into a new folder, with the environment that is installed already."""
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    # Make installs again what is older than these, and would leave the environment pointing to this copy
    for name in ("requirements.lock", "pyproject.toml", "scripts/setup.sh"):
        os.utime(folder / name, (0, 0))
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


def environment(copy: Path) -> dict[str, str]:
    """Return this process's environment without what would decide for the page."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIKTOK_", "DBT_"))}
    return kept | {"PYTHONPATH": str(copy), "COLUMNS": "120"}


def run(copy: Path, scripts: Sequence[str]) -> str:
    """Run shell blocks in one shell, in order, and return what they print; the first that fails fails the test."""
    script = "set -euo pipefail\n" + "\n".join(scripts)
    done = subprocess.run(
        ["bash", "-c", script], cwd=copy, env=environment(copy), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
