"""The notebooks on the marts: their SQL is that of analyses/, each runs on the demo, and Chromium shows all of it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import duckdb
import marimo
import polars
import pytest
import vl_convert
from marimo._convert.converters import MarimoConvert
from playwright.sync_api import Browser, Page, sync_playwright
from warehouses import PROJECT, build

from tiktok_retrieval import figures, notebooks, plots, questions

NOTEBOOKS = sorted(notebooks.NOTEBOOKS.glob("*.py"))
CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


def drawn_figures(path: Path) -> list[str]:
    """Return the figures of a notebook that have a plot."""
    return [name for name in notebooks.queries(path.read_text()) if name in PLOTTED]


PLOTTED = {name for name, figure in figures.FIGURES.items() if figure.draw}
# Plots that a notebook has beside the report's figures
OWN_PLOTS = {
    "02_texts": ["The most distinctive words"],
    "04_success": ["Success among the first N results"],
    "07_failures": ["Which terms made the difference"],
}


# What `make bench` found is shown where it lies; without it the notebook says how to measure
if list(notebooks.RESULTS.glob("search_*.json")):
    OWN_PLOTS["09_speed_and_scale"] = ["Beside other engines"]
NOTES = {"09_speed_and_scale": 0 if "09_speed_and_scale" in OWN_PLOTS else 1}


def plots_of(path: Path) -> list[str]:
    """Return the titles of the plots that a notebook shows on the demo, in any order."""
    titles = [figures.figure(name).title for name in drawn_figures(path)]
    return sorted(titles + OWN_PLOTS.get(path.stem, []))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with every system and the original study, so that no figure is a note."""
    target = tmp_path_factory.mktemp("notebooks") / "warehouse.duckdb"
    variables = {"original_study": True, "all_systems": True}
    without_tests = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    assert build(PROJECT / "demo", target, variables=variables, arguments=without_tests).success
    return target


@pytest.fixture
def reads(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let notebooks read that warehouse."""
    monkeypatch.setenv("TIKTOK_WAREHOUSE", str(warehouse))
    return warehouse


def run(path: Path, **given: Any) -> tuple[str, dict[str, Any]]:
    """Run a notebook in this process; return what its cells show, and the names that they define."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    outputs, names = module.app.run(defs=given or None)
    return "\n".join(marimo.as_html(output).text for output in outputs if output is not None), dict(names)


def mark_count(chart: plots.Chart) -> int:
    """Draw a chart and count its marks."""
    svg = ElementTree.fromstring(vl_convert.vegalite_to_svg(chart.to_json(validate=False)))
    groups = [group for group in svg.iter() if "role-mark" in group.get("class", "").split()]
    return sum(1 for group in groups for mark in group.iter() if mark.tag.endswith(("path", "line")))


# --- The files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_sql_is_that_of_the_analyses(path: Path) -> None:
    text = path.read_text()
    assert notebooks.with_current_queries(text) == text, "python scripts/notebook_queries.py mends it"
    for name, sql in notebooks.queries(text).items():
        assert sql == questions.read(name).sql
    assert text.count("mo.sql(") == len(notebooks.SQL_CELL.findall(text))


def test_a_changed_analysis_changes_its_notebooks() -> None:
    text = NOTEBOOKS[0].read_text()
    name, sql = next(iter(notebooks.queries(text).items()))
    outdated = text.replace(sql.splitlines()[2], "outdated as (select 1 as one),", 1)
    assert outdated != text
    assert notebooks.queries(outdated)[name] != sql
    assert notebooks.with_current_queries(outdated) == text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_editor_saves_it_as_it_is(path: Path) -> None:
    """What marimo writes when a reader saves differs in nothing but what the reader changed."""
    text = path.read_text()
    assert MarimoConvert.from_py(text).to_py() == text


def test_every_figure_of_the_report_is_in_a_notebook() -> None:
    shown = [
        name for path in NOTEBOOKS for name in re.findall(r'notebooks\.(?:shown|numbers)\(\s*"(\w+)"', path.read_text())
    ]
    assert sorted(shown) == sorted(figures.FIGURES)


def test_each_notebook_leads_to_the_next() -> None:
    for path, following in pairwise([*NOTEBOOKS, NOTEBOOKS[0]]):
        assert re.findall(r'notebooks\.onward\(\s*"([^"]+)"', path.read_text()) == [following.name]


def test_notebooks_only_read() -> None:
    """No SQL cell writes, and all read the rooms, the search functions or files of measurements."""
    for path in NOTEBOOKS:
        for cell in notebooks.SQL_CELL.finditer(path.read_text()):
            words = set(
                re.findall(r"\b(create|insert|update|delete|drop|alter|attach|copy|install|load)\b", cell["sql"])
            )
            assert not words, f"{path.name}, {cell['name']}"


# --- Run without a browser ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_on_the_demo(path: Path, reads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error, no empty table, no note in a figure's place, and marks in every plot, wide and narrow."""
    charts: list[tuple[str, plots.Chart]] = []
    draw = notebooks.drawn

    def spied(title: str, wide: plots.Chart, narrow: plots.Chart) -> str:
        charts.extend([(title, wide), (title, narrow)])
        return draw(title, wide, narrow)

    monkeypatch.setattr(notebooks, "drawn", spied)
    text, names = run(path)
    assert text.count('class="note"') == NOTES.get(path.stem, 0)
    tables = {name: value for name, value in names.items() if isinstance(value, polars.DataFrame)}
    assert set(tables) >= set(notebooks.queries(path.read_text()))
    assert [name for name, rows in tables.items() if rows.is_empty()] == []
    assert sorted(title for title, _ in charts[::2]) == plots_of(path)
    assert [title for title, chart in charts if mark_count(chart) == 0] == []


def test_every_miss_can_be_looked_at(reads: Path) -> None:
    path = notebooks.NOTEBOOKS / "07_failures.py"
    with duckdb.connect(str(reads), read_only=True) as connection:
        misses = questions.answer(connection, "failures_of_best_system")
    found = misses.filter(polars.col("target_rank").is_not_null()).row(-1, named=True)
    lost = misses.filter(polars.col("target_rank").is_null()).row(0, named=True)
    for row in (found, lost):
        text, names = run(path, missed_query=SimpleNamespace(value=row["query_id"]))
        assert f"<h3>{row['query_text'].strip()}</h3>" in text
        compared = names["compared_terms"]
        assert set(compared["document"]) == ({"target", "rank 1"} if row["shared_term_count"] else {"rank 1"})
    text, names = run(path, missed_query=SimpleNamespace(value=None))
    assert "No query is picked." in text
    assert "compared_terms" not in names


def test_texts_of_persons_break_no_query(reads: Path) -> None:
    """A query with quotes in it is a value for SQL, never a part of it."""
    hostile = "it's '); drop table corpus.tiktoks; -- {miss}"
    with notebooks.connect() as connection:
        assert connection.execute(f"select {notebooks.quoted(hostile)}").fetchone() == (hostile,)
        assert connection.execute(f"select {notebooks.quoted(None)}").fetchone() == (None,)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("create table corpus.other (id integer)")


def test_where_nothing_is_to_be_read_a_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "warehouse.duckdb"
    monkeypatch.setenv("TIKTOK_WAREHOUSE", str(missing))
    for path in NOTEBOOKS:
        text, names = run(path)
        assert text.count('class="note"') == 1, path.stem
        assert f"There is no warehouse {missing}: run <code>dbt build</code>" in text
        assert not any(isinstance(value, polars.DataFrame) for value in names.values())
    missing.write_text("this is no database")
    with pytest.raises(notebooks.NoWarehouseError, match="cannot be read"):
        notebooks.connect()
    monkeypatch.delenv("TIKTOK_WAREHOUSE")
    monkeypatch.setattr(notebooks, "PROJECT", tmp_path)
    with pytest.raises(notebooks.NoWarehouseError, match="run `make demo`"):
        notebooks.warehouse_file()
    (tmp_path / "data/demo").mkdir(parents=True)
    (tmp_path / "data/demo/warehouse.duckdb").touch()
    assert notebooks.warehouse_file() == tmp_path / "data/demo/warehouse.duckdb"
    published = tmp_path / "data/published/current/warehouse.duckdb"
    published.parent.mkdir(parents=True)
    published.touch()
    assert notebooks.warehouse_file() == published, "a reader of the copy blocks no build"


@pytest.fixture
def lacking(warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy that a test may take something from; notebooks read it once the connection is closed."""
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(warehouse, copy)
    monkeypatch.setenv("TIKTOK_WAREHOUSE", str(copy))
    with duckdb.connect(str(copy)) as connection:
        yield connection


def test_what_is_not_built_is_named_with_what_builds_it(lacking: duckdb.DuckDBPyConnection) -> None:
    tables = lacking.execute(
        "select table_schema || '.' || table_name from information_schema.tables where table_name like 'original_%'"
    ).fetchall()
    for (table,) in tables:
        lacking.execute(f"drop table {table}")
    for table in ("ablations", "failures"):
        lacking.execute(f"delete from evaluation.{table}")
    lacking.close()
    text, names = run(notebooks.NOTEBOOKS / "08_original_study.py")
    assert "<code>evaluation.original_study_conclusions</code>" in text
    assert "<code>dbt build --vars '{original_study: true}'</code>" in text
    assert "original_study_reproduced" not in names
    text, _ = run(notebooks.NOTEBOOKS / "05_ablations.py")
    assert text.count('class="note"') == 2
    assert "all_systems: true" in text
    text, _ = run(notebooks.NOTEBOOKS / "07_failures.py")
    assert "The best system misses nothing." in text


def test_a_text_collection_has_notebooks_too(lacking: duckdb.DuckDBPyConnection) -> None:
    for table in ("tiktoks", "excluded_tiktoks", "funnel", "comments"):
        lacking.execute(f"delete from corpus.{table}")
    lacking.execute("delete from search_index.document_fields")
    lacking.close()
    text, _ = run(notebooks.NOTEBOOKS / "01_corpus.py")
    assert "The warehouse holds no TikToks." in text
    text, _ = run(notebooks.NOTEBOOKS / "02_texts.py")
    assert "No hashtag is picked, or there is none." in text
    text, _ = run(notebooks.NOTEBOOKS / "05_ablations.py")
    assert "There are no comments" in text


def test_measurements_are_read_where_they_lie(reads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notebooks.NOTEBOOKS / "09_speed_and_scale.py"
    monkeypatch.setattr(notebooks, "RESULTS", tmp_path)
    text, names = run(path)
    assert "<code>make bench SCALE=1000000</code>" in text
    assert "measurements" not in names
    seconds = {"ours": 0.5, "tantivy": 0.25}
    for scale in (1_000, 50_000):
        measured = [
            {"documents": size, "engine": engine, "bytes": size if engine == "ours" else None}
            | {column: factor * size for column, _ in notebooks.MEASURES.values() if column != "bytes"}
            for size in (500, scale)
            for engine, factor in seconds.items()
        ]
        results = {"machine": {}, "versions": {}, "measured": measured}
        (tmp_path / f"search_{scale}.json").write_text(json.dumps(results))
    text, names = run(path)
    assert names["measurements"]["documents"].to_list() == [500, 500, 50_000, 50_000]
    assert "at 50,000 documents <code>tantivy</code> 12,500,000 and <code>ours</code> 25,000,000" in text
    index = notebooks.engines_compared(names["measurements"], "Index, MB").text
    assert "at 50,000 documents <code>ours</code> 0.05." in index


def test_a_figure_names_the_column_that_it_lacks(reads: Path) -> None:
    with notebooks.connect() as connection:
        rows = {name: questions.answer(connection, name) for name in ("corpus_funnel", "exclusion_reasons")}
    for name, column in (("corpus_funnel", "outcome"), ("exclusion_reasons", "tiktoks")):
        text = notebooks.shown(name, rows[name].drop(column)).text
        assert f"no longer have what the figure needs: <code>{column}</code>" in text


def test_charts_follow_the_ground(reads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with notebooks.connect() as connection:
        chart = figures.figure("corpus_funnel").plot(connection)
    assert plots.INK in str(notebooks.themed(chart, has_menu=True).to_dict())
    monkeypatch.setattr(marimo, "app_meta", lambda: SimpleNamespace(theme="dark"))
    dark = str(notebooks.themed(chart, has_menu=True).to_dict())
    assert plots.INK not in dark
    assert plots.DARK[plots.INK] in dark


# --- In the browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that can reach this machine and nothing else."""
    cut_off = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", cut_off])
        yield opened
        opened.close()


@contextmanager
def served(warehouse: Path, log: Path, *command: str) -> Iterator[str]:
    """Serve the notebooks from another process, on a port of its own; yield the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {"TIKTOK_WAREHOUSE": str(warehouse), "PYTHONPATH": str(PROJECT)}
    call = [str(Path(sys.executable).with_name("marimo")), *command, "--headless", "--port", str(port)]
    with log.open("wb") as file:
        server = subprocess.Popen(call, cwd=PROJECT, env=environment, stdout=file, stderr=file)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                assert server.poll() is None, log.read_text()
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait(30)


GIVEN_UP = "net::ERR_ABORTED"  # Chromium's word for it


def watched(browser: Browser, address: str, name: str) -> tuple[Page, list[str]]:
    """Open a notebook; return the page, and what goes wrong in it as it happens."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(  # what the page itself gives up is no fault, such as a check of its SQL while it is left
        "requestfailed",
        lambda request: wrong.append(f"{request.url}: {request.failure}") if request.failure != GIVEN_UP else None,
    )
    page.on(
        "response",
        lambda response: wrong.append(f"{response.status} {response.url}") if response.status >= 400 else None,
    )
    page.on(
        "request",
        lambda request: wrong.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None,
    )
    page.goto(f"{address}/?file={name}")
    return page, wrong


# The plots of a place, each with its title, its marks and where it ends; marimo draws them behind shadow roots
PLOTS = """(place) => [...document.querySelectorAll(`.plot.${place}`)].map((plot) => {
    const drawing = plot.firstElementChild.shadowRoot?.querySelector("svg.marks");
    const marks = drawing?.querySelectorAll(".role-mark :is(path, line)").length ?? 0;
    const { left, right } = drawing?.getBoundingClientRect() ?? {};
    return { title: plot.getAttribute("aria-label"), marks, left, right };
})"""


def check_plots(page: Page, path: Path, place: str) -> None:
    """Every plot of a notebook is visible in this place and has marks."""
    page.wait_for_function(f"(place) => ({PLOTS})(place).every((plot) => plot.right > 0)", arg=place, timeout=60_000)
    found = page.evaluate(PLOTS, place)
    assert sorted(plot["title"] for plot in found) == plots_of(path)
    assert [plot["title"] for plot in found if not plot["marks"]] == []
    width = page.evaluate("innerWidth")
    assert [plot["title"] for plot in found if not 0 <= plot["left"] < plot["right"] <= width] == []


@needs_chromium
def test_notebooks_are_whole_without_a_network(browser: Browser, warehouse: Path, tmp_path: Path) -> None:
    """Each as an application: no error, no request but to this machine, marks in every plot, wide and narrow."""
    with served(warehouse, tmp_path / "log", "run", str(notebooks.NOTEBOOKS)) as address:
        opened = [(path, *watched(browser, address, path.name)) for path in NOTEBOOKS]
        for path, page, wrong in opened:
            page.locator(".onward").wait_for(timeout=60_000)
            check_plots(page, path, "wide")
            page.set_viewport_size({"width": 375, "height": 800})
            check_plots(page, path, "narrow")
            assert page.evaluate("document.documentElement.scrollWidth") <= 375, path.stem
            assert page.get_by_text("Traceback").count() == 0
            assert wrong == [], path.stem
            page.context.close()


@needs_chromium
def test_make_notebooks_opens_them_and_changes_no_file(browser: Browser, warehouse: Path, tmp_path: Path) -> None:
    """In the editor, as `make notebooks` starts it: figures at once, the SQL in sight, other SQL another figure."""
    command = re.search(r"\$\(BIN\)/marimo (edit .*)", (PROJECT / "Makefile").read_text())
    assert command is not None
    path = notebooks.NOTEBOOKS / "04_success.py"
    before = {file: file.read_bytes() for file in NOTEBOOKS}
    with served(warehouse, tmp_path / "log", *command[1].split()) as address:
        page, wrong = watched(browser, address, path.name)
        page.locator(".onward").wait_for(timeout=60_000)
        check_plots(page, path, "wide")
        assert page.locator(".cm-content", has_text="from evaluation.system_metrics").count() == 1
        page.locator(".cm-content", has_text="from evaluation.system_metrics").click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(
            "select 1 as position, 'changed' as system_id, 'best' as part, 1 as cutoff, .25e0 as value, "
            "null as ci_low, null as ci_high"
        )
        page.keyboard.press("ControlOrMeta+Enter")
        page.get_by_text("changed has a target on rank 1 for 25").wait_for(timeout=60_000)
        page.get_by_role("link", name="what each part brings").click()
        page.locator(".onward a", has_text="the queries").wait_for(timeout=60_000)
        assert wrong == []
        page.context.close()
    assert {file: file.read_bytes() for file in NOTEBOOKS} == before
