"""Every model says what one row is, every column is described, and what is stated in two places agrees."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.clients.yaml_helper import load_yaml_text
from warehouses import PROJECT, BuildResult

import tiktok_retrieval

MODELS = sorted((PROJECT / "models").rglob("*.sql"))
PROPERTIES = sorted(path for folder in ("models", "seeds") for path in (PROJECT / folder).rglob("*.yml"))
SENTENCE = "One row for each"


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def load(path: Path) -> dict[str, Any]:
    return load_yaml_text(path.read_text()) or {}


def is_mart(model: Path) -> bool:
    return not model.stem.startswith(("stg_", "int_"))


def properties_of(model: Path) -> dict[str, Any]:
    """Return what the yml beside a model says about it."""
    models = load(model.with_suffix(".yml"))["models"]
    assert [entry["name"] for entry in models] == [model.stem]
    properties: dict[str, Any] = models[0]
    return properties


def descriptions(value: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Yield every description of a yml file, with the names that lead to it."""
    if isinstance(value, dict):
        where = f"{where}.{value['name']}" if "name" in value else where
        for key, inner in value.items():
            if key == "description":
                yield where, inner
            elif key not in ("given", "expect"):  # rows of a unit test, with columns of any name
                yield from descriptions(inner, where)
    elif isinstance(value, list):
        for inner in value:
            yield from descriptions(inner, where)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_model_says_what_one_row_is(model: Path) -> None:
    assert re.match(r"\{# " + SENTENCE + r" [^\n]{8,}", model.read_text()), f"line 1 of {name_of(model)}"
    assert model.with_suffix(".yml").is_file(), f"{name_of(model)} has no yml beside it"
    assert properties_of(model)["description"].startswith(SENTENCE + " "), name_of(model.with_suffix(".yml"))


@pytest.mark.parametrize("model", [model for model in MODELS if is_mart(model)], ids=lambda path: path.stem)
def test_mart_has_a_contract_with_every_column_described(model: Path) -> None:
    properties = properties_of(model)
    assert properties["config"]["contract"] == {"enforced": True}
    for column in properties["columns"]:
        assert column.get("data_type"), f"{model.stem}.{column['name']} has no data_type"
        assert (column.get("description") or "").strip(), f"{model.stem}.{column['name']} has no description"


def test_every_yml_stands_beside_what_it_describes() -> None:
    models = {path.stem for path in MODELS}
    seeds = {path.stem for path in (PROJECT / "seeds").rglob("*.csv")}
    described_seeds = set()
    for path in PROPERTIES:
        content = load(path)
        described_seeds |= {seed["name"] for seed in content.get("seeds", ())}
        for model in content.get("models", ()):
            assert model["name"] == path.stem, f"{name_of(path)} describes {model['name']}"
            assert model["name"] in models, f"{name_of(path)} describes a model that is not there"
    assert described_seeds == seeds


def test_no_description_is_empty() -> None:
    found = [(f"{name_of(path)}: {where}", text) for path in PROPERTIES for where, text in descriptions(load(path))]
    assert len(found) > 100
    assert [where for where, text in found if not (isinstance(text, str) and text.strip())] == []
    for path in (PROJECT / "models").rglob("*.md"):
        blocks = re.findall(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", path.read_text(), re.DOTALL)
        assert [name for name, text in blocks if not text.strip()] == [], name_of(path)


def test_every_test_and_macro_file_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for folder in ("tests", "macros")
        for path in sorted((PROJECT / folder).rglob("*.sql"))
        if "{#" not in path.read_text()
    ]
    assert silent == []


def test_no_macro_hides_a_ref() -> None:
    hiding = [
        name_of(path)
        for path in sorted((PROJECT / "macros").rglob("*.sql"))
        if "search" not in path.relative_to(PROJECT / "macros").parts[:1]
        and re.search(r"\b(ref|source)\s*\(", re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL))
    ]
    assert hiding == [], "a relation that a macro reads is an argument of it, so that its callers show what they read"


def test_relations_can_be_read_without_dbt(demo_build: BuildResult) -> None:
    """A view with a Python function in it would work in dbt and nowhere else."""
    with duckdb.connect(str(demo_build.warehouse), read_only=True) as connection:
        relations = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        assert len(relations) > 50
        for schema, name in relations:
            connection.execute(f'select * from "{schema}"."{name}" limit 1').fetchall()


def test_versions_agree() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    dbt_project = load(PROJECT / "dbt_project.yml")
    stated = {
        "tiktok_retrieval.__version__": tiktok_retrieval.__version__,
        "dbt_project.yml version": dbt_project["version"],
        "dbt_project.yml vars": dbt_project["vars"]["project_version"],
    }
    assert stated == dict.fromkeys(stated, project["version"])


def test_lock_holds_the_pins_and_names_no_index() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lock = (PROJECT / "requirements.lock").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", lock)
    locked = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ \\;]+)", lock, re.MULTILINE))
    wanted = [
        *project["dependencies"],
        *(line for group in project["optional-dependencies"].values() for line in group),
    ]
    for requirement in wanted:
        name, _, version = re.sub(r"\[.*?\]|[>~<].*", "", requirement).strip().lower().partition("==")
        assert name in locked, f"requirements.lock has no {name}"
        assert version in ("", locked[name]), (
            f"requirements.lock has {name} {locked[name]}, pyproject.toml wants {version}"
        )
    # each locked package is checked against what was locked
    packages = [block for block in re.split(r"\n(?=\S)", lock) if "==" in block.partition("\n")[0]]
    assert len(packages) == len(locked)
    assert [block.partition(" ")[0] for block in packages if "--hash=sha256:" not in block] == []
