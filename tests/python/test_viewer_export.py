"""The viewer as files behind a web server that knows nothing: what it finds is what the warehouse finds."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile import hostile_strings
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from test_viewer_browser import ARGUMENTS, CHROMIUM, DESKTOP, PHONE, go, shown, swipe, violations, wait_for
from typer.testing import CliRunner
from viewers import HOSTILE, OWNER, POST, Zone, client_of, make_zone, note_problems, storage_script
from warehouses import PROJECT, BuildResult, build

from extract.run import app as extract_app
from tiktok_retrieval import snapshots
from tiktok_retrieval.__main__ import app
from viewer.corpus import Corpus, Filters
from viewer.exporting import bucket_of, javascript_pattern

PREFIX = "tiktok-retrieval:/study/named/"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def zone(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return make_zone(tmp_path_factory.mktemp("viewer"), demo_build)


def export(zone: Zone, folder: Path, *options: str) -> str:
    """Export by the command; return what it prints."""
    command = ["viewer", "export", str(folder), "--data", str(zone.data), "--warehouse", str(zone.warehouse), *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def root(zone: Zone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a web server, with an export under names and one under pseudonyms, neither at its top."""
    root = tmp_path_factory.mktemp("www")
    assert "With names" in export(zone, root / "study" / "named", "--with-names")
    assert "Pseudonymised, not anonymous" in export(zone, root / "hidden", "--link-media")
    return root


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """Serve the folder as anybody would."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(root), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found
        yield f"http://127.0.0.1:{found[1]}"
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS) as browser,
    ):
        yield browser


@pytest.fixture
def open_export(browser: Browser, address: str, zone: Zone) -> Iterator[Open]:
    """Open an export in a browser that reaches nothing else; what goes wrong in it fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def pass_own(route: Route) -> None:
        if route.request.url.startswith(f"{address}/"):
            route.continue_()
        else:
            problems.append(f"asked: {route.request.url}")
            route.abort()

    def start(path: str = "/study/named/", *, welcomed: bool = True, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.route("**/*", pass_own)
        prefix = f"tiktok-retrieval:{path.partition('?')[0]}"
        context.add_init_script(storage_script(zone, prefix, welcomed=welcomed))
        page = context.new_page()
        note_problems(page, problems)
        go(page, address + path)
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def named(zone: Zone) -> Corpus:
    """The snapshot that was exported."""
    return Corpus(snapshots.current(zone.warehouse), key=None)


@pytest.fixture(scope="module")
def queries(demo_build: BuildResult) -> list[str]:
    rows = demo_build.rows(
        "select query_text from test_collection.queries where query_text is not null order by query_id"
    )
    assert len(rows) > 20
    return [text for (text,) in rows]


@pytest.fixture(scope="module")
def strings(queries: list[str], demo_build: BuildResult) -> list[str]:
    """Every query of the demo, and hundreds of strings that nobody means well, among them emoji of every make."""
    emoji = demo_build.rows(
        "select sequence from search_index.character_forms where kind = 'cluster' and scheme = 'standard' order by all"
    )
    generator = random.Random(7)
    adorned = [
        "".join(
            generator.choice(emoji)[0]
            + generator.choice(("", "", "\ufe0f", "\U0001f3fd", "\u0301", "\u200d", " ", "cat"))
            for _ in range(generator.randint(1, 5))
        )
        for _ in range(120)
    ]
    return [
        *queries,
        *hostile_strings(150),
        *adorned,
        "Σίσυφος ΣΑΣ",
        "İstanbul",
        "猫がピアノを弾く",
        "goose’s  “bread”",
    ]


SOURCE = """
    const { ExportSource } = await import(new URL("static/exported.js", location.href));
    const source = new ExportSource({ delaySeconds: 0, appVersion: "test" });
"""


def run(page: Page, body: str, given: Any) -> Any:
    """Run JavaScript on the export's source; `given` is what it is given."""
    return page.evaluate(f"async (given) => {{ {SOURCE} {body} }}", given)


SEARCH_ALL = """
    const found = [];
    for (const query of given) {
        const { results } = await source.search(query, {}, { k: 1000 });
        found.push(results.map(({ rank, id, score }) => [rank, id, score]));
    }
    return found;
"""


# ------------------------------------------------------------------------------------------------------- search


def test_the_ranking_is_the_warehouses(open_export: Open, named: Corpus, strings: list[str]) -> None:
    found = run(open_export(), SEARCH_ALL, strings)
    results = 0
    for text, ranking in zip(strings, found, strict=True):
        expected = [[one.rank, one.card.tiktok_id, round(one.score, 9)] for one in named.search(text, k=1000)]
        assert ranking == expected, text
        results += len(expected)
    assert results > 5000


def test_every_tokenizer_makes_the_warehouses_terms(
    open_export: Open, zone: Zone, strings: list[str], demo_build: BuildResult
) -> None:
    systems = demo_build.rows(
        "select min(system_id) from search.searchable_systems where refusal is null group by index_id order by 1"
    )
    assert len(systems) > 3
    page = open_export()
    texts = [text for text in strings if len(text) < 1000][::6]
    with duckdb.connect(str(zone.warehouse), read_only=True) as connection:
        for (system,) in systems:
            found = connection.execute("from search_rules(system := $system)", {"system": system})
            rules = dict(zip([column[0] for column in found.description], found.fetchall()[0], strict=True))
            assert rules["scheme"] == "standard"  # whose table the export holds
            rules |= {name: javascript_pattern(rules[name]) for name in rules if name.endswith("_pattern")}
            counted = page.evaluate(
                """async ({ rules, texts }) => {
                    const { Tokenizer } = await import(new URL("static/terms.js", location.href));
                    const tokenizer = new Tokenizer(rules, await (await fetch("data/forms.json")).json());
                    return texts.map((text) => Object.fromEntries(tokenizer.counts(text)));
                }""",
                {"rules": rules, "texts": texts},
            )
            for text, counts in zip(texts, counted, strict=True):
                expected = connection.execute(
                    "from terms_of($text, system := $system)", {"text": text, "system": system}
                ).fetchall()
                assert counts == dict(expected), (system, text)


def test_snippets_and_explanations_are_the_warehouses(open_export: Open, named: Corpus, queries: list[str]) -> None:
    asked = [
        {"query": query, "ids": [result.card.tiktok_id for result in named.search(query, k=5)]}
        for query in [*queries[::3], "Gänse 🦢 im café", "猫", "@goose #goose", "the"]
    ]
    found = run(
        open_export(),
        """
        const found = [];
        for (const { query, ids } of given) {
            const explanations = {};
            for (const id of ids) explanations[id] = await source.explain(query, id);
            found.push({ snippets: await source.snippets(query, ids), explanations });
        }
        return found;
        """,
        asked,
    )
    marked = 0
    for one, answer in zip(asked, found, strict=True):
        query, ids = str(one["query"]), list(one["ids"])
        for tiktok_id, snippets in named.snippets(query, ids).items():
            expected = [
                {"field": snippet.field, "parts": [{"text": text, "is_match": match} for text, match in snippet.parts]}
                for snippet in snippets
            ]
            assert answer["snippets"][tiktok_id] == expected, (query, tiktok_id)
            marked += len(expected)
        for tiktok_id in ids:
            shares = named.explain(query, tiktok_id)
            explanation = answer["explanations"][tiktok_id]
            rows = [(*list(term.values())[:-2], round(term["contribution"], 9)) for term in explanation["terms"]]
            assert sorted(rows) == sorted(
                (share.term, share.field, share.term_frequency, share.document_frequency, round(share.contribution, 9))
                for share in shares
            )
            assert explanation["score"] == pytest.approx(sum(share.contribution for share in shares), abs=1e-9)
            idfs = {term["term"]: term["idf"] for term in explanation["terms"]}
            assert idfs == pytest.approx({share.term: share.idf for share in shares})
    assert marked > 100


def test_filters_are_the_warehouses(open_export: Open, named: Corpus, demo_build: BuildResult) -> None:
    [(creator, day)] = demo_build.rows(
        "select upper(creator_username), cast(posted_at as date)::varchar from corpus.tiktoks order by posted_at desc"
        " limit 1 offset 20"
    )
    filters = [
        {"creator": f"@{creator}"},
        {"creator": "nobody"},
        {"posted_from": day},
        {"posted_to": day},
        {"posted_from": day, "posted_to": day},
        {"creator": creator, "posted_to": "1999-01-01"},
    ]
    found = run(
        open_export(),
        "return Promise.all(given.map(async (filters) => (await source.search('the', filters, { k: 50 })).results"
        ".map(({ id }) => id)));",
        filters,
    )
    expected = [[one.card.tiktok_id for one in named.search("the", Filters(**chosen), k=50)] for chosen in filters]
    assert found == expected
    assert found[0] and not found[1] and found[4]
    assert len(found[2]) + len(found[3]) - len(found[4]) == len(named.search("the", k=1000))


def test_buckets_are_the_same_on_both_sides(open_export: Open, root: Path) -> None:
    terms = [
        term
        for path in sorted((root / "study" / "named" / "data" / "postings").iterdir())
        for term in json.loads(path.read_text())
    ]
    assert len(terms) > 1000
    buckets = open_export().evaluate(
        """async (terms) => {
            const { bucketOf } = await import(new URL("static/exported.js", location.href));
            return terms.map((term) => bucketOf(term, 4093));
        }""",
        terms,
    )
    assert buckets == [bucket_of(term, 4093) for term in terms]


# --------------------------------------------------------------------------------------------- what is in the folder


def test_posts_are_what_the_server_sends(zone: Zone, root: Path, named: Corpus) -> None:
    folder = root / "study" / "named"
    with client_of(zone) as client:
        for tiktok_id in named.ids:
            sent = client.get(f"/api/posts/{tiktok_id}").json()
            assert json.loads((folder / "data" / "posts" / f"{tiktok_id}.json").read_text()) == sent
            for address in (sent["video"], sent["cover"], sent["captions"], *sent["slides"]):
                assert address is None or (folder / address).read_bytes() == client.get(f"/{address}").content
    assert json.loads((folder / "data" / "corpus.json").read_text())["ids"] == list(named.ids)


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_snapshot_gives_the_same_bytes_and_replaces_them(zone: Zone, root: Path, tmp_path: Path) -> None:
    export(zone, tmp_path / "again", "--without-media")
    (tmp_path / "again" / "data" / "posts" / "1.json").write_text("stale")
    export(zone, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(root / "hidden")
    assert [path.name for path in tmp_path.iterdir()] == ["again"]
    clip = root / "hidden" / "media" / "videos" / f"{zone.videos[0]}.mp4"
    assert clip.samefile(zone.data / "videos" / clip.name)


def test_without_media(zone: Zone, tmp_path: Path) -> None:
    assert " 0 videos, 0 pictures" in export(zone, tmp_path / "words", "--without-media")
    assert not (tmp_path / "words" / "media").exists()
    post = json.loads((tmp_path / "words" / "data" / "posts" / f"{zone.videos[0]}.json").read_text())
    assert (post["video"], post["cover"], post["slides"], post["captions"]) == (None, None, [], None)


@pytest.mark.parametrize(
    ("prepare", "said", "code"),
    [
        (lambda folder: folder.write_text("mine"), "is a file: name a folder", 2),
        (lambda folder: (folder / "thesis").mkdir(parents=True), "holds other files: name a new folder", 2),
    ],
    ids=["file", "foreign"],
)
def test_what_is_not_an_export_is_left_alone(
    zone: Zone, tmp_path: Path, prepare: Callable[[Path], object], said: str, code: int
) -> None:
    prepare(tmp_path / "there")
    command = ["viewer", "export", str(tmp_path / "there"), "--data", str(zone.data)]
    result = CliRunner().invoke(app, [*command, "--warehouse", str(zone.warehouse)])
    assert result.exit_code == code
    assert said in result.output
    assert len(result.output.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_lies_beside_an_export_is_not_lost(zone: Zone, tmp_path: Path) -> None:
    export(zone, tmp_path / "site", "--without-media")
    (tmp_path / "site" / ".git").mkdir()
    command = ["viewer", "export", str(tmp_path / "site"), "--data", str(zone.data), "--warehouse", str(zone.warehouse)]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "holds .git beside an earlier export" in result.output


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    command = ["viewer", "export", str(tmp_path / "site"), "--data", str(tmp_path), "--with-names"]
    result = CliRunner().invoke(app, [*command, "--warehouse", str(tmp_path / "warehouse.duckdb")])
    assert result.exit_code == 4
    assert "nothing has been published" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_earlier_export(zone: Zone, tmp_path: Path) -> None:
    export(zone, tmp_path / "site", "--without-media")
    before = digests(tmp_path / "site")
    damaged = tmp_path / "damaged.duckdb"
    shutil.copy(snapshots.current(zone.warehouse), damaged)
    with duckdb.connect(str(damaged)) as connection:
        connection.execute("drop macro table contributions")
    snapshots.publish(damaged)
    command = ["viewer", "export", str(tmp_path / "site"), "--data", str(zone.data), "--warehouse", str(damaged)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 4
    assert "the snapshot has not all search functions: run `dbt build` again" in result.output
    assert digests(tmp_path / "site") == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


# ---------------------------------------------------------------------------------------------------- pseudonyms


def test_no_name_leaves_with_pseudonyms(root: Path, demo_build: BuildResult) -> None:
    names = demo_build.rows(
        """
        select creator_username from corpus.tiktoks
        union
        select ltrim(commenter_name, '@') from corpus.comments where commenter_name is not null
        """
    )
    everything = "\n".join(path.read_text().lower() for path in sorted((root / "hidden" / "data").rglob("*.json")))
    assert [name for (name,) in names if len(name) > 5 and name.lower() in everything] == []
    assert "person_" in everything
    corpus = json.loads((root / "hidden" / "data" / "corpus.json").read_text())
    named = {number for number, field in enumerate(corpus["fields"]) if field.startswith("creator_")}
    for path in (root / "hidden" / "data" / "postings").iterdir():
        for entry in json.loads(path.read_text()).values():
            assert not named & set(entry[3])


def test_what_is_hidden_adds_nothing_to_a_score(
    open_export: Open, root: Path, named: Corpus, queries: list[str]
) -> None:
    fields = json.loads((root / "hidden" / "data" / "corpus.json").read_text())["fields"]
    unnamed = ",".join(field for field in fields if not field.startswith("creator_"))

    def texts(export: str, tiktok_id: str) -> dict[str, str]:
        found = json.loads((root / export / "data" / "texts" / f"{tiktok_id}.json").read_text())
        return {field: text for field, text in found.items() if not field.startswith("creator_")}

    same = {tiktok_id for tiktok_id in named.ids if texts("hidden", tiktok_id) == texts("study/named", tiktok_id)}
    assert 5 < len(same) < len(named.ids)
    compared = 0
    for query, ranking in zip(queries, run(open_export("/hidden/"), SEARCH_ALL, queries), strict=True):
        expected = {
            row["doc_id"]: row["score"]
            for row in named.rows(
                "from search($query, fields := $fields, k := 1000)", {"query": query, "fields": unnamed}
            )
        }
        for _, tiktok_id, score in ranking:
            if tiktok_id in same:
                assert score == pytest.approx(expected[tiktok_id], abs=1e-9)
                compared += 1
            else:
                assert 0 < score <= expected[tiktok_id] + 1e-9
    assert compared > 100


# ----------------------------------------------------------------------------------------------------- the page


def test_a_participant_without_a_server(
    open_export: Open, zone: Zone, root: Path, demo_build: BuildResult, tmp_path: Path
) -> None:
    page = open_export(welcomed=False)
    page.clock.install()
    go(page, page.url)
    expect(page.locator("#welcome")).to_contain_text("Nobody has checked them")
    page.click("#take-part")
    expect(page.locator(".consent")).to_contain_text("stays in this browser")
    page.check("#consent-box")
    page.click(".consent button[type=submit]")
    expect(page.locator("#wait-left")).to_have_text("The form opens 1 h after the first video.")
    page.keyboard.press("ArrowDown")
    wait_for(page, f"JSON.parse(localStorage.getItem('{PREFIX}history') ?? '[]').length === 1")
    assert shown(page) == zone.videos[1]
    page.click("#tab-history")
    expect(page.locator("#history-list .card")).to_have_count(1)
    page.clock.fast_forward("01:01:00")
    expect(page.locator("#toast-text")).to_have_text("The form for your queries is open.")
    page.click("#toast-action")

    def give(text: str) -> None:
        page.fill("#query-text", text)
        page.locator(f".target:has(input[value='{zone.videos[1]}'])").click()
        page.click("#send-query")
        expect(page.locator("#queries-list .card").first).to_contain_text(text)
        expect(page.locator("#queries-list .card").first).to_contain_text("save the file and hand it over")

    def save(name: str) -> list[dict[str, Any]]:
        with page.expect_download() as download:
            page.get_by_role("button", name="Save all I gave").click()
        assert download.value.suggested_filename == "queries.ndjson"
        (tmp_path / name).mkdir()
        download.value.save_as(tmp_path / name / "queries.ndjson")
        return [json.loads(line) for line in (tmp_path / name / "queries.ndjson").read_text().splitlines()]

    give("what I regret at once")
    page.click("#toast-action")
    give("that one I remember")
    give("what I regret later")
    first = save("first")
    assert [line["query_text"] for line in first] == ["that one I remember", "what I regret later"]
    page.get_by_role("button", name="Withdraw “what I regret later”").click()
    expect(page.locator("#queries-progress h2")).to_have_text("1 of 5")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    second = save("second")
    assert second[0] == first[0]
    assert second[1].keys() == {"withdrawn", "submitted_at", "app_version"}
    assert second[1]["withdrawn"] == first[1]["query_id"]
    line = first[0]
    corpus = json.loads((root / "study" / "named" / "data" / "corpus.json").read_text())
    assert (line["target_id"], line["found_by"], line["is_early"]) == (zone.videos[1], "history", False)
    assert (line["required_delay_seconds"], line["snapshot_version"]) == (3600, corpus["snapshot_version"])
    assert 3600 < line["delay_seconds"] < 4000
    with client_of(zone) as client:  # the lines of a server say the same
        said = {"query_id": line["query_id"], "query_text": "x", "target_id": zone.bare, "pseudonym": line["pseudonym"]}
        said |= {"owner_key": OWNER, "found_by": "search"}
        assert client.post("/api/queries", json=said, headers=POST).status_code == 201
        assert (
            client.post("/api/mine", json={"owner_key": OWNER}, headers=POST).json()["lines"][0].keys() == line.keys()
        )
    # what the raw zone makes of it: a file that comes twice, once with a query taken back
    raw = tmp_path / "raw"
    shutil.copytree(PROJECT / "demo", raw, ignore=shutil.ignore_patterns("media", "__pycache__", "*.py"))
    files = [str(tmp_path / name / "queries.ndjson") for name in ("first", "second")]
    result = CliRunner().invoke(extract_app, ["import", *files, "--data", str(raw)])
    assert result.exit_code == 0, result.output
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(demo_build.warehouse, warehouse)
    built = build(
        raw, warehouse, select=["stg_viewer__queries", "int_queries_submitted", "queries", "excluded_queries"]
    )
    assert built.success, built.messages
    pseudonym = first[0]["pseudonym"]
    assert built.rows(f"select query_text from test_collection.queries where author = '{pseudonym}'") == [
        ("that one I remember",)
    ]
    assert built.rows(
        f"select reason from test_collection.excluded_queries where author = '{pseudonym}' order by 1"
    ) == [
        (f"the query id was given before: {first[0]['query_id']}",),
        ("withdrawn by its author",),
    ]
    # and what the browser keeps goes when it is told to
    page.get_by_role("button", name="Stop taking part").click()
    page.click("#confirm-yes")
    expect(page.locator("#consent-box")).to_be_visible()
    assert page.evaluate(f"localStorage.getItem('{PREFIX}given')") == "[]"


def test_watching_and_searching_without_a_server(
    open_export: Open, zone: Zone, queries: list[str], named: Corpus
) -> None:
    page = open_export()
    assert shown(page) == zone.videos[0]
    wait_for(page, "document.querySelector('#frame video').textTracks[0]?.cues?.length === 2")
    page.keyboard.press("Space")
    wait_for(page, "document.querySelector('#frame video').currentTime > 0")
    page.keyboard.press("ArrowDown")
    assert shown(page) == zone.videos[1] == zone.hostile
    expect(page.locator(".comment .words").first).to_have_text(HOSTILE)
    expect(page.locator("#panel-info h2")).to_have_text(f"<b>{HOSTILE}</b>")
    assert page.evaluate("document.querySelectorAll('[onerror], img[src=x], aside script, main script').length") == 0
    page.keyboard.press("/")
    page.keyboard.type(queries[0])
    page.keyboard.press("Enter")
    best = named.search(queries[0])
    first = page.locator("#search-results li.result").first
    expect(first).to_have_attribute("data-id", best[0].card.tiktok_id)
    expect(first.locator("mark").first).to_be_visible()
    first.get_by_role("button", name="Why?").click()
    expect(first.locator(".why")).to_contain_text(f"Score {best[0].score:.3f}")
    first.locator(".card-open").click()
    assert shown(page) == best[0].card.tiktok_id
    expect(page.locator("#away-text")).to_contain_text("Opened from the search")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert shown(page) == best[0].card.tiktok_id
    page.click("#tab-history")
    page.locator("#history-list .card-open").last.click()
    assert shown(page) == zone.videos[0]
    base = page.url.partition("?")[0]
    go(page, f"{base}?video={zone.photo}")
    expect(page.locator(".slide-label")).to_have_text("Slide 1 of 3")
    assert page.eval_on_selector(".slide:not([hidden])", "image => image.decode().then(() => image.naturalWidth > 0)")
    go(page, f"{base}?video={zone.cover_only}")
    expect(page.locator(".missing-note")).to_contain_text("only the cover is")
    for nowhere in ("abc", "../corpus", "%00"):
        go(page, f"{base}?video={nowhere}")
        expect(page.locator("#frame")).to_contain_text("no such video")
    expect(page.locator("#research-link")).to_have_count(0)
    assert "tiktok-retrieval:queue" not in page.evaluate("Object.keys(localStorage)")


def test_nothing_can_be_parsed_as_html(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/hidden/")
    refused = page.evaluate("() => { try { document.body.innerHTML = 'x'; } catch (error) { return error.name; } }")
    assert refused == "TypeError"
    page.close()


@pytest.mark.parametrize(
    "options", [{}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}], ids=["desktop", "phone"]
)
def test_axe_finds_nothing_serious(open_export: Open, options: dict[str, Any]) -> None:
    page = open_export("/hidden/", welcomed=False, **options)
    assert violations(page) == []
    page.click("#look-around")
    if options:
        swipe(page, (190, 600), (190, 300))
        expect(page.locator("#place")).to_have_text(re.compile("^2 of "))
    page.click("#tab-search")
    page.fill("#search-box", "cat 🐈")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Why?").first.click()
    expect(page.locator(".shares").first).to_be_visible()
    assert violations(page) == []
    page.click("#tab-queries")
    page.check("#consent-box")
    assert violations(page) == []
    page.click(".consent button[type=submit]")
    page.get_by_role("button", name="Open the form now").click()
    page.click("#confirm-yes")
    page.check("input[name=found-by][value=search]")
    page.fill("#target-filter", "goose")
    page.keyboard.press("Enter")
    page.locator(".target input").first.check()
    page.fill("#query-text", "the bird that walks to work")
    page.click("#send-query")
    expect(page.locator("#queries-list .card")).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
