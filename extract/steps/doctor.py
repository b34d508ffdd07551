"""Say what this machine has: versions, tools, disk, and how long the scraped links still live."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from extract.raw_zone import find_posts
from extract.steps.common import ExitCode, StepOptions, StepResult
from extract.steps.download_plan import latest_downloads
from extract.steps.status import link_life

EXTRAS = "pip install -e '.[extract]'"


@dataclass(frozen=True)
class Tool:
    """Something a step needs: how to find its version (None when it is missing), and the line that installs it."""

    name: str
    steps: str
    version: Callable[[], str | None]
    install: str
    is_optional: bool = False


def package(name: str) -> Callable[[], str | None]:
    """Look for a Python distribution."""

    def version() -> str | None:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    return version


def program(*names: str, argument: str = "--version") -> Callable[[], str | None]:
    """Look for a program on the path, the first of several names."""

    def version() -> str | None:
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            return None
        try:
            output = subprocess.run([found, argument], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        lines = (output.stdout or output.stderr).strip().splitlines()
        return f"{lines[0] if lines else 'unknown version'} ({found})"

    return version


def ffmpeg() -> str | None:
    """Look for ffmpeg on the path, then for the one that imageio-ffmpeg carries."""
    found = program("ffmpeg", argument="-version")()
    if found is None and importlib.util.find_spec("imageio_ffmpeg") is not None:
        return f"{importlib.import_module('imageio_ffmpeg').get_ffmpeg_version()} (of imageio-ffmpeg)"
    return found


TOOLS = (
    Tool("requests", "download", package("requests"), EXTRAS),
    Tool("Pillow", "download, ocr", package("pillow"), EXTRAS),
    Tool("tesseract", "ocr", program("tesseract"), "apt-get install tesseract-ocr"),
    Tool("pytesseract", "ocr", package("pytesseract"), EXTRAS),
    Tool("rapidocr", "ocr --engine rapidocr", package("rapidocr"), EXTRAS, is_optional=True),
    Tool("ffmpeg", "audio", ffmpeg, EXTRAS),
    Tool("moviepy", "audio", package("moviepy"), EXTRAS, is_optional=True),
    Tool("SpeechRecognition", "speech", package("SpeechRecognition"), EXTRAS),
    Tool("pocketsphinx", "speech", package("pocketsphinx"), EXTRAS),
    Tool("webrtcvad-wheels", "speech", package("webrtcvad-wheels"), EXTRAS),
    Tool(
        "faster-whisper",
        "speech --engine faster-whisper",
        package("faster-whisper"),
        "pip install 'SpeechRecognition[faster-whisper]'",
        is_optional=True,
    ),
    Tool("vosk", "speech --engine vosk", package("vosk"), "pip install 'SpeechRecognition[vosk]'", is_optional=True),
    Tool("playwright", "scrape", package("playwright"), EXTRAS, is_optional=True),
    Tool(
        "browser",
        "scrape",
        program("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "apt-get install chromium",
        is_optional=True,
    ),
    Tool("dbt-core", "the warehouse", package("dbt-core"), "pip install -e ."),
    Tool("duckdb", "the warehouse, forget", package("duckdb"), "pip install -e ."),
)


def run(options: StepOptions, tools: tuple[Tool, ...] = TOOLS) -> StepResult:
    """Look at everything; a missing tool that a step cannot do without makes the exit code 3."""
    found = {tool.name: tool.version() for tool in tools}
    missing = [tool for tool in tools if found[tool.name] is None and not tool.is_optional]
    data = options.data
    existing = next(folder for folder in (data.resolve(), *data.resolve().parents) if folder.exists())
    usage = shutil.disk_usage(existing)
    warnings: list[str] = []
    life = link_life(data, find_posts(data, warnings.append), latest_downloads(data), time.time())
    lines = [f"python {platform.python_version()} on {platform.platform()}"]
    for tool in tools:
        version = found[tool.name]
        if version is not None:
            lines.append(f"{tool.name:<18} {version}")
        else:
            kind = "not here (optional)" if tool.is_optional else "MISSING"
            lines.append(f"{tool.name:<18} {kind}: needed for {tool.steps}; {tool.install}")
    lines.append(f"disk: {usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} GB at {existing}")
    lines.append(life.describe())
    return StepResult(
        "doctor",
        failed=len(missing),
        inputs_failed=len(warnings),
        exit=ExitCode.MISSING_TOOL if missing else None,
        details={
            "python": platform.python_version(),
            "platform": platform.platform(),
            "tools": found,
            "missing": {tool.name: tool.install for tool in missing},
            "disk_free_bytes": usage.free,
            "disk_total_bytes": usage.total,
            "links": {
                "alive": life.alive,
                "expired": life.expired,
                "unstamped": life.unstamped,
                "next_expires_in_seconds": life.next_dies_in,
            },
        },
        messages=[*lines, *warnings],
    )
