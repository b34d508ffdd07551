"""Run dbt for a raw zone and a warehouse, and know whether a build is still good."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# What a build is made from, beside the raw zone
SOURCES = (
    "dbt_project.yml",
    "profiles.yml",
    "requirements.lock",
    "macros/**/*.sql",
    "models/**/*",
    "seeds/*",
    "tests/**/*.sql",
    "tiktok_retrieval/*.py",
)
# What lies in a raw zone and makes no difference to a build
NOT_BUILT_FROM = {".duckdb", ".wal", ".stamp", ".part", ".mp4", ".wav", ".jpg", ".lock", ".pseudonym_key"}


class BuildError(Exception):
    """dbt stopped with errors, which it has printed."""


def build(data: Path, warehouse: Path, arguments: Sequence[str] = ("build",), *, quiet: bool = False) -> None:
    """Run dbt on a raw zone and a warehouse, from the project's folder. Raises BuildError when it fails."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TIKTOK_DATA": str(data.resolve()), "TIKTOK_WAREHOUSE": str(warehouse.resolve())}
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), *(["--quiet"] if quiet else []), *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
    if done.returncode:
        raise BuildError(f"dbt {arguments[0]} failed with exit code {done.returncode}; its messages stand above")


def fingerprint(*files: Path) -> str:
    """Return a digest of files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        digest.update(str(path).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_unchanged(stamp: Path, *files: Path) -> bool:
    """Say whether the files are as they were when the stamp was set."""
    return stamp.exists() and stamp.read_text() == fingerprint(*files)


def build_if_changed(data: Path, warehouse: Path) -> bool:
    """Build unless nothing has changed since the last build that succeeded; say whether it was necessary."""
    stamp = warehouse.with_suffix(".stamp")
    files = [path for pattern in SOURCES for path in PROJECT.glob(pattern)]
    files += [path for path in data.rglob("*") if not NOT_BUILT_FROM & {path.suffix, path.name}]
    if warehouse.exists() and is_unchanged(stamp, *files):
        return False
    stamp.unlink(missing_ok=True)
    build(data, warehouse, quiet=True)
    stamp.write_text(fingerprint(*files))
    return True
