"""Builds that go on from what is there: a text's tokens are kept, and the tables are those of a build from nothing."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval import functions

SEQUENCES = 200
DATABASES = ("warehouse", "complete")
TEXTS = [
    "dogs dance",
    "Dogs dance!",
    "café crème 😂",
    "ДОМ dom",
    "#onepiece knight",
    "one piece",
    "it's raining",
    "",
    "ﾊﾟﾋﾟ pa",
    "🎉",
]
SPLITS = "select pieces from warehouse.search_index.int_hashtag_splits where hashtag = 'onepiece'"
INPUTS = ["corpus.tiktoks", "corpus.comments", "test_collection.queries"]
COMPARED = [
    "documents",
    "document_fields",
    "int_hashtag_splits",
    "postings",
    "terms",
    "field_statistics",
    "int_document_lengths",
    "runs",
]


class Index:
    """The models of the index and the rankings, run as dbt compiled them: on from what is there, or from nothing.

    A build by dbt takes seconds, and two hundred sequences need hundreds: so the compiled SQL is run on two databases
    in memory, `warehouse`, where every build goes on from the one before, and `complete`, where it begins anew.
    """

    def __init__(self, demo: BuildResult, folder: Path) -> None:
        """Compile the models for both kinds of build and read the demo's relations into both databases."""
        copy = folder / demo.warehouse.name
        shutil.copy(demo.warehouse, copy)
        self.going_on = compiled_models(copy)
        self.from_nothing = compiled_models(copy, "--full-refresh")
        assert {name for name in self.going_on if self.going_on[name] != self.from_nothing[name]} == {
            "int_texts_normalised",
            "int_texts_cleaned",
            "int_words_counted",
            "int_ngrams_counted",
        }
        self.connection = duckdb.connect()
        functions.register(self.connection)
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute("set threads = 1")
        self.connection.execute(f"attach '{copy}' as demo (read_only)")
        tables = self.connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'demo' union all "
            "select schema_name, view_name from duckdb_views() where database_name = 'demo' and not internal "
            "and schema_name not in ('search_index', 'retrieval')"
        ).fetchall()
        for database in DATABASES:
            self.connection.execute(f"attach ':memory:' as {database}")
            for schema, table in tables:
                self.connection.execute(f"create schema if not exists {database}.{schema}")
                self.connection.execute(f"create table {database}.{schema}.{table} as from demo.{schema}.{table}")
            self.connection.execute(
                f"delete from {database}.search_index.character_forms where not contains(?, sequence)", ["".join(TEXTS)]
            )
        # what hashtags are split into depends on all other texts
        self.change("update {}.seeds.system_definitions set is_default = true where system_id like 'words_hashtags_%'")
        for table in INPUTS:
            self.change(
                f"delete from {{}}.{table} where hash({'query_id' if 'queries' in table else 'tiktok_id'}) % 4 > 0"
            )

    def change(self, statement: str, *parameters: Any) -> None:
        """Change the inputs of both databases alike."""
        for database in DATABASES:
            self.connection.execute(statement.format(database), parameters)

    def go_on(self) -> None:
        """Build as `dbt build` does where a warehouse is there already."""
        for model in self.going_on.values():
            if model["config"]["materialized"] == "incremental":
                upstream = re.search(r"ref\('(\w+)'\)", model["config"]["pre-hook"][0]["sql"])
                assert upstream
                kept = model["relation_name"]
                source = self.going_on[upstream[1]]["relation_name"]
                self.connection.execute(f"delete from {kept} where content_id not in (select content_id from {source})")
                self.connection.execute(f"insert into {kept} by name {model['compiled_code']}")
            else:
                self._make(model, "warehouse")

    def begin_anew(self) -> None:
        """Build as `dbt build --full-refresh` does."""
        for model in self.from_nothing.values():
            self._make(model, "complete")

    def _make(self, model: dict[str, Any], database: str) -> None:
        kind = "view" if model["config"]["materialized"] == "view" else "table"
        statement = f"create or replace {kind} {model['relation_name']} as {model['compiled_code']}"
        self.connection.execute(statement.replace('"warehouse".', f'"{database}".'))

    def differences(self) -> list[str]:
        """Name the relations of which one database has a row that the other has not."""
        found = []
        for name in COMPARED:
            relation = self.going_on[name]["relation_name"]
            one, other = (rounded(self.connection, relation.replace("warehouse", database)) for database in DATABASES)
            rows = self.connection.execute(
                f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
            ).fetchone()
            if rows != (0,):
                found.append(name)
        return found


def rounded(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Select a relation's rows with its floats rounded to 9 decimals: sums of floats differ in their last bits."""
    columns = connection.execute(f"describe {relation}").fetchall()
    chosen = [f"round({name}, 9) as {name}" if kind == "DOUBLE" else name for name, kind, *_ in columns]
    return f"select {', '.join(chosen)} from {relation}"


def compiled_models(warehouse: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    """Compile the models from the texts to the runs: name -> node, each after those that it selects from."""
    result = build(
        PROJECT / "demo",
        warehouse,
        command="compile",
        select=["path:models/search_index", "path:models/retrieval"],
        exclude=["character_forms", "explanations", "query_runs", "resource_type:test", "resource_type:unit_test"],
        arguments=arguments,
    )
    assert result.success, result.messages
    manifest = json.loads((warehouse.parent / f"{warehouse.stem}_dbt" / "target" / "manifest.json").read_text())
    chosen = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled") and node["name"] in result.statuses
    }
    ordered: dict[str, dict[str, Any]] = {}
    while len(ordered) < len(chosen):
        for node in chosen.values():
            needs = [chosen[key]["name"] for key in node["depends_on"]["nodes"] if key in chosen]
            if node["name"] not in ordered and all(name in ordered for name in needs):
                ordered[node["name"]] = node
    return ordered


@pytest.fixture(scope="module")
def index(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    made = Index(demo_build, tmp_path_factory.mktemp("incremental"))
    yield made
    made.connection.close()


def random_change(draw: random.Random, number: int) -> tuple[str, Sequence[Any]]:
    """Draw a statement that adds, edits, scrapes again or deletes, and its parameters."""
    one_tiktok = f"(select tiktok_id from {{0}}.corpus.tiktoks order by hash(tiktok_id, {number}) limit 1)"
    one_query = f"(select query_id from {{0}}.test_collection.queries order by hash(query_id, {number}) limit 1)"
    text, name = draw.choice(TEXTS), f"new{number}"
    return draw.choice(
        [
            (
                "insert into {0}.corpus.tiktoks by name "
                "select * replace (? as tiktok_id, ? as description, ? as speech_text) "
                f"from {{0}}.corpus.tiktoks where tiktok_id = {one_tiktok}",
                [name, text, draw.choice(TEXTS)],
            ),
            (f"update {{0}}.corpus.tiktoks set description = ? where tiktok_id = {one_tiktok}", [text]),
            (f"update {{0}}.corpus.tiktoks set cover_text = nullif(?, '') where tiktok_id = {one_tiktok}", [text]),
            (f"update {{0}}.corpus.tiktoks set like_count = like_count + 1 where tiktok_id = {one_tiktok}", []),
            (
                "insert into {0}.corpus.comments by name "
                "select tiktok_id, ? as comment_id, 99 as position, ? as comment_text "
                f"from {{0}}.corpus.tiktoks where tiktok_id = {one_tiktok}",
                [name, text],
            ),
            (f"delete from {{0}}.corpus.tiktoks where tiktok_id = {one_tiktok}", []),
            (f"delete from {{0}}.corpus.comments where tiktok_id = {one_tiktok}", []),
            (
                "insert into {0}.test_collection.queries by name select * replace (? as query_id, ? as query_text) "
                f"from {{0}}.test_collection.queries where query_id = {one_query}",
                [name, text],
            ),
            (f"delete from {{0}}.test_collection.queries where query_id = {one_query}", []),
        ]
    )


def test_builds_that_go_on_make_what_a_build_from_nothing_makes(index: Index) -> None:
    draw = random.Random(20261125)
    number = 0
    splits: set[tuple[str | None]] = set()
    for sequence in range(SEQUENCES):
        for _ in range(draw.randint(1, 2)):
            for _ in range(draw.randint(1, 3)):
                number += 1
                statement, parameters = random_change(draw, number)
                index.change(statement, *parameters)
            index.go_on()
        index.begin_anew()
        assert index.differences() == [], f"sequence {sequence}, change {number}"
        splits |= set(index.connection.execute(SPLITS).fetchall())
    # the same hashtag was split and was not, as its words came and went
    assert splits == {("one piece",), (None,)}
    documents = index.connection.execute("select count(*) from warehouse.search_index.documents").fetchone()
    assert documents is not None
    assert documents[0] > 5


def test_a_second_build_makes_no_token_again_and_a_changed_scheme_makes_all(index: Index) -> None:
    index.go_on()
    count = "select count(*) from warehouse.search_index.int_words_counted"
    index.connection.execute("update warehouse.search_index.int_words_counted set word = 'kept'")
    before = index.connection.execute(count).fetchone()
    index.go_on()
    assert index.connection.execute(f"{count} where word = 'kept'").fetchone() == before
    index.change("update {}.search_index.character_forms set form = 'x'")
    index.go_on()
    assert index.connection.execute(f"{count} where word = 'kept'").fetchone() == (0,)
    index.begin_anew()
    assert index.differences() == []


def test_dbt_goes_on_from_what_is_there(demo_build: BuildResult, tmp_path: Path) -> None:
    """The same with dbt itself: a scrape again, a batch more, a query less, then a build on and one from nothing."""
    data = tmp_path / "demo"
    shutil.copytree(PROJECT / "demo", data)
    batches = sorted((data / "info").glob("*.json"))
    records = json.loads(batches[0].read_text())
    changed = [
        record | {"description": "a heron steals the bread roll", "scrape-timestamp": 1760300000}
        for record in records
        if "id" in record
    ][:3]
    changed[0] = changed[0] | {"id": "7300000000000000001"}
    (data / "info" / "9999.json").write_text(json.dumps(changed))
    queries = json.loads((data / "queries.json").read_text())
    (data / "queries.json").write_text(json.dumps(queries[1:]))
    for name in ("on", "anew"):
        (tmp_path / name).mkdir()
    shutil.copy(demo_build.warehouse, tmp_path / "on" / "warehouse.duckdb")
    on = build(data, tmp_path / "on" / "warehouse.duckdb", select=["+path:models/retrieval"], command="run")
    anew = build(
        data,
        tmp_path / "anew" / "warehouse.duckdb",
        select=["+path:models/retrieval"],
        exclude=["resource_type:test", "resource_type:unit_test"],
    )
    assert on.success, on.messages
    assert anew.success, anew.messages
    with duckdb.connect() as connection:
        connection.execute(f"attach '{on.warehouse}' as warehouse (read_only)")
        connection.execute(f"attach '{anew.warehouse}' as complete (read_only)")
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'complete' "
            "and schema_name in ('corpus', 'test_collection', 'search_index', 'retrieval') "
            "and table_name <> 'index_statistics'"
        ).fetchall():
            one, other = (rounded(connection, f"{database}.{schema}.{name}") for database in DATABASES)
            for left, right in ((one, other), (other, one)):
                assert connection.execute(f"{left} except all {right}").fetchall() == [], f"{schema}.{name}"
    assert on.rows("select count(*) from search_index.int_words_counted where word = 'heron'") > [(0,)]
