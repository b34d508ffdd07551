"""Each data test of the project is seen to fail on planted bad data, so that none passes because it cannot fail.

The demo corpus is built once and copied. On the copy every relation becomes a plain table, so that dirt can be planted
right where a test looks. A test is then: begin, plant, run the SQL that dbt compiled for it, see a failing row, roll
back. Generic tests are planted from their arguments. A singular test (tests/assert_*.sql) needs an entry in PLANTINGS.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval import functions
from tiktok_retrieval.warehouse import load_extension

JUDGED = "insert into staging.stg_viewer__judgements (judge, query_id, doc_id, answer) values ('j', 'q', 'd', 'yes')"


def pooled(values: str) -> str:
    """Return the statement that plants a judged pair."""
    columns = "query_id, doc_id, yes_count, no_count, unsure_count, relevance, reason"
    return f"insert into test_collection.pooled_judgements ({columns}) values ('q', 'd', {values})"


# What is wrong, in SQL, for each singular test: every entry of a list is planted alone and has to be found alone.
# A new test in tests/ needs a line here:
#     "assert_<sentence>": ["update <schema>.<table> set <column> = <value that breaks the sentence>"],
# A pair (old, new) stands for a test that reads no table: what it computes is spoilt in its own SQL.
PLANTINGS: Mapping[str, Sequence[str | tuple[str, str]]] = {
    "assert_ablations_add_up": [
        "update evaluation.ablations set difference = difference + 0.001",
        "update evaluation.ablations set ci_low = 2",
        "update evaluation.ablations set difference_ci_high = -2",
        "update evaluation.ablations set value = value + 0.001, difference = difference + 0.001 "
        "where axis = 'query length'",
        "update evaluation.ablations set value = value + 0.001, difference = difference + 0.001 "
        "where axis = 'tokenizer'",
        "update evaluation.ablations set reference = 'invented' where axis = 'tokenizer'",
        "update evaluation.ablations set reference_value = reference_value + 0.001, difference = difference - 0.001 "
        "where axis = 'field'",
        "update evaluation.ablations set query_count = 1000000",
        "update evaluation.ablations set reference_query_count = 1000000",
    ],
    "assert_contents_stand_for_one_text": [
        "update search_index.int_texts_collected set content_id = 1",
    ],
    "assert_contributions_sum_to_scores": [
        "update retrieval.explanations set contribution = contribution + 0.001",
        "delete from retrieval.explanations where doc_id = (select min(doc_id) from retrieval.explanations)",
    ],
    "assert_counts_and_times_are_possible": [
        "update corpus.tiktoks set like_count = -1",
        "update corpus.tiktoks set comment_count = -1",
        "update corpus.tiktoks set posted_at = scraped_at + interval 2 day",
        "update corpus.tiktoks set posted_at = null, posted_at_check = 'agreed'",
        "update corpus.comments set like_count = -1",
        "update corpus.comments set reply_count = -1",
        "update corpus.comments set posted_at = '2999-01-01'",
        "update corpus.comments set parent_comment_id = 'nobody'",
    ],
    "assert_document_lengths_are_sums_of_postings": [
        "update retrieval.int_document_lengths set document_length = document_length + 1",
        "delete from search_index.postings where term_id = (select min(term_id) from search_index.postings)",
        "delete from retrieval.int_document_lengths where document_number = 1",
    ],
    "assert_every_judge_counts_once": [
        JUDGED,
        pooled("1, 0, 0, 1, null"),
        f"{JUDGED}; {pooled('1, 1, 0, 1, null')}",
        f"{JUDGED}; {pooled('1, 0, 0, null, null')}",
        JUDGED + "; " + pooled("1, 0, 0, 1, 'planted'"),
        f"{JUDGED}; {pooled('1, 0, 0, 0, null')}",
    ],
    "assert_every_miss_has_one_category": [
        "delete from evaluation.failures where system_id = (select min(system_id) from evaluation.failures)",
        "insert into evaluation.failures select * replace ('invented' as query_id) from evaluation.failures",
        "update evaluation.failures set category = null",
        "update evaluation.failures set target_rank = 1",
        "update evaluation.failures set target_score = rival_score + 1",
        "update evaluation.failures set rival_doc_id = target_doc_id",
        "update evaluation.failures set shared_term_count = query_term_count + 1",
        "update evaluation.failures set category = 'no_shared_term' where shared_term_count > 0",
        "update evaluation.failures set shared_term_count = 0",
    ],
    "assert_every_record_could_be_read": [
        "insert into corpus.quarantined_records (file, reason) values ('info/batch.json', 'planted')",
    ],
    "assert_every_scraped_tiktok_is_kept_or_excluded": [
        "delete from corpus.tiktoks where tiktok_id = (select min(tiktok_id) from corpus.tiktoks)",
        "delete from corpus.excluded_tiktoks where tiktok_id = (select min(tiktok_id) from corpus.excluded_tiktoks)",
        "insert into corpus.excluded_tiktoks select min(tiktok_id), 'download_failed' from corpus.tiktoks",
        "insert into corpus.tiktoks (tiktok_id) values ('never scraped')",
        "delete from corpus.int_scrapes_ranked where tiktok_id = (select min(tiktok_id) from corpus.tiktoks)",
    ],
    "assert_every_shown_value_could_be_read": [
        "insert into corpus.unparsed_values (file, field, shown) values ('info/batch.json', 'like_count', 'many')",
    ],
    "assert_every_system_is_judged_on_every_judged_query": [
        "update evaluation.system_metrics set query_count = query_count - 1",
        "insert into test_collection.qrels (query_id, doc_id, relevance) values ('planted', 'nobody', 1)",
    ],
    "assert_expected_measures_differ_only_where_scores_tie": [
        "update evaluation.query_metrics set value = value + 0.001 where metric = 'expected_reciprocal_rank'",
    ],
    "assert_formulas_agree_with_weights_computed_by_hand": [
        ("0.659711126 as weight", "0.659711226 as weight"),
        ("1.203972804 as idf", "1.203972904 as idf"),
    ],
    "assert_formulas_give_weights": [
        "update seeds.rankers set formula = 'no_such_formula'",
        "update retrieval.int_term_weights set weight = -0.1",
        "update retrieval.int_term_weights set weight = null",
        "update retrieval.int_term_weights set idf = -0.1",
    ],
    "assert_funnel_sums_up": [
        "update corpus.funnel set tiktoks = tiktoks + 1 where stage = 'speech'",
        "delete from corpus.funnel where outcome = 'kept'",
        "insert into corpus.int_scrapes_ranked (tiktok_id) values ('planted')",
        "insert into corpus.tiktoks (tiktok_id) values ('planted')",
    ],
    "assert_known_item_queries_have_targets_in_the_corpus": [
        "delete from test_collection.qrels where query_id = (select min(query_id) from test_collection.qrels)",
        "update test_collection.qrels set doc_id = 'nobody'",
        "update test_collection.qrels set relevance = 0",
        "delete from corpus.tiktoks where tiktok_id = (select min(doc_id) from test_collection.qrels)",
    ],
    "assert_measures_are_within_their_range": [
        "update evaluation.query_metrics set value = null",
        "update evaluation.query_metrics set value = 'nan'",
        "update evaluation.query_metrics set value = 0.5 where metric = 'target_rank'",
        "update evaluation.query_metrics set value = 1.1 where metric = 'success'",
        "update evaluation.query_metrics set value = -0.1 where metric = 'success'",
    ],
    "assert_newest_scrape_is_recent": [
        "update corpus.int_scrapes_ranked set scraped_at = '2001-01-01'",
    ],
    "assert_normalised_text_is_ascii": [
        "insert into search_index.int_texts_normalised (normalised_text) values ('caf' || chr(233))",
        "insert into search_index.int_texts_normalised (normalised_text) values ('Cafe')",
    ],
    "assert_original_study_counts_every_token": [
        "update evaluation.int_original_study_postings set frequency_8 = frequency_8 + 1 where ngram_size = 4",
        "delete from evaluation.int_original_study_postings where ngram_size = 7",
        "delete from evaluation.int_original_study_texts where field_group = 2",
    ],
    "assert_original_study_ranks_are_possible": [
        "delete from evaluation.original_study_ranks where experiment_id = 960",
        "update evaluation.original_study_ranks set rank_low = null where experiment_id = 1",
        "update evaluation.original_study_ranks set rank_low = rank_high + 1 where experiment_id = 1",
        "update evaluation.original_study_ranks set rank_low = 0, rank_high = 0 where experiment_id = 1",
        "update evaluation.original_study_ranks set expected_reciprocal_rank = 1.1 where experiment_id = 1",
        "update evaluation.original_study_ranks set expected_reciprocal_rank = 0.5, rank_low = null, rank_high = null",
    ],
    "assert_post_times_agree_with_shown_dates": [
        "update corpus.int_tiktoks_merged set posted_at_check = 'disagreed'",
    ],
    "assert_rankings_follow_the_ranking_rule": [
        "delete from retrieval.int_documents_ranked where rank = 1",
        "update retrieval.int_documents_ranked set score = 100 where rank = 2",
        "update retrieval.int_documents_ranked set tied_low = rank + 1",
    ],
    "assert_raw_zone_holds_one_collection": [
        "insert into staging.stg_collection__documents (doc_id) values ('a text beside the TikToks')",
    ],
    "assert_shared_targets_only_help": [
        "delete from evaluation.near_duplicate_sensitivity where metric = 'success'",
        "insert into evaluation.near_duplicate_sensitivity (system_id, metric) values ('invented', 'success')",
        "update evaluation.near_duplicate_sensitivity set value = value - 0.001",
        "update evaluation.near_duplicate_sensitivity set value_with_groups = value_with_groups - 0.001, "
        "changed_query_count = 1 where metric = 'success'",
        "update evaluation.near_duplicate_sensitivity set value_with_groups = value_with_groups + 1, "
        "changed_query_count = 1 where metric = 'target_rank'",
        "update evaluation.near_duplicate_sensitivity set changed_query_count = 1",
    ],
    "assert_searchable_postings_agree_with_terms": [
        "delete from search.searchable_postings where rowid = 0",
        "insert into search.searchable_postings select * from search.searchable_postings limit 1",
        "update search.searchable_postings set term_key = 1 where rowid = 0",
        "update search.searchable_postings set document_frequency = document_frequency + 1",
        "update search.searchable_postings set collection_frequency = collection_frequency + 1",
        "update search.searchable_postings set document_numbers = document_numbers[2:]",
        "update search.searchable_postings set document_numbers = document_numbers[2:], occurrences = occurrences[2:]",
        "update search.searchable_postings set document_numbers = document_numbers || document_numbers,"
        " occurrences = occurrences || occurrences",
    ],
    "assert_shown_values_are_parsed_or_excused": [
        "insert into corpus.int_scrapes_ranked (like_count_shown) values ('many')",
        "insert into staging.stg_imports__comments (like_count_shown) values ('many')",
        "insert into staging.stg_scraper__comments (posted_at_shown) values ('one day')",
        "insert into staging.stg_scraper__comments (reply_count_shown) values ('some')",
        "insert into corpus.unparsed_values (file, field, shown) values ('info/batch.json', 'like_count', 'many')",
    ],
    "assert_statuses_match_texts": [
        "update corpus.tiktoks set cover_text = '' where cover_status = 'found'",
        "update corpus.tiktoks set speech_text = null where speech_status = 'found'",
        "update corpus.tiktoks set cover_status = 'nothing_found', cover_text = 'words'",
        "update corpus.tiktoks set speech_status = 'failed', speech_text = 'words'",
    ],
    "assert_submitted_queries_are_judged_or_excluded": [
        "delete from test_collection.queries where query_id = (select min(query_id) from test_collection.queries)",
        "insert into test_collection.queries (query_id, source, query_text) values ('invented', 'queries.json', 'x')",
        "insert into test_collection.excluded_queries (query_id, source) values ('invented', 'queries.json')",
    ],
    "assert_term_statistics_agree_with_postings": [
        "update search_index.terms set collection_frequency = collection_frequency + 1",
        "update search_index.terms set document_frequency = 1000000",
        "update search_index.field_statistics set mean_length = mean_length + 1",
        "update search_index.index_statistics set mean_document_length = mean_document_length + 1",
        "delete from search_index.postings where term_id = (select min(term_id) from search_index.postings)",
    ],
}

SINGULAR_TESTS = sorted(path.stem for path in (PROJECT / "tests").glob("*.sql"))


@dataclass(frozen=True)
class Workshop:
    """A copy of the demo's warehouse where everything is a plain table, and the tests that dbt compiled for it."""

    connection: duckdb.DuckDBPyConnection
    tests: Mapping[str, Mapping[str, Any]]
    relations: Mapping[str, str]

    def failing_rows(self, query: str) -> int:
        """Count what a test selects, as dbt does."""
        return int(self._value(f"select count(*) from (\n{query}\n) as failing_rows"))

    def found(self, test: Mapping[str, Any], dirt: Sequence[str | tuple[str, str]]) -> int:
        """Count the rows that a test selects because of the dirt, which is planted and taken away again."""
        clean = dirty = test["compiled_code"]
        self.connection.execute("begin")
        try:
            self.connection.execute(f"create temp table selected_before as {clean}")
            for planting in dirt:
                if isinstance(planting, tuple):
                    old, new = planting
                    assert old in clean, f"{test['name']} has no {old}"
                    dirty = clean.replace(old, new)
                else:
                    self.connection.execute(planting)
            # a test that only warns may have had something to warn of in the demo
            return int(self._value(f"select count(*) from (({dirty}\n) except all select * from selected_before)"))
        finally:
            self.connection.execute("rollback")

    def plant(self, test: Mapping[str, Any]) -> list[str]:
        """Return the statements that plant what a generic test looks for."""
        table = self.relations[test["attached_node"]]
        kind, arguments = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
        if kind in ("grain", "unique"):
            columns = arguments.get("columns", [arguments.get("column_name")])
            values = ", ".join(self._odd_value(table, column) for column in columns)
            return [f"insert into {table} ({', '.join(columns)}) values ({values})"] * 2
        column = arguments.get("column_name")
        if kind == "not_null":
            return [f"insert into {table} ({column}) values (null)"]
        if kind in ("accepted_values", "relationships"):
            return [f"insert into {table} ({column}) values ({self._odd_value(table, column)})"]
        raise AssertionError(f"{test['name']}: nobody has said how to make a {kind} test fail; say it in plant()")

    def _odd_value(self, table: str, column: str) -> str:
        """Return a value of the column's type that no row has."""
        kind = self._value(f"select typeof({column}) from (select null) left join {table} on true limit 1")
        return "'planted, unheard of'" if kind == "VARCHAR" else "(-77)"

    def _value(self, query: str) -> Any:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="module")
def workshop(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Copy the demo's warehouse and take its constraints and views away."""
    assert demo_build.success, demo_build.messages
    # dbt writes the stem into the SQL, so the copy keeps it
    copy = tmp_path_factory.mktemp("planted") / demo_build.warehouse.name
    shutil.copy(demo_build.warehouse, copy)
    manifest = read_manifest(demo_build)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set timezone = 'UTC'")
        load_extension(connection, "sqlite_scanner")
        functions.register(connection)
        for schema, name, kind in connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
        ).fetchall():
            connection.execute(f'create table thawed as select * from "{schema}"."{name}"')
            connection.execute(f'drop {"view" if kind == "VIEW" else "table"} "{schema}"."{name}"')
            connection.execute(f'create table "{schema}"."{name}" as select * from thawed')
            connection.execute("drop table thawed")
        yield Workshop(
            connection=connection,
            tests={
                node["name"]: node
                for node in manifest["nodes"].values()
                # the tests of models that are off unless asked for stand there disabled
                if node["resource_type"] == "test" and node["config"]["enabled"]
            },
            relations={key: node["relation_name"] for key, node in manifest["nodes"].items()},
        )


def read_manifest(result: BuildResult) -> dict[str, Any]:
    """Read the manifest that dbt left beside a warehouse."""
    path = result.warehouse.parent / f"{result.warehouse.stem}_dbt" / "target" / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text())
    return manifest


def test_every_error_test_passes_on_the_demo(workshop: Workshop) -> None:
    """What a planting shows depends on it: a test that always fails is no better than one that never does."""
    failing = [
        name
        for name, test in workshop.tests.items()
        if test["config"]["severity"].lower() == "error" and workshop.failing_rows(test["compiled_code"])
    ]
    assert failing == []


def test_every_generic_test_fails_on_planted_data(workshop: Workshop) -> None:
    generic = {name: test for name, test in workshop.tests.items() if test.get("test_metadata")}
    assert len(generic) > 50, sorted(generic)
    blind = [name for name, test in sorted(generic.items()) if not workshop.found(test, workshop.plant(test))]
    assert not blind, "\n".join(blind)


@pytest.mark.parametrize("name", SINGULAR_TESTS)
def test_singular_test_fails_on_planted_data(workshop: Workshop, name: str) -> None:
    assert PLANTINGS.get(name), f"{name} has no planting: add what it has to find to PLANTINGS in {Path(__file__).name}"
    for planting in PLANTINGS[name]:
        assert workshop.found(workshop.tests[name], [planting]), f"{name} does not see: {planting}"


def test_plantings_are_for_tests_that_exist(workshop: Workshop) -> None:
    singular = {name for name, test in workshop.tests.items() if not test.get("test_metadata")}
    assert set(PLANTINGS) == singular
    # every data test counts its rows and fails, or warns, from the first one on: what this file measures
    for name, test in workshop.tests.items():
        config = test["config"]
        conditions = (config["fail_calc"], config["warn_if"], config["error_if"], config["where"], config["limit"])
        assert conditions == ("count(*)", "!= 0", "!= 0", None, None), name


def test_marts_refuse_null_where_their_contract_does(demo_build: BuildResult) -> None:
    nodes = read_manifest(demo_build)["nodes"].values()
    promised = {
        (node["schema"], node["name"], column["name"])
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["contract"]["enforced"]
        for column in node["columns"].values()
        if "not_null" in [constraint["type"] for constraint in column["constraints"]]
    }
    kept = demo_build.rows(
        "select table_schema, table_name, column_name from information_schema.columns where is_nullable = 'NO'"
    )
    assert len(promised) > 50
    assert promised <= set(kept), sorted(promised - set(kept))


def test_null_in_a_not_null_column_fails_the_build(demo_build: BuildResult, tmp_path: Path) -> None:
    copy = tmp_path / demo_build.warehouse.name
    shutil.copy(demo_build.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "update corpus.int_tiktoks_judged set download_status = null where tiktok_id = "
            "(select min(tiktok_id) from corpus.tiktoks)"
        )
        before = connection.execute("select * from corpus.tiktoks order by all").fetchall()
    result = build(PROJECT / "demo", copy, select=["tiktoks"], command="run")
    assert not result.success
    assert result.status("tiktoks") == "error"
    assert "NOT NULL constraint failed: tiktoks__dbt_tmp.download_status" in result.messages["tiktoks"]
    assert result.rows("select * from corpus.tiktoks order by all") == before
