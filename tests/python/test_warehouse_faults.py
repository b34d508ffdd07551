"""Bad settings, bad files and broken-off builds: one clear line and the warehouse as it was, or a row that says why."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import warehouses
from test_corpus_faults import SCRAPED_AT, comment, identify, lay, texts, tiktok
from warehouses import PROJECT, BuildResult, build

KEPT = [("the earlier build",)]


@dataclass(frozen=True)
class Place:
    """A raw zone and a warehouse that an earlier build left; one place for all tests, as dbt then parses only once."""

    data: Path
    warehouse: Path

    def seed(self, data: Path | None = None, **variables: Any) -> BuildResult:
        """Run the shortest dbt command that checks everything before it builds."""
        arguments = {"select": ["stop_words"], "command": "seed", "variables": variables or None}
        return build(data or self.data, self.warehouse, **arguments)  # type: ignore[arg-type]

    def kept(self) -> list[tuple[Any, ...]]:
        """Read what the earlier build left."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute("select text from earlier").fetchall()

    def refusal(self, **arguments: Any) -> str:
        """Return the line with which dbt refuses to start, having changed nothing."""
        with pytest.raises(Exception, match=r"\w") as caught:
            self.seed(**arguments)
        lines = [line.strip() for line in str(caught.value).splitlines()]
        # the exception's frames hold the database open
        del caught
        gc.collect()
        return next(line for line in lines if ": " in line and not line.startswith(">"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture
def place(folder: Path) -> Iterator[Place]:
    here = Place(folder / "raw", folder / "warehouse.duckdb")
    here.data.mkdir(exist_ok=True)
    with duckdb.connect(str(here.warehouse)) as connection:
        connection.execute("create table earlier as select 'the earlier build' as text")
    yield here
    here.warehouse.unlink()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere", "is not there"),
        ("file", "is a file, not a folder"),
        ("n" * 300, "cannot be read (File name too long)"),
    ],
)
def test_raw_zone_that_is_no_folder_is_refused(place: Place, tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    data = tmp_path / name
    assert place.refusal(data=data) == f"the raw zone {data} {problem}: set TIKTOK_DATA to the folder of your raw zone"
    assert place.kept() == KEPT


def test_raw_zone_without_a_name_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # '' would be the root of the file system
    monkeypatch.setattr(Place, "seed", lambda self: build(" ", self.warehouse, select=["stop_words"], command="seed"))  # type: ignore[arg-type]
    assert place.refusal() == "TIKTOK_DATA is empty: set it to the folder of your raw zone, or unset it"
    assert place.kept() == KEPT


def test_memory_limit_without_a_size_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_MEMORY_LIMIT", "lots")
    assert place.refusal() == "TIKTOK_MEMORY_LIMIT is 'lots': give a size with its unit, such as 4GB"
    assert place.kept() == KEPT


def test_file_that_is_no_database_is_refused_and_left_alone(place: Place) -> None:
    rubbish = b"this is no database\n" * 1000
    place.warehouse.write_bytes(rubbish)
    assert place.refusal() == (
        f"cannot open the warehouse {place.warehouse}: it is not a DuckDB database: "
        "move it away, or set TIKTOK_WAREHOUSE to another file"
    )
    assert place.warehouse.read_bytes() == rubbish


def test_database_cut_short_is_refused_in_one_line(place: Place) -> None:
    os.truncate(place.warehouse, 10_000)
    assert place.refusal().startswith(f"cannot open the warehouse {place.warehouse}: ")


def test_second_build_is_refused_while_the_first_one_runs(place: Place) -> None:
    script = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(place.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        line = place.refusal()
        holder.communicate()
    assert line.startswith(f"cannot open the warehouse {place.warehouse}: ")
    assert f"(PID {holder.pid}) has it open: wait until that has ended" in line
    assert place.kept() == KEPT
    assert place.seed().success


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"kept_depth": 0, "freshness_days": 5}, "var kept_depth is '0': give a whole number from 1 up"),
        ({"freshness_days": "soon"}, "var freshness_days is 'soon': give a whole number of days from 1 up"),
        ({"keep_incomplete_tiktoks": "perhaps"}, "var keep_incomplete_tiktoks is 'perhaps': give true or false"),
        ({"pseudonymise": "please"}, "var pseudonymise is 'please': give true or false"),
    ],
)
def test_variables_that_cannot_be_meant_are_refused(place: Place, variables: dict[str, Any], line: str) -> None:
    assert place.refusal(**variables).startswith(line)
    assert place.kept() == KEPT


def test_seed_rows_that_cannot_be_meant_are_refused(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for path in PROJECT.iterdir():
        if path.name in ("models", "macros", "tests", "dbt_project.yml", "profiles.yml"):
            (project / path.name).symlink_to(path)
    monkeypatch.setattr(warehouses, "PROJECT", project)
    faults = [
        ("rankers", "mine,no_such_formula,1,1,,,,x", "formula is 'no_such_formula': give one of bm25"),
        ("rankers", "mine,tf_idf,,,,ltcltc,,x", "notation is 'ltcltc': give three letters for the document, a dot"),
        ("rankers", "mine,tf_idf,,,,,,x", "formula is 'tf_idf': give the notation, too, as in lnc.ltc"),
        ("rankers", "mine,lm_jelinek_mercer,,,,,1.5,x", "formula is 'lm_jelinek_mercer': give the smoothing, too"),
        (
            "fusions",
            "mine,comb_min,words_bm25_k1.2_b0.75,,true,x",
            "formula is 'comb_min': give one of comb_sum, reciproc",
        ),
        (
            "fusions",
            "mine,reciprocal_rank,words_bm25_k1.2_b0.75,,true,x",
            "formula is 'reciprocal_rank': give the smooth",
        ),
        ("tokenizers", "mine,standard,separated,sentence,,,,false,x", "unit is 'sentence': give one of word, ngram, "),
        (
            "tokenizers",
            "mine,standard,separated,ngram,4,,,true,x",
            "split_hashtags is 'true': give false, or a unit ",
        ),
        ("tokenizers", "mine,standard,original,word,,,,true,x", "split_hashtags is 'true': give false, or a unit "),
        ("tokenizers", "mine,standard,separated,word,,,,maybe,x", "split_hashtags is 'maybe': give a value of the ty"),
        (
            "indexes",
            "99,no_such_tokenizer,all,,x",
            "tokenizer_id is 'no_such_tokenizer': give one that seeds/tokenizers",
        ),
        ("indexes", "99,words,all,-1,x", "max_comments is '-1': give a whole number from 0 up"),
        ("field_weights", "mine,speech,heavy,0.4", "weight is 'heavy': give a value of the type double"),
    ]
    for seed, row, line in faults:
        shutil.rmtree(project / "seeds", ignore_errors=True)
        shutil.copytree(PROJECT / "seeds", project / "seeds")
        with (project / "seeds" / f"{seed}.csv").open("a") as file:
            file.write(row + "\n")
        assert place.refusal().startswith(f"seeds/{seed}.csv: {line}")
    assert place.kept() == KEPT


def test_full_disk_fails_the_build_and_keeps_the_warehouse(place: Place) -> None:
    # files may grow to a size that the raw zone's copy in the warehouse exceeds: writing fails as on a full disk
    noise = "".join(chr(0x4E00 + (number * 7919) % 20000) for number in range(4_000_000))
    lay(place.data, {"info/large.json": [tiktok(1, description=noise)], "master.json": {identify(1): tiktok(1)}})
    limit = place.warehouse.stat().st_size + 1_000_000
    done = subprocess.run(
        dbt_command("run", "--select", "stg_raw__records", folder=place.warehouse.parent / "full"),
        env=environment(place),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(place.data)
    assert done.returncode != 0
    assert "File too large" in done.stdout, done.stdout + done.stderr
    assert place.kept() == KEPT


def test_killed_build_leaves_a_warehouse_that_the_next_build_completes(place: Place) -> None:
    lay(place.data, {"info/a.json": [tiktok(number) for number in range(50)]})
    command = dbt_command("run", "--select", "+path:models/corpus", folder=place.warehouse.parent / "killed")
    with subprocess.Popen(command, env=environment(place), stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "OK created" in line and "stg_" in line:
                break
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert place.kept() == KEPT
    result = build(
        place.data, place.warehouse, select=["+path:models/corpus"], variables={"keep_incomplete_tiktoks": True}
    )
    shutil.rmtree(place.data)
    assert result.success, result.messages
    assert result.rows("select count(*) from corpus.tiktoks") == [(50,)]
    # nothing half made is left beside what is whole
    relations = result.rows("select table_name from information_schema.tables")
    assert [name for (name,) in relations if "__dbt_" in name] == []


def test_characters_and_sizes_that_break_readers_are_kept_or_quarantined(tmp_path: Path) -> None:
    planes = "".join(chr(plane * 0x10000 + offset) for plane in range(17) for offset in (0x41, 0x3B1, 0xF4CE, 0xFFFD))
    long = "wordy text " * (10 * 1024 * 1024 // 11)
    crowd = [comment(f"c{number}", f"text {number}") for number in range(100_000)]
    records = [
        tiktok(1, description="nul \u0000 inside"),
        tiktok(2, description="half \ud800 a pair", **{"creator-nickname": "\udfff"}),
        tiktok(3, description=long),
        tiktok(4, comments=crowd),
        tiktok(5, id="o'brien\"; drop table x; --"),
        tiktok(6, description=planes),
        tiktok(7, id="7\u0000000"),
    ]
    lay(
        tmp_path / "raw",
        {
            "info/a.json": records,
            "info/b.json": b'[{"id": "\xff\xfe"}]',
            "info/c.json": b"\x00\x01\x02" * 1000,
            "master.json": {record["id"]: {**record, "download-timestamp": SCRAPED_AT} for record in records},
            "ocr.json": {identify(number): "nul \u0000, half \ud800" for number in range(1, 7)},
            "speech_to_text.json": texts(*range(1, 7)),
            "queries.json": "rubbish {",
            "queries/mine.json": [
                {"text": "nul \u0000, half \ud800 and 'quoted'", "target": identify(1), "author": "x"},
                5,
                None,
                {"text": ["x"], "target": {}},
                {"text": "nobody's", "target": "o'brien"},
            ],
            "queries.ndjson": b"\xff\xfe\n[]\n",
        },
    )
    result = build(
        tmp_path / "raw",
        tmp_path / "warehouse.duckdb",
        select=["+path:models/corpus", "+path:models/test_collection", "+int_texts_normalised"],
    )
    assert result.success, result.messages
    kept = dict(result.rows("select tiktok_id, description from corpus.tiktoks"))
    assert set(kept) == {identify(number) for number in (1, 2, 3, 4, 6)}
    assert len(kept[identify(3)]) == len(long)
    assert kept[identify(1)].startswith("nul ")
    assert kept[identify(1)].endswith(" inside")
    assert kept[identify(2)] == "half \ufffd a pair"
    assert len(kept[identify(6)]) >= 17 * 3
    assert result.rows("select count(*) from corpus.comments") == [(100_000 + 2 * 4,)]
    assert {file for file, *_ in result.rows("select file from corpus.quarantined_records")} >= {
        "info/a.json",
        "info/b.json",
        "info/c.json",
        "queries.json",
        "queries/mine.json",
        "queries.ndjson",
    }
    assert result.rows("select count(*) from corpus.quarantined_records where file = 'info/a.json'") == [(2,)]
    assert result.rows("select count(*) from test_collection.queries") == [(1,)]


def dbt_command(*arguments: str, folder: Path) -> list[str]:
    """Call dbt in a process of its own, which can be limited or killed."""
    paths = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments, *places, *paths]


def environment(place: Place) -> dict[str, str]:
    return os.environ | {"TIKTOK_DATA": str(place.data), "TIKTOK_WAREHOUSE": str(place.warehouse)}
