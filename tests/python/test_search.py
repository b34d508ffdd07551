"""search(), explain() and snippets(): as the tables of the build say, whatever is asked and wherever the file lies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hostile import hostile_strings
from small_warehouses import build
from typer.testing import CliRunner
from warehouses import BuildResult

from bench import latency
from tiktok_retrieval.__main__ import app
from tiktok_retrieval.prepared import EXPLAIN, SEARCH, SNIPPETS, PreparedStatements

BOUNDED = "bounded_4grams_bm25_k0.9_b0.4"
WORDS = "words_bm25_k0.9_b0.4"
ACROSS_BLANKS = "4grams_bm25_k0.9_b0.4"
QUERY = "knight besties sword fight"
OPENING, CLOSING = "\x02", "\x03"

Row = tuple[Any, ...]


class Client:
    """Any DuckDB client: no function of the project is registered."""

    def __init__(self, path: Path) -> None:
        """Open a database file for reading."""
        self.connection = duckdb.connect(str(path), read_only=True)
        self.connection.execute("set timezone = 'UTC'")

    def rows(self, statement: str, **parameters: object) -> list[Row]:
        """Run a statement."""
        return self.connection.execute(statement, parameters or None).fetchall()

    def search(self, query: str | None, **options: object) -> list[Row]:
        """Return rank, document and score rounded to 9 decimals."""
        named = "".join(f", {name} := ${name}" for name in options)
        return self.rows(f"select rank, doc_id, round(score, 9) from search($query{named})", query=query, **options)

    def explain(self, query: str, doc_id: str, system: str | None = None) -> list[Row]:
        """Return what each term adds to the score, field by field."""
        return self.rows("from explain($query, $doc_id, system := $system)", query=query, doc_id=doc_id, system=system)

    def snippets(self, query: str, doc_id: str, system: str | None = None) -> dict[str, str]:
        """Return the snippet of each field, matches between marks."""
        found = self.rows(
            "from snippets($query, $doc_id, system := $system, mark_open := $opening, mark_close := $closing)",
            query=query,
            doc_id=doc_id,
            system=system,
            opening=OPENING,
            closing=CLOSING,
        )
        return {row[0]: row[1] for row in found}

    def systems(self) -> list[str]:
        """Return the systems that can be searched."""
        found = self.rows("select system_id from search.searchable_systems where refusal is null order by system_id")
        return [system for (system,) in found]

    def assert_searches_are_runs(self) -> int:
        """Compare search() with retrieval.runs for every system and query; return how many were compared."""
        queries = self.rows("select query_id, query_text from test_collection.queries order by query_id")
        for system in self.systems():
            kept: dict[str, list[Row]] = {query_id: [] for query_id, _ in queries}
            for query_id, *result in self.rows(
                "select query_id, rank, doc_id, round(score, 9) from retrieval.runs"
                " where system_id = $system order by rank",
                system=system,
            ):
                kept[query_id].append(tuple(result))
            for query_id, query in queries:
                assert self.search(query, system=system, k=1000) == kept[query_id], (system, query_id)
        return len(self.systems()) * len(queries)


@pytest.fixture(scope="module")
def client(demo_build: BuildResult) -> Iterator[Client]:
    assert demo_build.success, demo_build.messages
    found = Client(demo_build.warehouse)
    yield found
    found.connection.close()


@pytest.fixture(scope="module")
def top_results(client: Client) -> Sequence[tuple[str, str, str, str, float]]:
    """A system, query and document of the first ranks, here and there."""
    return client.rows(
        """
        select runs.system_id, queries.query_id, queries.query_text, runs.doc_id, runs.score
        from retrieval.runs
        inner join test_collection.queries using (query_id)
        inner join search.searchable_systems using (system_id)
        where searchable_systems.refusal is null and runs.rank <= 3
        order by hash(system_id || query_id || doc_id)
        limit 60
        """
    )


def test_a_search_is_the_run_of_the_system(client: Client) -> None:
    assert client.assert_searches_are_runs() > 300


def test_contributions_are_those_of_the_build_and_sum_to_the_score(client: Client, top_results: Sequence[Row]) -> None:
    for system, query_id, query, doc_id, score in top_results:
        found = client.explain(query, doc_id, system)
        assert sum(row[-1] for row in found) == pytest.approx(score, abs=1e-9)
        expected = client.rows(
            """
            select term, field, term_frequency, document_frequency, round(idf, 9), round(contribution, 9)
            from retrieval.explanations
            where system_id = $system and query_id = $query_id and doc_id = $doc_id
            """,
            system=system,
            query_id=query_id,
            doc_id=doc_id,
        )
        assert sorted((*row[:4], round(row[4], 9), round(row[5], 9)) for row in found) == sorted(expected)


def test_snippets_show_the_original_text_of_the_fields_that_match(client: Client, top_results: Sequence[Row]) -> None:
    for system, _, query, doc_id, _ in top_results:
        written = client.rows(
            "select field, raw_text from search_index.document_fields inner join search_index.documents"
            " using (document_number) where doc_id = $doc_id and scheme = 'standard'",
            doc_id=doc_id,
        )
        texts = {row[0]: row[1] for row in written}
        found = client.snippets(query, doc_id, system)
        for field, snippet in found.items():
            assert OPENING in snippet
            assert snippet.count(OPENING) == snippet.count(CLOSING)
            shown = snippet.replace(OPENING, "").replace(CLOSING, "")
            assert shown.removeprefix("…").removesuffix("…") in texts[field]
        if system != ACROSS_BLANKS:  # whose terms need not lie within one word
            assert set(found) == {field for _, field, *_ in client.explain(query, doc_id, system)}


def test_snippets_of_several_documents_are_those_of_each(client: Client, top_results: Sequence[Row]) -> None:
    for system in client.systems():
        query = "pretty CUTE sw\u00f6rd fight \U0001f525"
        doc_ids = sorted({doc_id for _, doc_id, _ in client.search(query, system=system, k=7)} | {top_results[0][3]})
        found: dict[str, dict[str, str]] = {doc_id: {} for doc_id in doc_ids}
        for doc_id, field, snippet in client.rows(
            "from snippets_of($query, $ids, system := $system, mark_open := $opening, mark_close := $closing)",
            query=query,
            ids=[*doc_ids, doc_ids[0]],
            system=system,
            opening=OPENING,
            closing=CLOSING,
        ):
            assert field not in found[doc_id]
            found[doc_id][field] = snippet
        assert found == {doc_id: client.snippets(query, doc_id, system) for doc_id in doc_ids}
        assert any(found.values()) or system == ACROSS_BLANKS
    with pytest.raises(duckdb.Error, match="there is no document 'nothing'"):
        client.rows("from snippets_of('a', $ids)", ids=[doc_ids[0], "nothing"])


def test_a_snippet_marks_words_as_they_were_written(client: Client) -> None:
    ((_, doc_id, _),) = client.search(QUERY, k=1)
    rows = client.rows("from snippets($query, $doc_id)", query="SWÖRD fïght", doc_id=doc_id)
    found = {row[0]: row[1] for row in rows}
    assert "[sword] to a [sword] [fight]" in found["comments"]
    assert "#[swordfight]" in found["description"]


def test_the_best_system_is_asked_when_none_is_named(client: Client) -> None:
    ((best,),) = client.rows("select system_id from search.searchable_systems where is_best")
    assert client.search(QUERY) == client.search(QUERY, system=best)
    assert len(client.search(QUERY)) == 10


def test_a_query_is_normalised_as_the_index_was(client: Client) -> None:
    plain = client.search("cafe sword fire")
    assert plain
    for same in ("Café SWORD fire", "cafe\u0301 sword fire", "ｃａｆé ｓｗｏｒｄ fire", "café sword 🔥"):
        assert client.search(same) == plain, same


def test_fields_count_alone(client: Client) -> None:
    for system in (BOUNDED, "bounded_4grams_bm25f_zaragoza_k0.9"):
        everything = {doc_id for _, doc_id, _ in client.search(QUERY, system=system, k=1000)}
        chosen = client.search(QUERY, system=system, k=1000, fields=["description", "speech"])
        assert chosen == client.search(QUERY, system=system, k=1000, fields="speech, description")
        assert 0 < len(chosen) < len(everything)
        for _, doc_id, score in chosen[:5]:
            parts = [row[-1] for row in client.explain(QUERY, doc_id, system) if row[1] in ("description", "speech")]
            assert sum(parts) == pytest.approx(score, abs=1e-8)


def test_results_can_be_narrowed_to_a_time_and_a_creator(client: Client) -> None:
    query = "select doc_id, posted_at::date, creator_username from search('the', k := 1000{})"
    everything = client.rows(query.format(""))
    days = sorted(row[1] for row in everything)
    first, last = days[len(days) // 3], days[len(days) // 2]
    narrowed = client.rows(
        query.format(", posted_from := $first, posted_to := $last"), first=str(first), last=str(last)
    )
    assert narrowed == [row for row in everything if first <= row[1] <= last]
    creator = everything[0][2]
    narrowed = client.rows(query.format(", creator := $creator"), creator=f" @{creator.upper()}")
    assert narrowed == [row for row in everything if row[2] == creator]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"system": "nothing"}, "there is no system 'nothing': choose one of 4grams_bm25"),
        ({"system": "words_english_bm25_k1.2_b0.75"}, "because its words are stemmed in Python: choose one of"),
        ({"k": 0}, "k is 0: give a whole number from 1 up"),
        ({"k": None}, "k is null: give a whole number from 1 up"),
        ({"k": 2.5}, "k is 2.5: give a whole number from 1 up"),
        ({"fields": ["nothing"]}, "searches no field 'nothing': it searches captions, comments"),
        ({"posted_from": "soon"}, "invalid timestamp field format"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: Client, options: dict[str, Any], message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        client.search(QUERY, **options)


def test_an_unknown_document_is_refused(client: Client) -> None:
    for ask in (client.explain, client.snippets):
        with pytest.raises(duckdb.Error, match=r"there is no document 'nothing': search\.searchable_documents"):
            ask(QUERY, "nothing")


def test_nothing_asked_is_nothing_found(client: Client) -> None:
    ((_, doc_id, _),) = client.search(QUERY, k=1)
    for query in ("", "  ", "?!", "\x00"):
        assert client.search(query) == []
        assert client.explain(query, doc_id) == []
        assert client.snippets(query, doc_id) == {}
    assert client.rows("from search(null)") == []


def test_a_thousand_hostile_strings_are_answered(client: Client) -> None:
    systems = client.systems()
    for number, query in enumerate(hostile_strings(1000)):
        system = systems[number % len(systems)]
        found = client.search(query, system=system)
        assert [rank for rank, _, _ in found] == list(range(1, len(found) + 1))
        if number % 10 == 0 and "\x00" not in query:
            written = query.replace("'", "''")
            assert found == client.rows(
                f"select rank, doc_id, round(score, 9) from search('{written}', system := '{system}')"
            )
        if number % 20 == 5 and found:
            _, doc_id, score = found[0]
            assert sum(row[-1] for row in client.explain(query, doc_id, system)) == pytest.approx(score, abs=1e-8)
            assert len(client.snippets(query, doc_id, system)) > 0 or system == ACROSS_BLANKS
    # the names of systems, fields and documents come from outside as well
    for query in hostile_strings(25, seed=5):
        for options in ({"system": query}, {"fields": query}, {"creator": query}, {"posted_from": query}):
            try:
                client.search("knight", **options)
            except duckdb.Error as error:
                assert str(error).startswith(("Invalid Input Error: ", "Conversion Error: "))
        with pytest.raises(duckdb.InvalidInputException, match="there is no document"):
            client.explain("knight", query)


def test_the_file_can_be_taken_anywhere(client: Client, demo_build: BuildResult, tmp_path: Path) -> None:
    expected = client.search(QUERY)
    doc_id = expected[0][1]
    copy = Path(shutil.copy(demo_build.warehouse, tmp_path / "of another name.duckdb"))
    elsewhere = Client(copy)
    assert elsewhere.search(QUERY) == expected
    assert elsewhere.explain(QUERY, doc_id) == client.explain(QUERY, doc_id)
    assert elsewhere.snippets(QUERY, doc_id) == client.snippets(QUERY, doc_id)
    elsewhere.connection.close()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as corpus_at_hand (read_only)")
        connection.execute("use corpus_at_hand")
        assert connection.execute("select doc_id from search($query, k := 1)", {"query": QUERY}).fetchall() == [
            (doc_id,)
        ]


def test_hostile_texts_are_found_as_the_index_finds_them(tmp_path: Path) -> None:
    """The build normalises all texts at once, search() one query by other SQL: they make the same of the worst."""
    texts = [text for text in hostile_strings(60) if len(text) < 10_000 and "\x00" not in text]
    data = tmp_path / "data"
    (data / "collection").mkdir(parents=True)
    documents = [{"id": f"d{number}", "title": text[:20], "text": text} for number, text in enumerate(texts)]
    queries = [{"id": f"q{number}", "text": text} for number, text in enumerate(texts)]
    for name, records in (("documents", documents), ("queries", queries)):
        lines = "\n".join(json.dumps(record) for record in records)
        (data / "collection" / f"{name}.jsonl").write_text(lines + "\n")
    (data / "collection" / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(len(texts))))
    models = "+searchable_systems +searchable_documents +searchable_postings document_fields runs"
    client = Client(build(data, tmp_path, models))
    assert client.assert_searches_are_runs() > 250
    assert client.rows("select distinct media_type from search('knight')") == [("text",)]
    client.connection.close()


def test_a_search_can_stand_beside_a_table(client: Client) -> None:
    """As a lateral join, with each row's text as the query."""
    found = client.rows(
        "select query_id, rank, doc_id, round(score, 9) from test_collection.queries, lateral (from search(query_text))"
    )
    for query_id, query in client.rows("select query_id, query_text from test_collection.queries"):
        assert sorted(row[1:] for row in found if row[0] == query_id) == client.search(query), query_id


def test_a_long_query_finds_what_its_terms_find(client: Client) -> None:
    """DuckDB looks up no more than fifty terms in the index; of more it reads all."""
    words = sorted(client.rows("select distinct term from search_index.terms where index_id = 1"))
    for count in (49, 50, 51, 400):
        query = " ".join(word for (word,) in words[:count])
        expected = client.rows(
            "select doc_id from search_index.postings inner join search_index.terms using (term_id)"
            " inner join search_index.documents using (document_number)"
            " where tokenizer_id = 'words' and index_id = 1 and list_contains($words, term) group by doc_id",
            words=query.split(),
        )
        found = client.search(query, system=WORDS, k=1_000_000)
        assert sorted(doc_id for _, doc_id, _ in found) == sorted(doc_id for (doc_id,) in expected)


def test_kept_plans_answer_as_new_ones(client: Client) -> None:
    statements = PreparedStatements(client.connection.cursor())
    statements.connection.execute("set timezone = 'UTC'")

    def asked(ask: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return ask(*arguments, **options)
        except duckdb.Error as error:
            return str(error).partition("\n")[0]

    def search(query: str, **options: Any) -> list[Row]:
        rows = statements.rows(SEARCH, query=query, **{"k": 10, **options})
        return [(row["rank"], row["doc_id"], round(row["score"], 9)) for row in rows]

    systems = client.systems()
    for number, query in enumerate(["it's \0 \"quoted\" \\'", *hostile_strings(60, seed=11)]):
        choices: list[dict[str, Any]] = [
            {"system": systems[number % len(systems)], "k": 3},
            {"system": query},
            {"fields": query},
            {"creator": query},
            {"posted_from": query, "posted_to": "2022-03-01"},
            {},
        ]
        options = choices[number % len(choices)]
        for text in ("the knight", query):
            assert asked(search, text, **options) == asked(client.search, text, **options), (text, options)
    ((_, doc_id, _),) = client.search(QUERY, k=1)
    for system in systems:
        values = {"query": QUERY, "doc_id": doc_id, "system": system}
        explained = statements.rows(EXPLAIN, **values)
        assert [tuple(row.values()) for row in explained] == client.explain(QUERY, doc_id, system)
        snippets = statements.rows(SNIPPETS, **values, mark_open=OPENING, mark_close=CLOSING)
        assert {row["field"]: row["snippet"] for row in snippets} == client.snippets(QUERY, doc_id, system)


def test_plans_are_kept(client: Client, tmp_path: Path) -> None:
    """A plan that is kept is optimised no more, whatever the values. Snippets name a parameter twice and keep none."""
    statements = PreparedStatements(client.connection.cursor())
    ((_, doc_id, _),) = client.search(QUERY, k=1)
    calls: list[tuple[Any, str, dict[str, Any]]] = [
        (SEARCH, "from search('knight')", {"query": "knight", "k": 10}),
        (SEARCH, "from search('knight')", {"query": "dance", "k": 5, "system": WORDS, "fields": "speech"}),
        (SEARCH, "from search('knight')", {"query": "", "k": 5, "posted_to": "2022-03-01", "creator": "@nobody"}),
        (EXPLAIN, f"from explain('knight', '{doc_id}')", {"query": "knight", "doc_id": doc_id}),
    ]
    profile = tmp_path / "profile.json"

    def optimising(ask: Any) -> float:
        ask()
        statements.connection.execute("set enable_profiling = 'json'")
        statements.connection.execute("set profiling_mode = 'detailed'")
        statements.connection.execute(f"set profiling_output = '{profile}'")
        seconds = []
        for _ in range(3):
            ask()
            seconds.append(json.loads(profile.read_text())["all_optimizers"])
        statements.connection.execute("pragma disable_profiling")
        return float(min(seconds))

    for statement, plainly, values in calls:
        anew = optimising(lambda plainly=plainly: statements.connection.execute(plainly).fetchall())
        kept = optimising(lambda statement=statement, values=values: statements.rows(statement, **values))
        assert kept < anew / 5, (statement, values, kept, anew)


def test_the_benchmark_times_single_searches(demo_build: BuildResult) -> None:
    times = latency.run(demo_build.warehouse, rounds=1)
    assert [kind.name for kind in times] == ["select 1", "search, planned anew", "search, plan kept"]
    assert len({len(kind.clock) for kind in times}) == 1
    assert "aim: p95 12 ms" in str(times[2])


def run(*arguments: str, warehouse: Path) -> Any:
    environment = {"TIKTOK_WAREHOUSE": str(warehouse), "COLUMNS": "160"}
    return CliRunner().invoke(app, ["search", *arguments], env=environment)


def test_the_command_shows_a_table(client: Client, demo_build: BuildResult) -> None:
    done = run(QUERY, "--k", "3", "--explain", warehouse=demo_build.warehouse)
    assert done.exit_code == 0, done.output
    for _, doc_id, score in client.search(QUERY, k=3):
        assert f"{score:.3f} {doc_id}" in done.output
    assert "#[swordfight]" in done.output
    assert "figh in description" in done.output
    done = run("?", warehouse=demo_build.warehouse)
    assert (done.exit_code, done.output) == (0, "nothing found\n")


def test_the_command_writes_json(client: Client, demo_build: BuildResult) -> None:
    done = run(
        QUERY, "--json", "--explain", "--fields", "description", "--system", WORDS, warehouse=demo_build.warehouse
    )
    results = json.loads(done.output)
    expected = client.search(QUERY, fields="description", system=WORDS)
    assert [(row["rank"], row["doc_id"], round(row["score"], 9)) for row in results] == expected
    assert {"contributions", "snippets", "posted_at", "creator_username"} <= set(results[0])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--system", "nothing"], 2, "search: there is no system 'nothing'"),
        (["--from", "soon"], 2, "search: invalid timestamp"),
        (["--k", "0"], 2, "--k"),
        (["--warehouse", "nowhere.duckdb"], 4, "search: there is no warehouse nowhere.duckdb: run `dbt build`"),
    ],
)
def test_the_command_says_what_is_wrong(demo_build: BuildResult, arguments: list[str], code: int, message: str) -> None:
    done = run(QUERY, *arguments, warehouse=demo_build.warehouse)
    assert done.exit_code == code
    assert message in done.output


def test_a_warehouse_without_search_functions_is_told_apart(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    done = run(QUERY, warehouse=warehouse)
    assert done.exit_code == 4
    assert "has no search functions: run `dbt build`" in done.output
