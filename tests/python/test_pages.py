"""Every command and link of README and docs is run or followed; what a script made is as the script has it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pages
import pytest
import test_readme
import test_tutorial
from warehouses import PROJECT

# In this order, in one shell and one copy of the tree, after what `make demo` leaves behind but for the media
HOW_TO = [
    f"docs/how-to/{name}.md"
    for name in (
        "add-a-tokenizer",
        "judge-a-foreign-run",
        "add-a-ranking-function",
        "add-a-metric",
        "hand-over",
        "share-without-names",
        "scrape",
        "add-a-source",
    )
]
# The next page builds what this one adds, by the same command
BUILT_WITH_NEXT = "docs/how-to/judge-a-foreign-run.md"
# Blocks that no test runs, each with the reason
NOT_RUN = {
    ("README.md", "make test"): "it is this very run; test_readme sees that CI calls it",
    ("docs/viewer.md", "make viewer"): "port 8000 may be another's; below, what it calls is what the tutorial runs",
    (
        "docs/viewer.md",
        "python -m tiktok_retrieval viewer export FOLDER",
    ): "FOLDER stands for a name; test_viewer_export calls the command",
}
TOP_FOLDERS = sorted({name.partition("/")[0] for name in pages.tracked() if "/" in name})
PROGRAM = re.compile(r"(?:python extract/run\.py|python -m tiktok_retrieval|make|dbt|bash|git)\b[^`\n]*")


reference = pages.script("reference")


# --- Links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages.pages())
def test_links_lead_to_files_and_headings(page: str) -> None:
    broken = []
    for link in pages.links(page):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (PROJECT / page).parent / path if path else PROJECT / page
        if not target.exists() or (anchor and anchor not in pages.anchors(str(target.resolve().relative_to(PROJECT)))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages.pages())
def test_named_files_are_there(page: str) -> None:
    """What stands in backticks and begins with a folder of the tree is in the tree, or is a form of such names."""
    text = pages.without_fences((PROJECT / page).read_text())
    named = {name for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text) if name.partition("/")[0] in TOP_FOLDERS}
    # what a raw zone or a build holds is not in the tree
    named = {name for name in named if not name.startswith(("data/", "target/"))}
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in pages.links(page):
            target = ((PROJECT / page).parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                waiting.append(str(target.relative_to(PROJECT)))
    assert [page for page in pages.pages() if page.startswith("docs/") and page not in reached] == []


# --- Commands ---------------------------------------------------------------------------------------------------------


def test_every_block_is_run_or_says_why_not() -> None:
    run = {"README.md", test_tutorial.TUTORIAL, *HOW_TO}
    unrun = {
        (page, block.text.strip())
        for page in pages.pages()
        for block in pages.blocks(page)
        if page not in run or block.text.strip() in test_readme.NOT_RUN
    }
    assert unrun == NOT_RUN.keys()


def test_make_viewer_serves_as_the_tutorial_does() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    assert re.search(r"^viewer: .*\n\t@\$\(BIN\)/python -m tiktok_retrieval viewer serve$", makefile, re.MULTILINE)


def spelled_commands(page: str) -> set[str]:
    """Return the commands that a page names, in blocks or in its sentences."""
    text = (PROJECT / page).read_text()
    sentences = re.findall(r"`([^`\n]+)`", pages.without_fences(text))
    lines = [line.strip() for block in pages.blocks(page) for line in block.text.splitlines()]
    return {found for line in [*sentences, *lines] for found in PROGRAM.findall(line) if line.startswith(found)}


@pytest.mark.parametrize("page", pages.pages())
def test_named_commands_and_options_exist(page: str) -> None:
    known = dict(reference.commands())
    verbs = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    wrong = []
    for line in spelled_commands(page):
        if line.startswith("make "):
            if line.split()[1] not in verbs:
                wrong.append(line)
            continue
        program = next((program for program in reference.PROGRAMS if line.startswith(program)), None)
        if program is None or line.removeprefix(program).strip() in ("", "--help", "COMMAND", "STEP [...]"):
            continue
        found = [name for name in known if f"{line} ".startswith(f"{name} ")]
        options = set(re.findall(r"(?<= )--[a-z-]+", line.partition(" < ")[0]))
        if not found:
            wrong.append(line)
            continue
        command = known[max(found, key=len)]
        there = {word for option in command.params for word in (*option.opts, *option.secondary_opts)} | {"--help"}
        if not options <= there:
            wrong.append(line)
    assert wrong == []


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the tree in which every how-to was followed, and what the commands printed."""
    copy = pages.fresh_copy(tmp_path_factory.mktemp("how_to") / "tiktok-retrieval")
    for name in ("info", "master.json", "ocr.json", "speech_to_text.json", "queries.json"):
        source, target = copy / "demo" / name, copy / "data/demo" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    blocks = [(page, block.text) for page in HOW_TO for block in pages.blocks(page)]
    assert [page for page, text in blocks if "dbt build\n" in text][:3] == HOW_TO[:3]
    texts = [text.replace("dbt build\n", "") if page == BUILT_WITH_NEXT else text for page, text in blocks]
    return copy, pages.run(copy, texts)


def rows(copy: Path, warehouse: str, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(copy / warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_how_to_works(done: tuple[Path, str]) -> None:
    """All pages of docs/how-to are followed, and what each promises is there afterwards."""
    copy, printed = done
    assert set(HOW_TO) == {page for page in pages.pages() if page.startswith("docs/how-to/")}
    listed = rows(copy, "data/demo/warehouse.duckdb", "select entry_id from evaluation.leaderboard")
    entries = {str(row[0]) for row in listed}
    assert {"my_3grams", "words_coordination", "overlap"} <= entries
    shares = rows(
        copy,
        "data/demo/warehouse.duckdb",
        "select count(*), min(value) between 0 and 1 from evaluation.system_metrics where metric like '%retrieved'",
    )
    assert shares == [(2 * len([entry for entry in entries if not entry.startswith("best_")]), True)]
    assert "words_coordination" in printed
    for name in ("runs/runs/overlap.trec", "beir/corpus.jsonl", "tables/corpus.tiktoks.parquet", "original/tiktoks.db"):
        assert (copy / "data/demo/handed" / name).is_file(), name


def test_the_shared_warehouse_names_nobody(done: tuple[Path, str]) -> None:
    copy, _ = done
    shared, named = "data/demo/unnamed/warehouse.duckdb", "data/demo/warehouse.duckdb"
    names = {str(name) for (name,) in rows(copy, named, "select creator_username from corpus.tiktoks") if name}
    assert names
    hashes = {str(name) for (name,) in rows(copy, shared, "select creator_username from corpus.tiktoks") if name}
    assert hashes
    assert not names & hashes
    assert rows(copy, shared, "select count(permalink), count(video_src) from corpus.tiktoks") == [(0, 0)]
    days = "select count(*) from corpus.tiktoks where posted_at <> date_trunc('day', posted_at)"
    assert rows(copy, shared, days) == [(0,)]


def test_the_new_source_is_in_the_corpus(done: tuple[Path, str]) -> None:
    copy, _ = done
    clips = rows(
        copy, "data/sources/warehouse.duckdb", "select creator_username, description from corpus.tiktoks order by all"
    )
    assert clips == [
        ("pond.diary", "he does this every lunch break"),
        ("rosa.rolls", "week three and he refuses knee pads"),
    ]
    assert (copy / "data/sources/imports/clip-notes/clip-notes.ndjson").is_file()


# --- What scripts write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", reference.PAGES)
def test_reference_says_what_is_there(name: str) -> None:
    assert (PROJECT / "docs/reference" / name).read_text() == reference.PAGES[name](), "run scripts/reference.py"


@pytest.mark.parametrize(("page", "name"), reference.SECTIONS)
def test_section_says_what_is_there(page: str, name: str) -> None:
    text = reference.SECTIONS[page, name]()
    assert (PROJECT / page).read_text() == reference.with_section(PROJECT / page, name, text), (
        "run scripts/reference.py"
    )


def test_every_var_is_in_the_project_file_with_its_default_and_meaning() -> None:
    stated = {name: default for name, default, meaning in reference.project_vars() if meaning}
    assert len(stated) == len(list(reference.project_vars()))
    used: dict[str, set[str]] = {}
    for file in pages.tracked():
        if file.startswith(("models/", "macros/", "tests/", "analyses/", "seeds/")) and file.endswith((".sql", ".yml")):
            text = (PROJECT / file).read_text()
            for name, default in re.findall(r"""(?<!env_)var\(['"](\w+)['"](?:, *([^)]*))?\)""", text):
                used.setdefault(name, set()).add(default)
    assert used.keys() <= stated.keys()
    for name, defaults in used.items():
        for default in defaults - {""}:
            said = {"none": "null"}.get(default.lower(), default.lower()).strip("'\"")
            assert said == stated[name].lower().strip("'\""), (
                f"var {name}: {default} here, {stated[name]} in dbt_project.yml"
            )


def test_hooks_are_those_of_the_scraper() -> None:
    script_text = (PROJECT / "extract/scraper.js").read_text()
    names = [name for name, _, _ in reference.hooks()]
    selectors = script_text.partition("const SELECTORS = {")[2].partition("\n    };")[0]
    assert names == re.findall(r"^        (\w+): \{", selectors, re.MULTILINE)
    assert all(found for _, _, found in reference.hooks())


def test_contract_names_every_table_of_the_export() -> None:
    headings = pages.anchors("docs/reference/contract.md")
    assert {relation.replace(".", "") for relation in reference.CONTRACT} <= headings


def test_layout_is_drawn_with_every_part_that_the_scraper_reads() -> None:
    drawings = pages.script("drawings")
    text = (PROJECT / "docs/images/scraper-layout.svg").read_text()
    assert text == drawings.layout(), "run scripts/drawings.py"
    drawn = re.findall(r'class="code"[^>]*>(\w+)<', text)
    assert sorted(drawn) == sorted(name for name, _, _ in reference.hooks())


def test_rooms_are_drawn_with_every_schema_that_data_goes_through() -> None:
    text = (PROJECT / "docs/images/rooms.svg").read_text()
    assert text == pages.script("drawings").rooms(), "run scripts/drawings.py"
    drawn = re.findall(r'class="name"[^>]*>\d (\w+)<', text)
    folders = {path.name for path in (PROJECT / "models").iterdir() if path.is_dir()}
    # what readers ask, and what builds note of themselves, lies beside the way
    assert sorted(drawn) == sorted(folders - {"search", "meta"})
