"""Write dbt's documentation, lineage and all, as one static page that asks no other host for anything."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiktok_retrieval import building
from tiktok_retrieval.building import PROJECT

# {# what it is for #} {% macro name(
MACRO = re.compile(r"\{#((?:(?!#\}).)*)#\}\s*\{%-?\s*(?:macro|test)\s+(\w+)", re.DOTALL)
ENGINES = {"duckdb__": "DuckDB", "spark__": "Spark", "default__": "any other engine"}
# Everything is documented, also what a default build leaves out
VARIABLES = {"original_study": True}
# What dbt's page would ask for: (as it stands there, what takes its place)
MENDED = (
    # an address before the page has put the icon's name into it
    ('xlink:href="{{ getIcon(', 'ng-href="{{ getIcon('),
    ("\"${require('./assets/favicons/favicon.ico')}\"", '"data:,"'),
    # usage statistics: off by dbt_project.yml, and here without an address
    ("//d1fc8wv8zag5ca.cloudfront.net/2.9.0/sp.js", "data:,"),
)


class PageError(Exception):
    """The page could not be made; the message says why."""


def macro_descriptions(path: Path) -> dict[str, str]:
    """Return what the comment above each macro of a file says."""
    return {name: " ".join(comment.split()) for comment, name in MACRO.findall(path.read_text())}


def describe_macro(macro: Mapping[str, Any]) -> str:
    """Return a macro's description: the comment above it, or that of the macro which it is one engine's form of."""
    described = macro_descriptions(PROJECT / macro["original_file_path"])
    name = str(macro["name"])
    for prefix, engine in ENGINES.items():
        if name.startswith(prefix) and name not in described:
            general = name.removeprefix(prefix)
            return f"For {engine}: {described[general]}" if general in described else ""
    return described.get(name) or described.get(name.removeprefix("test_"), "")


def complete(manifest: dict[str, Any], links: str) -> dict[str, Any]:
    """Return dbt's manifest with what the project says elsewhere than in yml, and without this machine's folders.

    `links` leads from the page to the project's folder.
    """
    for macro in manifest["macros"].values():
        if macro["package_name"] == manifest["metadata"]["project_name"]:
            macro["description"] = macro["description"] or describe_macro(macro)
    for node in manifest["nodes"].values():
        node.pop("root_path", None)
        if node["resource_type"] == "analysis":
            node["description"] = node["description"] or node["raw_code"].partition("\n")[0].removeprefix("-- ")
        if node["resource_type"] == "test" and "{#" in node["raw_code"]:
            comment = node["raw_code"].partition("{#")[2].partition("#}")[0]
            node["description"] = node["description"] or " ".join(comment.split())
    for exposure in manifest["exposures"].values():
        exposure["url"] = f"{links}/{exposure['url']}"
    return manifest


def page(target: Path, links: str, folders: Mapping[str, str]) -> str:
    """Return the page from dbt's target folder. Raises PageError where dbt's page is not as it was.

    `folders` are places of this machine that compiled SQL names, and what is to stand for them.
    """
    text = (target / "index.html").read_text(encoding="utf-8")
    for before, after in MENDED:
        if before not in text:
            raise PageError(f"dbt's page no longer holds {before}: see what it asks for, and mend MENDED")
        text = text.replace(before, after)
    manifest = complete(json.loads((target / "manifest.json").read_text(encoding="utf-8")), links)
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    for name, content in {"MANIFEST": manifest, "CATALOG": catalog}.items():
        place = f'"{name}.JSON INLINE DATA"'
        if place not in text:
            raise PageError(f"dbt's page no longer holds {place}")
        inline = json.dumps(content)
        for folder, name_of_folder in folders.items():
            inline = inline.replace(json.dumps(folder)[1:-1], name_of_folder)
        # no text may end the script that holds it
        text = text.replace(place, inline.replace("</", "<\\/"))
    return text


def write(data: Path, warehouse: Path, path: Path) -> int:
    """Write the page of a warehouse and return its size in bytes. Raises PageError or building.BuildError."""
    if not warehouse.is_file():
        raise PageError(f"there is no warehouse {warehouse}: run `dbt build`, or give --warehouse FILE")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        arguments = ["docs", "generate", "--vars", json.dumps(VARIABLES), "--target-path", folder, "--log-path", folder]
        building.build(data, warehouse, arguments, quiet=True)
        links = Path(os.path.relpath(PROJECT, path.parent.resolve())).as_posix()
        folders = {str(data.resolve()): "$TIKTOK_DATA", str(PROJECT): "."}
        text = page(target, links, folders)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path.stat().st_size
