"""Every benchmark in one run, or one of them: python -m bench [--only PART]."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable

from bench import latency, media, original_study, raw_zone, search, viewer

PARTS: dict[str, Callable[[], None]] = {
    "raw_zone": raw_zone.main,
    "media": lambda: media.main([]),
    "original_study": lambda: original_study.main([]),
    "latency": latency.main,
    "search": lambda: search.main([]),
    "viewer": lambda: viewer.main([]),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="the one part to run")
    only = parser.parse_args().only
    print(f"Python {platform.python_version()}, {platform.machine()}; ratios hold better than times")
    for name, measure in PARTS.items():
        if only in (None, name):
            measure()
