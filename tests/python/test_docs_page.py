"""`make docs`: everything is described, what reads the warehouse is named, and the page needs no network."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from dbt.clients.yaml_helper import load_yaml_text
from playwright.sync_api import ConsoleMessage, Request, sync_playwright
from warehouses import PROJECT, BuildResult

import viewer.corpus
import viewer.research
from tiktok_retrieval import documentation, exports, handovers, leaderboards, notebooks, questions, searching

CHROMIUM = shutil.which("chromium")
OURS = "tiktok_retrieval"
STATED = load_yaml_text((PROJECT / "models/exposures.yml").read_text()) or {}
EXPOSURES = {exposure["name"]: exposure for exposure in STATED["exposures"]}


@pytest.fixture(scope="module")
def page(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the demo, original study included."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copy(demo_build.warehouse, folder / "warehouse.duckdb")
    documentation.write(PROJECT / "demo", folder / "warehouse.duckdb", folder / "docs/index.html")
    return folder / "docs/index.html"


@pytest.fixture(scope="module")
def inlined(page: Path) -> dict[str, dict[str, Any]]:
    """What the page holds of dbt's manifest and catalog."""
    text = page.read_text()
    decoder = json.JSONDecoder()
    return {
        name: decoder.raw_decode(text, text.index(f"{name}:{{") + len(name) + 1)[0] for name in ("manifest", "catalog")
    }


def ours(nodes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in nodes if node["package_name"] == OURS]


# --- Everything is described ------------------------------------------------------------------------------------------


def test_every_model_seed_source_macro_analysis_and_exposure_is_described(inlined: dict[str, dict[str, Any]]) -> None:
    manifest = inlined["manifest"]
    # what a var leaves out (a model of pseudonymised builds) is in the manifest as disabled
    nodes = ours([*manifest["nodes"].values(), *(node for found in manifest["disabled"].values() for node in found)])
    kinds = {kind: [node for node in nodes if node["resource_type"] == kind] for kind in ("model", "seed", "analysis")}
    kinds["source"] = ours(manifest["sources"].values())
    kinds["macro"] = ours(manifest["macros"].values())
    kinds["exposure"] = ours(manifest["exposures"].values())
    kinds["singular test"] = [node for node in nodes if node["unique_id"].startswith(f"test.{OURS}.assert_")]
    silent = [f"{kind} {node['name']}" for kind, found in kinds.items() for node in found if not node["description"]]
    assert silent == []
    assert len(kinds["model"]) == len(list((PROJECT / "models").rglob("*.sql")))
    assert len(kinds["macro"]) > 200


def test_every_column_of_marts_and_seeds_is_described(inlined: dict[str, dict[str, Any]]) -> None:
    """The catalog says which columns the relations have, the manifest which are described."""
    nodes = inlined["manifest"]["nodes"]
    built = {key: relation for key, relation in inlined["catalog"]["nodes"].items() if key in nodes}
    marts = {key for key in built if not nodes[key]["name"].startswith(("stg_", "int_"))}
    silent = []
    for key in sorted(marts):
        described = {name for name, column in nodes[key]["columns"].items() if column["description"]}
        silent += [f"{nodes[key]['name']}.{column}" for column in built[key]["columns"] if column not in described]
    assert silent == []
    wanted = {
        key
        for key, node in nodes.items()
        if node["resource_type"] in ("model", "seed") and not node["name"].startswith(("stg_", "int_"))
    }
    assert wanted == marts, "a mart that the catalog lacks has not been looked at"


def test_a_macro_without_a_comment_is_found(tmp_path: Path) -> None:
    file = tmp_path / "macros.sql"
    file.write_text("{# Said. #}\n{% macro one() %}{% endmacro %}\n\n{% macro two() %}{% endmacro %}\n")
    assert documentation.macro_descriptions(file) == {"one": "Said."}
    macro = {"original_file_path": str(file), "name": "two"}
    assert documentation.describe_macro(macro) == ""
    file.write_text("{# Said. #}\n{%- macro one() %}{% endmacro %}\n{% macro duckdb__one() %}{% endmacro %}\n")
    assert documentation.describe_macro(macro | {"name": "duckdb__one"}) == "For DuckDB: Said."


# --- Exposures name what reads the warehouse --------------------------------------------------------------------------


def models_named_in(*sources: object) -> set[str]:
    """Return the models that some code names as room.model."""
    rooms = questions.rooms()
    text = "\n".join(source if isinstance(source, str) else inspect.getsource(source) for source in sources)  # type: ignore[arg-type]
    return {name for room, name in re.findall(r"\b([a-z_]+)\.([a-z_]+)\b", text) if rooms.get(name) == room}


IN_NOTEBOOKS = sorted(name for path in notebooks.NOTEBOOKS.glob("*.py") for name in notebooks.queries(path.read_text()))


def models_of_questions(names: Iterable[str], *, with_setting: bool) -> set[str]:
    asked = [questions.read(name) for name in names]
    return {model for question in asked if bool(question.setting) == with_setting for model in question.models}


SEARCH = (PROJECT / "macros/search/create_search_functions.sql").read_text()
READS = {
    "leaderboard_command": models_named_in(leaderboards),
    "search": models_named_in(SEARCH, searching),
    "viewer": models_named_in(SEARCH, viewer.corpus, viewer.research),
    "report": models_of_questions(questions.names(), with_setting=False),
    "report_on_the_original_study": models_of_questions(questions.names(), with_setting=True)
    - models_of_questions(questions.names(), with_setting=False),
    "notebooks": models_of_questions(IN_NOTEBOOKS, with_setting=False) | models_named_in(SEARCH, notebooks),
    "notebooks_on_the_original_study": models_of_questions(IN_NOTEBOOKS, with_setting=True)
    - models_of_questions(IN_NOTEBOOKS, with_setting=False),
    "export_runs": models_named_in(exports.export_runs, exports._write_run),
    "export_beir": models_named_in(exports.export_beir),
    "export_tables": {relation.partition(".")[2] for relation in exports.CONTRACT}
    - {"original_study_indexes"}
    - {"original_study_ranks"},
    "export_original_files": models_named_in(handovers),
}


@pytest.mark.parametrize("name", READS)
def test_exposure_depends_on_what_its_code_reads(name: str) -> None:
    stated = set(re.findall(r"ref\('(\w+)'\)", " ".join(EXPOSURES[name]["depends_on"])))
    assert READS[name]
    assert stated == READS[name]


def test_every_exposure_says_whose_it_is_and_what(inlined: dict[str, dict[str, Any]]) -> None:
    assert READS.keys() <= EXPOSURES.keys()
    shown = inlined["manifest"]["exposures"].values()
    assert {exposure["name"] for exposure in shown} == set(EXPOSURES)
    for exposure in shown:
        assert exposure["owner"]["name"]
        assert exposure["type"]
        assert exposure["depends_on"]["nodes"]
        assert exposure["label"]


# --- The page ---------------------------------------------------------------------------------------------------------


def test_page_holds_no_folder_of_this_machine(page: Path) -> None:
    text = page.read_text()
    assert str(PROJECT) not in text
    assert str(page.parent.parent) not in text


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_page_opens_without_a_network(page: Path) -> None:
    """Overview, tables, macros, exposures and lineage: no console message, no request but for the page itself."""
    places = {
        "overview": "#!/overview",
        "leaderboard": f"#!/model/model.{OURS}.leaderboard",
        "rankers": f"#!/seed/seed.{OURS}.rankers",
        "explode": f"#!/macro/macro.{OURS}.duckdb__explode",
        "Viewer": f"#!/exposure/exposure.{OURS}.viewer",
        "Lineage Graph": f"#!/model/model.{OURS}.leaderboard?g_v=1&g_i=%2Bleaderboard",
    }
    said: list[str] = []
    asked: set[str] = set()

    def listen(message: ConsoleMessage) -> None:
        said.append(message.text)

    def note(request: Request) -> None:
        asked.add(request.url.partition("#")[0])

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        tab = context.new_page()
        tab.on("console", listen)
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", note)
        tab.goto(page.as_uri())
        for words, place in places.items():
            tab.goto(page.as_uri() + place)
            # another place of the same page is no new page, and only a new one opens the lineage
            if "?" in place:
                tab.reload()
            tab.get_by_text(re.compile(re.escape(words), re.IGNORECASE)).locator("visible=true").first.wait_for()
        # the lineage is drawn: its canvas has more than one colour
        tab.wait_for_function(
            """() => [...document.querySelectorAll('canvas')].some(canvas => {
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                return new Set(new Uint32Array(pixels.buffer)).size > 2;
            })"""
        )
        browser.close()
    assert said == []
    assert asked == {page.as_uri()}


def test_a_page_that_dbt_has_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    with pytest.raises(documentation.PageError, match="mend MENDED"):
        documentation.page(tmp_path, "..", {})


def test_a_warehouse_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(documentation.PageError, match="no warehouse"):
        documentation.write(tmp_path, tmp_path / "none.duckdb", tmp_path / "index.html")
