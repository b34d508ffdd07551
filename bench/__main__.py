"""Every benchmark in one run: python -m bench."""

from __future__ import annotations

import platform

from bench import latency, media, raw_zone

if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {platform.machine()}; ratios hold better than times")
    raw_zone.main()
    media.main([])
    latency.main()
