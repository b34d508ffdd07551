"""Published snapshots: whole, immutable, switched in one step, kept while somebody reads them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouses import PROJECT, BuildResult, build

from tiktok_retrieval import snapshots

READERS = 10
VERSIONS = 8
READER = """
import sys
from pathlib import Path
from tiktok_retrieval import snapshots
warehouse, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen = set()
while True:
    ended = stop.exists()
    with snapshots.connect(warehouse) as connection:
        for _ in range(3):
            found = connection.execute("select distinct version from (from facts union all from marks)").fetchall()
            assert len(found) == 1, found
            seen.add(found[0][0])
            assert connection.execute("select count(*) from facts").fetchall() == [(1000,)]
    if ended:
        break
print(max(seen))
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from tiktok_retrieval import snapshots
setattr(snapshots, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
snapshots.publish(Path(sys.argv[1]))
"""


def write(warehouse: Path, version: int) -> None:
    """Make every row of two tables say the version, in two transactions, as a build does."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"create or replace table facts as select {version} as version from range(1000)")
        connection.execute(f"create or replace table marks as select {version} as version from range(10)")


def version_of(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select max(version) from (from facts union all from marks)").fetchone()
    assert row is not None
    return int(row[0])


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    write(path, 1)
    return path


def test_without_a_snapshot_the_mend_is_told(warehouse: Path) -> None:
    for read in (snapshots.current, snapshots.connect):
        with pytest.raises(snapshots.NoSnapshotError, match="run `dbt build`"):
            read(warehouse)
    with pytest.raises(snapshots.SnapshotError, match="there is no warehouse"):
        snapshots.publish(warehouse.with_name("nowhere.duckdb"))


def test_a_snapshot_is_the_warehouse_and_stays_as_it_was(warehouse: Path) -> None:
    first = snapshots.publish(warehouse)
    assert first == warehouse.parent / "published" / "1" / "warehouse.duckdb" == snapshots.current(warehouse)
    content = first.read_bytes()
    write(warehouse, 2)
    assert snapshots.publish(warehouse) == snapshots.current(warehouse)
    assert (version_of(first), version_of(snapshots.current(warehouse))) == (1, 2)
    assert first.read_bytes() == content
    assert (warehouse.parent / "published" / "current").readlink() == Path("2")


@pytest.mark.parametrize("step", ["_run", "_sync", "_switch", "_prune"])
def test_a_killed_publisher_leaves_the_last_snapshot(warehouse: Path, step: str) -> None:
    snapshots.publish(warehouse)
    write(warehouse, 2)
    with python(KILLED, warehouse, step) as process:
        assert process.wait() == -9
    # killed after the switch, the new one is in force
    assert version_of(snapshots.current(warehouse)) == (2 if step == "_prune" else 1)
    write(warehouse, 3)
    assert version_of(snapshots.publish(warehouse)) == 3
    assert version_of(snapshots.current(warehouse)) == 3
    assert list((warehouse.parent / "published").glob("*.part")) == []


def test_a_publisher_without_room_says_so_and_changes_nothing(warehouse: Path) -> None:
    snapshots.publish(warehouse)
    folder = warehouse.parent / "published"
    (folder / "publishing.lock").unlink()
    (folder / "publishing.lock").mkdir()
    with pytest.raises(snapshots.SnapshotError, match="the last one stays in force"):
        snapshots.publish(warehouse)
    assert version_of(snapshots.current(warehouse)) == 1


def test_old_snapshots_stay_while_somebody_reads_them(warehouse: Path) -> None:
    first = snapshots.publish(warehouse)
    waiting = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    command = [sys.executable, "-c", waiting, str(first)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        for _ in range(4):
            snapshots.publish(warehouse)
        numbered = sorted(path.name for path in (warehouse.parent / "published").iterdir() if path.name.isdigit())
        assert numbered == ["1", "3", "4", "5"]
        reader.communicate("\n")
    snapshots.publish(warehouse)
    assert not first.exists()


def test_ten_readers_see_one_version_each_while_others_are_published(warehouse: Path, tmp_path: Path) -> None:
    snapshots.publish(warehouse)
    stop = tmp_path / "stop"
    readers = [python(READER, warehouse, stop) for _ in range(READERS)]
    try:
        for version in range(2, VERSIONS + 1):
            write(warehouse, version)
            snapshots.publish(warehouse)
    finally:
        stop.touch()
    for reader in readers:
        output, problems = reader.communicate()
        assert (reader.returncode, problems) == (0, "")
        assert int(output) == VERSIONS


@pytest.fixture(scope="module")
def built(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the demo's warehouse and of what its build published."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(demo_build.warehouse.parent / "published", folder / "published", symlinks=True)
    yield Path(shutil.copy(demo_build.warehouse, folder))


def test_a_build_publishes_what_it_built(demo_build: BuildResult) -> None:
    assert demo_build.success
    with snapshots.connect(demo_build.warehouse) as connection:
        published = connection.execute("select * from meta.builds").fetchall()
        assert connection.execute("select count(*) > 0 from search('sword')").fetchall() == [(True,)]
    assert published == demo_build.rows("select * from meta.builds")


def test_a_partial_build_publishes_nothing(built: Path) -> None:
    before = snapshots.current(built)
    assert build(PROJECT / "demo", built, select=["queries"]).success
    assert build(PROJECT / "demo", built, select=["queries"], command="run").success
    assert snapshots.current(built) == before


def test_a_build_with_errors_publishes_nothing(built: Path) -> None:
    before = snapshots.current(built)
    # a name that is no SQL breaks the corpus, and all that follows is skipped
    result = build(PROJECT / "demo", built, variables={"ocr_engine": "'"})
    assert not result.success
    assert result.status("searchable_documents") == "skipped"
    assert snapshots.current(built) == before
