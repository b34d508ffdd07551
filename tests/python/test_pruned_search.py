"""The pruned index: the ranking of scoring every document, bm25s' scores, and a memory limit that makes it spill."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouses import BuildResult

from bench.search import DEPTHS, agree, build_bm25s, build_ours, compile_ours, open_bm25s, open_ours
from bench.texts import write_texts

SIZES = (300, 3_000, 12_000)
QUERIES = 400


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    compile_ours(folder)
    return folder


def random_queries(texts: Path, count: int, seed: int) -> list[str]:
    """Queries of one to twelve words, frequent, rare, repeated and unknown ones."""
    chance = random.Random(seed)
    words = texts.joinpath("documents.txt").read_text(encoding="ascii").split()
    rare = sorted(set(words))
    return [
        " ".join(
            chance.choice(
                (lambda: chance.choice(words), lambda: chance.choice(rare), lambda: "zzzz", lambda: "Ba, ba")
            )()
            for _ in range(chance.randint(1, 12))
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_pruned_search_is_plain_search_and_bm25s(size: int, compiled: Path, tmp_path: Path) -> None:
    write_texts(tmp_path, size, seed=size)
    (tmp_path / "ours.json").write_text((compiled / "ours.json").read_text())
    for name in ("index", "bm25s"):
        (tmp_path / name).mkdir()
    build_ours(tmp_path / "index", tmp_path)
    ours = open_ours(tmp_path / "index", tmp_path)
    build_bm25s(tmp_path / "bm25s", tmp_path)
    theirs = open_bm25s(tmp_path / "bm25s", tmp_path)
    assert ours.plain is not None
    queries = random_queries(tmp_path, QUERIES, seed=size)
    for k in (1, 10, 100, 101):
        pruned = ours.ask_all(queries, k)
        assert pruned == ours.plain(queries, k)
        if k in DEPTHS:
            assert [ours.ask(query, k) for query in queries[:20]] == pruned[:20]
        if k == 10:
            found = theirs.ask_all([query.lower().replace(",", " ") for query in queries], k)
            assert all(map(agree, pruned, found))


def test_search_of_the_file_normalises_its_query(demo_build: BuildResult) -> None:
    """The index of the demo corpus, by the function that the build left in the file."""
    (word,) = demo_build.rows(
        "select term from search.pruned_terms where document_frequency between 2 and 5 and term ~ '^[a-z]{5,}$'"
        " order by 1 limit 1"
    )[0]
    plain = demo_build.rows(f"select rank, score, doc_id from quick_search('{word}')")
    assert plain
    assert [rank for rank, _, _ in plain] == list(range(1, len(plain) + 1))
    dressed = f"ＣＡＦÉ {word[0].upper()}{word[1:]}!"
    assert demo_build.rows(f"select * from quick_search('{dressed}')") == demo_build.rows(
        f"select * from quick_search('cafe {word}')"
    )
    assert demo_build.rows("select * from quick_search('')") == []
    assert demo_build.rows("select * from quick_search(null)") == []


def test_terms_and_documents_are_found_by_indexes(demo_build: BuildResult) -> None:
    """DuckDB leaves an index aside without a word where more is asked than it can tell."""

    def scans(node: dict[str, Any]) -> list[tuple[str, str]]:
        told = node.get("extra_info", {})
        here = [(told["Table"].replace('"', "").split(".")[-1], told["Type"])] if "Table" in told else []
        return here + [scan for child in node.get("children", []) for scan in scans(child)]

    ((_, plan),) = demo_build.rows("explain (analyze, format json) select * from quick_search('dance with the dog')")
    found = dict(scans(json.loads(plan)))
    assert found["pruned_terms"] == found["pruned_documents"] == "Index Scan"
    assert found["pruned_postings"] == "Sequential Scan"


def test_terms_of_one_key_are_told_apart(compiled: Path, tmp_path: Path) -> None:
    """Few share one of the 24 bits of a key; here all have the same."""
    write_texts(tmp_path, SIZES[0])
    ours = json.loads((compiled / "ours.json").read_text())
    (tmp_path / "ours.json").write_text(json.dumps(ours).replace("% 16777216", "% 1"))
    index = tmp_path / "index"
    index.mkdir()
    build_ours(index, tmp_path)
    with duckdb.connect(str(index / "index.duckdb")) as connection:
        ((keys, terms),) = connection.execute(
            "select count(distinct term_key), count(*) from search.pruned_terms"
        ).fetchall()
        assert keys == 1 < terms
    of_one_key = open_ours(index, tmp_path)
    (tmp_path / "bm25s").mkdir()
    build_bm25s(tmp_path / "bm25s", tmp_path)
    theirs = open_bm25s(tmp_path / "bm25s", tmp_path)
    queries = random_queries(tmp_path, 100, seed=1)
    found = theirs.ask_all([query.lower().replace(",", " ") for query in queries], 10)
    assert all(map(agree, of_one_key.ask_all(queries, 10), found))
    assert all(map(agree, [of_one_key.ask(query, 10) for query in queries], found))


def test_functions_hold_the_mean_length_of_their_documents(demo_build: BuildResult) -> None:
    """Written when the terms were, in the same transaction."""
    assert demo_build.rows(
        """
        select distinct function_name
        from duckdb_functions()
        where contains(macro_definition, (
            select '''' || avg(cast(document_length as double)) || ''''
            from search.pruned_documents
        ))
        order by 1
        """
    ) == [("plain_search_many",), ("quick_search",), ("quick_search_many",)]


@pytest.mark.parametrize("k", ["0", "-1", "null"])
def test_a_k_that_is_no_number_from_one_up_is_told(k: str, demo_build: BuildResult) -> None:
    """Instead of answered as if another one had been asked for."""
    with pytest.raises(duckdb.Error, match="LIMIT/OFFSET cannot be negative"):
        demo_build.rows(f"select * from quick_search('dance', k := {k})")


def test_a_length_is_the_sum_of_the_frequencies(demo_build: BuildResult) -> None:
    """Real texts have words of which the cleaning leaves no term or several."""
    ((several,),) = demo_build.rows(
        "select count(*) from (select word from search.int_pruned_terms group by word having count(*) > 1)"
    )
    assert several > 0
    assert (
        demo_build.rows(
            """
        select documents.place
        from search.pruned_documents as documents
        left join (select place, sum(term_frequency) as length from search.pruned_postings group by place) as summed
            on documents.place = summed.place
        where documents.document_length <> coalesce(summed.length, 0)
        """
        )
        == []
    )


def test_occurrences_at_the_ends_of_their_bits_come_back(compiled: Path) -> None:
    """Collections of tests have fewer documents than the part of a place that stands beside the term's number."""
    terms = (0, 1, 255, 256, 8_388_607)
    places = (0, 1, 65_535, 65_536, 131_071, 16_777_215)
    steps = dict(json.loads((compiled / "ours.json").read_text())["tables"])
    with duckdb.connect() as connection:
        connection.execute("create schema search")
        connection.execute("create table search.int_pruned_words (word varchar, places integer[])")
        connection.execute("create table search.int_pruned_terms (word varchar, term varchar, term_number integer)")
        for term in terms:
            twice = [place for place in reversed(places) for _ in range(2)]
            connection.execute("insert into search.int_pruned_words values ($1, $2)", [str(term), twice])
            connection.execute("insert into search.int_pruned_terms values ($1, $1, $2)", [str(term), term])
        connection.execute(
            "create table search.pruned_documents as select unnest($1) as place, 12 as document_length", [list(places)]
        )
        for name in ("int_pruned_occurrences", "pruned_postings"):
            connection.execute(f"create table search.{name} as {steps[name]}")
        found = connection.execute("select term_number, place, term_frequency from search.pruned_postings").fetchall()
    assert found == [(term, place, 2) for term in terms for place in places]


@pytest.mark.parametrize(("things", "name"), [("documents", "int_pruned_texts"), ("terms", "int_pruned_terms")])
def test_more_than_has_room_is_told(things: str, name: str, compiled: Path, tmp_path: Path) -> None:
    """An occurrence has 48 bits: what is beyond them ends the build instead of running into another term."""
    room = {"documents": 16_777_216, "terms": 8_388_608}[things]
    write_texts(tmp_path, 30)
    ours = json.loads((compiled / "ours.json").read_text())
    steps = ours["tables"]
    smaller = [[step, sql.replace(f"< {room}", "< 20")] if step == name else [step, sql] for step, sql in steps]
    assert smaller != steps
    (tmp_path / "ours.json").write_text(json.dumps(ours | {"tables": smaller}))
    index = tmp_path / "index"
    index.mkdir()
    with pytest.raises(duckdb.Error, match=f"the pruned index has room for {room:,} {things}: divide the corpus"):
        build_ours(index, tmp_path)


def build_under_limit(compiled: Path, texts: Path, path: Path, limit: str) -> int:
    """Build the index into a file; return the bytes that were spilled at most."""
    steps = json.loads((compiled / "ours.json").read_text())["tables"]
    report = path.with_suffix(".json")
    spilled = 0
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"set threads = 1; set temp_directory = '{path.with_suffix('.spilled')}'")
        connection.execute(f"set memory_limit = '{limit}'; create schema search")
        connection.execute(f"pragma enable_profiling = 'json'; set profiling_output = '{report}'")
        connection.execute("""set custom_profiling_settings = '{"SYSTEM_PEAK_TEMP_DIR_SIZE": "true"}'""")
        connection.execute(
            """
            create table search.pruned_texts as
            select row_number() over () as document_number, cast(row_number() over () - 1 as varchar) as doc_id, text
            from (select unnest(string_split(trim(content, chr(10)), chr(10))) as text from read_text($1))
            """,
            [str(texts)],
        )
        for name, sql in steps:
            if name != "pruned_texts":
                connection.execute(f"create table search.{name} as {sql}")
                spilled = max(spilled, json.loads(report.read_text())["system_peak_temp_dir_size"])
    return spilled


def test_small_memory_spills_and_finishes(compiled: Path, tmp_path: Path) -> None:
    """The index under a limit that its steps do not fit in is the index without one."""
    write_texts(tmp_path, SIZES[-1])
    texts = tmp_path / "documents.txt"
    assert build_under_limit(compiled, texts, tmp_path / "large.duckdb", "2GB") == 0
    assert build_under_limit(compiled, texts, tmp_path / "small.duckdb", "80MB") > 1_000_000
    with duckdb.connect() as connection:
        for name in ("large", "small"):
            connection.execute(f"attach '{tmp_path / name}.duckdb' as {name} (read_only)")
        ((rows,),) = connection.execute("select count(*) from large.search.pruned_postings").fetchall()
        assert rows > 1_000_000
        for one, other in (("large", "small"), ("small", "large")):
            for table in ("postings", "documents", "terms"):
                query = f"from {one}.search.pruned_{table} except all from {other}.search.pruned_{table}"
                assert connection.execute(query).fetchall() == []
