"""The command line of the warehouse: python -m tiktok_retrieval COMMAND."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tiktok_retrieval import building, demo, documentation, handovers, leaderboards, searching
from tiktok_retrieval.demo_server import DemoServer
from viewer import cli as viewer_cli

app = typer.Typer(
    help="Find one known TikTok again: build the demo, read the leaderboard.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
handovers.register(app)
searching.register(app)
app.add_typer(viewer_cli.app, name="viewer")

Warehouse = Annotated[
    Path, typer.Option("--warehouse", envvar="TIKTOK_WAREHOUSE", help="The database file that dbt built.")
]


def stop(message: object, code: int) -> typer.Exit:
    """Print one line on standard error and return the exception that ends the command with this code."""
    print(message, file=sys.stderr)
    return typer.Exit(code)


@app.command("demo")
def run_demo(
    data: Annotated[Path, typer.Option("--data", help="Where the demo's raw zone and warehouse go.")] = Path(
        "data/demo"
    ),
) -> None:
    """Collect the bundled demo corpus from a server on this machine, build it, and show the leaderboard."""
    warehouse = data / "warehouse.duckdb"
    console.print("[bold]1[/bold] Collecting: download, read and listen")
    collect_demo(data)
    console.print("[bold]2[/bold] Building the warehouse (dbt build)")
    try:
        changed = building.build_if_changed(data, warehouse)
    except building.BuildError as error:
        raise stop(f"demo: {error}", 1) from error
    console.print("  built and tested" if changed else "  nothing has changed since the last build")
    console.print("[bold]3[/bold] The leaderboard\n")
    show_leaderboard(warehouse)
    console.print("\nWhere to look next")
    console.print("  make report  every figure, on one page; make notebooks  the same, with SQL to change")
    console.print("  make viewer  watch and search the videos")
    console.print(f"  {warehouse}  the warehouse, for any DuckDB client")
    console.print(f"  {data}/downloads.ndjson  every attempt to download; OCR and speech beside it")
    console.print("  models/  the SQL, room by room; seeds/  the systems, a row each")
    console.print("  README.md  your own corpus, your own queries, a ranking function of your own")


def collect_demo(data: Path) -> None:
    """Fill the demo's raw zone by the real extractors, from a server on this machine, unless that is done already."""
    stamp = data / "collected.stamp"
    sources = [path for folder in ("demo", "extract") for path in (building.PROJECT / folder).rglob("*.*")]
    sources = [path for path in sources if "__pycache__" not in path.parts]
    if building.is_unchanged(stamp, *sources):
        console.print("  nothing has changed since the last time")
        return
    with DemoServer(demo.MEDIA, demo.earlier_port(data)) as server:
        demo.prepare(data, server.port)
        # the other links expired long ago: asking for them would only fill the screen
        ids = ",".join(sorted(demo.live_ids()))
        step = [sys.executable, str(building.PROJECT / "extract/run.py"), "all", "--data", str(data), "--ids", ids]
        code = subprocess.run(step, check=False).returncode
    if code:
        raise stop(f"demo: the extractors stopped with exit code {code}", code)
    stamp.write_text(building.fingerprint(*sources))


@app.command("leaderboard")
def show_leaderboard(warehouse: Warehouse = Path("data/warehouse.duckdb")) -> None:
    """Print the leaderboard of the last build."""
    try:
        leaderboards.show(warehouse, console)
    except leaderboards.NoLeaderboardError as error:
        raise stop(f"leaderboard: {error}", 4) from error


@app.command("report")
def write_report(
    warehouse: Warehouse = Path("data/warehouse.duckdb"),
    target: Annotated[Path, typer.Option("--to", help="Where the page goes.")] = Path("target/report/report.html"),
    with_words: Annotated[
        bool,
        typer.Option("--with-words", help="Also show queries, terms, single failures: persons' words."),
    ] = False,
) -> None:
    """Write one self-contained HTML page of the last build's figures, with the SQL under each."""
    try:
        from tiktok_retrieval import report  # the packages that draw are needed here only
    except ModuleNotFoundError as error:
        raise stop(f"report: {error.name} is missing: pip install 'tiktok-retrieval[notebooks]'", 3) from error
    try:
        size = report.write(warehouse, target, with_words=with_words)
    except leaderboards.NoLeaderboardError as error:
        raise stop(f"report: {error}", 4) from error
    console.print(f"{target}: {size / 1e6:.1f} MB, opens in any browser")


@app.command("docs")
def write_docs(
    data: Annotated[Path, typer.Option("--data", envvar="TIKTOK_DATA", help="The raw zone.")] = Path("data"),
    warehouse: Warehouse = Path("data/warehouse.duckdb"),
    target: Annotated[Path, typer.Option("--to", help="Where the page goes.")] = Path("target/docs/index.html"),
) -> None:
    """Write lineage, tables and columns as one HTML page, with the SQL of each."""
    try:
        size = documentation.write(data, warehouse, target)
    except (documentation.PageError, building.BuildError) as error:
        raise stop(f"docs: {error}", 1) from error
    console.print(f"{target}: {size / 1e6:.1f} MB, opens in any browser")


if __name__ == "__main__":
    app(prog_name="python -m tiktok_retrieval")
