"""The questions of analyses/, the figures that answer them, and the report, opened in Chromium without a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval import figures, plots, questions, report

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
STUDY = {"original_study": True}
DRAWN = [name for name, figure in figures.FIGURES.items() if figure.draw]


@pytest.fixture(scope="session")
def changed(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the demo warehouse that a test may change, within a transaction that it takes back."""
    copy = tmp_path_factory.mktemp("changed") / "warehouse.duckdb"
    shutil.copy(demo_build.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        yield connection


@pytest.fixture
def warehouse(changed: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    changed.execute("begin")
    yield changed
    changed.execute("rollback")


@pytest.fixture(scope="module")
def connection(demo_build: BuildResult) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_build.warehouse), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def page_file(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("report") / "report.html"
    report.write(demo_build.warehouse, target, with_words=True)
    return target


# --- Questions and figures ------------------------------------------------------------------------------------------


def test_dbt_compiles_every_question(tmp_path: Path) -> None:
    """What dbt makes of a file and what `questions` makes of it are the same SQL, but for the database's name."""
    result = build(
        PROJECT / "demo", tmp_path / "warehouse.duckdb", command="compile", select=["path:analyses"], variables=STUDY
    )
    assert result.success
    compiled = {path.stem: path.read_text() for path in tmp_path.rglob("compiled/**/analyses/*.sql")}
    assert sorted(compiled) == questions.names()
    for name, text in compiled.items():
        ours = questions.read(name).sql
        theirs = re.sub(r'"warehouse"\."(\w+)"\."(\w+)"', r"\1.\2", text.partition("\n")[2])
        assert re.sub(r"\s+", " ", theirs).strip() == re.sub(r"\s+", " ", ours).strip(), name


@pytest.mark.parametrize("name", questions.names())
def test_question_is_asked_and_answered(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    question = questions.read(name)
    assert question.text.endswith("?")
    assert question.models
    rows = questions.answer(connection, name)
    assert not rows.is_empty()
    assert len(rows) == 1 or "order by" in question.sql, "rows come in one order, whatever the number of threads"


def test_every_figure_has_its_place_in_the_report() -> None:
    placed = [name for *_, names in report.SECTIONS for name in names]
    assert sorted(placed) == sorted(set(figures.FIGURES) - {"collection_in_numbers"})
    assert set(figures.FIGURES) <= set(questions.names())


@pytest.mark.parametrize("name", figures.FIGURES)
def test_figure_says_draws_and_lists_what_is_there(name: str, connection: duckdb.DuckDBPyConnection) -> None:
    figure = figures.figure(name)
    rows = figure.rows(connection)
    assert figure.say(rows).endswith(".")
    table = figure.table(rows)
    assert list(table.columns) == list(figure.headings), "every column that has a heading is in the answer"
    if figure.draw:
        for width in (report.WIDE, report.NARROW):
            assert figure.plot(connection, width).to_dict()


def test_a_missing_relation_is_named_with_what_makes_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("drop table evaluation.failures")
    with pytest.raises(questions.NotBuiltError, match=r"evaluation\.failures.*dbt build --select failures"):
        questions.answer(warehouse, "failures_by_category")
    text = report.page(warehouse, with_words=True)
    assert "not built yet: evaluation.failures" in text
    assert "not built yet: evaluation.leaderboard" not in text


def test_colours_are_told_apart_on_both_grounds() -> None:
    assert len(set(plots.DARK)) == len(set(plots.DARK.values())) == len(report.COLOUR_NAMES)


def test_short_names_fit_and_stay_different() -> None:
    names = ["a name that goes on and on until it ends in x", "a name that goes on and on until it ends in y", "short"]
    short = plots.short_names([*names, names[0]], 150)
    assert len(set(short.values())) == len(short) == 3
    assert all(plots.room_for(form) <= 150 for form in short.values())


# --- The report -----------------------------------------------------------------------------------------------------


def paragraphs(text: str) -> str:
    """Return the prose of a page."""
    found = re.findall(r"<(?:p|li)(?: [^>]*)?>(.*?)</(?:p|li)>", text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", "\n".join(found))).replace("\N{NO-BREAK SPACE}", " ")


def drawing(text: str, name: str) -> str:
    """Return the wide plot of a figure."""
    found = re.search(
        rf'<section class="figure" id="{name.replace("_", "-")}".*?<div class="plot wide">(.*?)</div>', text, re.DOTALL
    )
    assert found, name
    return found[1]


def test_prose_and_plots_follow_the_tables(warehouse: duckdb.DuckDBPyConnection) -> None:
    before = report.page(warehouse, with_words=True)
    warehouse.execute("update evaluation.leaderboard set leading_value = .4321, success_at_1 = .37 where position = 1")
    warehouse.execute("update corpus.funnel set tiktoks = tiktoks + 1000 where stage = 'cover' and outcome = 'failed'")
    after = report.page(warehouse, with_words=True)
    for number in (".432", "37 %"):
        assert number not in paragraphs(before)
        assert number in paragraphs(after)
    for name in ("leaderboard_intervals", "corpus_funnel"):
        assert drawing(before, name) != drawing(after, name)
    assert drawing(before, "text_sources") == drawing(after, "text_sources"), "the same rows make the same drawing"


def test_prose_has_no_number_of_its_own(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Take the rows away: what is left of the prose has no figure but the level of the intervals."""
    tables = warehouse.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_type = 'BASE TABLE' and table_schema in ('corpus', 'evaluation', 'retrieval', 'test_collection')"
    ).fetchall()
    for schema, table in tables:
        warehouse.execute(f"delete from {schema}.{table}")
    text = report.page(warehouse, with_words=True)
    leads = re.findall(r'<p class="lead">(.*?)</p>', text, re.DOTALL)[1:]
    notes = re.findall(r'<p class="note">(.*?)</p>', text, re.DOTALL)
    assert len(notes) > 10
    assert not re.search(r"\d", unescape("".join([*leads, *notes])))


def test_words_of_persons_stay_out_unless_wanted(demo_build: BuildResult, page_file: Path) -> None:
    with duckdb.connect(str(demo_build.warehouse), read_only=True) as connection:
        without_words = unescape(report.page(connection, with_words=False))
        queries = [
            query for (query,) in connection.execute("select query_text from test_collection.queries").fetchall()
        ]
        people = connection.execute(
            "select creator_username from corpus.tiktoks union select author from test_collection.queries"
        ).fetchall()
    assert [query for query in queries if query in without_words] == []
    with_words = page_file.read_text()
    assert any(query in unescape(with_words) for query in queries)
    assert [name for (name,) in people if name and re.search(rf"\b{re.escape(name)}\b", without_words)] == []


def test_a_text_collection_has_a_report_too(warehouse: duckdb.DuckDBPyConnection) -> None:
    for table in ("tiktoks", "excluded_tiktoks", "funnel", "comments"):
        warehouse.execute(f"delete from corpus.{table}")
    for table in ("leaderboard set leading_metric", "comparisons set metric"):
        warehouse.execute(
            f"update evaluation.{table} = 'average_precision' where {table.split()[-1]} = 'reciprocal_rank'"
        )
    text = report.page(warehouse, with_words=False)
    assert "Retrieval from a text collection" in text
    assert "mean average precision of" in text
    assert "The warehouse holds no TikToks." in text


def test_commands_say_what_is_wrong(demo_build: BuildResult, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tiktok_retrieval", "report", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)

    missing = run("--warehouse", str(tmp_path / "nothing.duckdb"))
    assert (missing.returncode, len(missing.stderr.splitlines())) == (4, 1)
    assert "run `dbt build`" in missing.stderr
    (tmp_path / "broken.duckdb").write_text("this is no database")
    broken = run("--warehouse", str(tmp_path / "broken.duckdb"))
    assert (broken.returncode, len(broken.stderr.splitlines())) == (4, 1)
    target = tmp_path / "deep" / "page.html"
    done = run("--warehouse", str(demo_build.warehouse), "--to", str(target))
    assert done.returncode == 0, done.stderr
    assert 100_000 < target.stat().st_size < 10_000_000


# --- In the browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def opened_page(browser: Browser, file: Path, width: int, scheme: str) -> tuple[Page, list[str]]:
    """Open a file with the network cut off; return what the console said and what was asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    return page, said


MARKS = """() => [...document.querySelectorAll('.plot svg')]
    .filter((plot) => plot.getBoundingClientRect().width > 0)
    .map((plot) => [plot.getAttribute('aria-label'), plot.querySelectorAll('[class*=mark-] :is(path, line)').length])"""


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_page_is_whole_without_a_network(browser: Browser, page_file: Path, width: int, scheme: str) -> None:
    page, said = opened_page(browser, page_file, width, scheme)
    assert [line for line in said if not line.startswith("data:")] == []
    marks = page.evaluate(MARKS)
    assert len(marks) == len(DRAWN), "one plot of each figure is visible, for wide or narrow screens"
    assert [title for title, count in marks if count == 0] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        "() => [...document.querySelectorAll('.plot svg text')].filter((text) => text.getBoundingClientRect().width > 0"
        " && (text.getBoundingClientRect().left < 0 || text.getBoundingClientRect().right > innerWidth + 1))"
        ".map((text) => text.textContent)"
    )
    assert outside == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    ink = page.evaluate("getComputedStyle(document.querySelector('.plot svg text')).fill")
    assert "var" not in ink
    assert ink != ground
    page.context.close()


@needs_chromium
def test_tables_sort_and_links_lead_to_their_places(browser: Browser, page_file: Path) -> None:
    page, _ = opened_page(browser, page_file, 1280, "light")
    links = page.evaluate("[...document.querySelectorAll('nav a')].map((link) => link.hash)")
    assert len(links) == len(report.SECTIONS) + len(figures.FIGURES) - 1
    assert page.evaluate("(links) => links.filter((link) => !document.querySelector(link))", links) == []
    table = page.locator("#leaderboard-intervals")
    table.locator("summary").first.click()
    column = "[...document.querySelectorAll('#leaderboard-intervals tbody tr')].map((row) => row.cells[2].textContent)"
    assert page.evaluate(column) == sorted(page.evaluate(column), reverse=True)
    table.get_by_role("button", name="leading measure").click()
    assert page.evaluate(column) == sorted(page.evaluate(column))
    table.get_by_role("button", name="leading measure").click()
    assert page.evaluate(column) == sorted(page.evaluate(column), reverse=True)
    assert table.locator("th[aria-sort]").count() == 1
    page.context.close()


@needs_chromium
def test_page_prints_without_what_only_a_screen_needs(browser: Browser, page_file: Path) -> None:
    page, _ = opened_page(browser, page_file, 800, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    hidden = "[...document.querySelectorAll('nav, details, .narrow')].every((part) => !part.getClientRects().length)"
    assert page.evaluate(hidden)
    assert page.pdf()[:4] == b"%PDF"
    page.context.close()
