"""Write docs/licences.md: the licence of every package that pyproject.toml asks for, as the package states it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HEAD = """# Licences

The project is MIT-licensed (`LICENSE`). These are the packages it asks for, with the licence each states; what these
ask for in turn is pinned in `requirements.lock`. Programs from Debian that it calls: Tesseract (Apache-2.0), Chromium
(BSD-3-Clause and others), espeak-ng (GPL-3.0-or-later); ffmpeg comes with imageio-ffmpeg (GPL-3.0-or-later build).

| package | group | licence |
|---|---|---|
"""
SHORT = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
}


def licence(package: str) -> str:
    """Return the licence a package states: its expression, else its classifiers, else the first line of the text."""
    about = metadata(package)
    if "License-Expression" in about:
        return str(about["License-Expression"])
    classifiers = [str(value) for value in about.get_all("Classifier") or []]
    names = [value.split(" :: ")[-1] for value in classifiers if value.startswith("License ::")]
    names = [SHORT.get(name, name) for name in names if name != "OSI Approved"]
    stated = str(about["License"]) if "License" in about else ""
    return ", ".join(names) or (stated or "not stated").splitlines()[0]


def page() -> str:
    """Return the whole page."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    rows = set()
    for group, requirements in groups.items():
        for requirement in requirements:
            package = re.split(r"[<>=\[ ]", requirement)[0]
            rows.add((package, group, licence(package)))
    return HEAD + "".join(f"| {package} | {group} | {name} |\n" for package, group, name in sorted(rows))


if __name__ == "__main__":
    (PROJECT / "docs" / "licences.md").write_text(page())
