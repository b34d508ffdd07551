"""The one door of the extractors: python extract/run.py STEP [...]."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

# Run as a script, Python puts extract/ on the path instead of the folder that holds the package
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from extract.steps.common import (
    ExitCode,
    MissingToolError,
    StepError,
    StepOptions,
    StepResult,
    UsageError,
    default_jobs,
)

app = typer.Typer(
    help="Collect TikToks: from a browser tab to raw JSON, media and their texts. Every step can be run again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    Path,
    typer.Option("--data", envvar="TIKTOK_DATA", help="The raw zone: the folder that holds info/, videos/ and so on."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Work on at most this many items.")]
Ids = Annotated[
    str | None,
    typer.Option("--ids", help="Only these TikToks: ids with commas between them, or @FILE with an id a line."),
]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Items in hand at once.")]
CoreJobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Items in hand at once (default: the cores).")]
Force = Annotated[bool, typer.Option("--force", help="Do again what is done already.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Pseudonymise = Annotated[
    bool,
    typer.Option(
        "--pseudonymise", help="Write keyed hashes in place of persons; ids and media links stay. Never anonymous."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when an item or input failed.")]


def read_ids(given: str | None) -> frozenset[str] | None:
    """Return the ids in a list with commas or in a file named after an @; None when none are given."""
    if given is None:
        return None
    text = given
    if given.startswith("@"):
        try:
            text = Path(given[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--ids: cannot read {given[1:]}: {error.strerror}") from error
        # What follows an id on its line (a link, a reason) is for people
        text = ",".join(line.split()[0] for line in text.splitlines() if line.split())
    ids = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not ids:
        raise UsageError("--ids: no id given")
    return ids


def describe(result: StepResult) -> str:
    """Say in a few lines what a step did."""
    counts = f"{result.step}: {result.ok} ok, {result.skipped} done before, {result.failed} failed"
    worked = result.ok or result.skipped or result.failed or result.left or not result.messages
    lines = [counts + (f", {result.left} left" if result.left else "")] if worked else []
    lines += [f"  {fault}: {count}" for fault, count in sorted(result.faults.items())]
    lines += [f"would do {item}" for item in result.details.get("would_do", [])]
    lines += list(result.messages)
    if result.stopped:
        lines.append(f"stopped: {result.stopped}")
    if result.interrupted:
        lines.append("interrupted: run the same command again to go on")
    return "\n".join(lines)


def show(result: StepResult, *, as_json: bool) -> None:
    """Print what a step did, for a program or for a person."""
    print(json.dumps(result.as_json(), ensure_ascii=False, indent=2) if as_json else describe(result), flush=True)


def finish(work: Callable[[], StepResult], *, as_json: bool, strict: bool) -> None:
    """Run a step, print its result, and leave with its exit code."""
    try:
        result = work()
    except StepError as error:
        fail(error, as_json=as_json)
    except KeyboardInterrupt:
        leave_at_once()
    else:
        show(result, as_json=as_json)
        raise typer.Exit(result.exit_code(strict=strict))


def leave_at_once() -> NoReturn:
    """End the process at the second Ctrl-C: threads that are still at work must not hold it."""
    print("interrupted", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)


def fail(error: StepError, *, as_json: bool) -> NoReturn:
    """Print a fault that stopped a step, and leave with its exit code."""
    if as_json:
        fault: dict[str, Any] = {"error": str(error), "exit_code": int(error.exit_code)}
        print(json.dumps(fault, ensure_ascii=False, indent=2))
    print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(error.exit_code)


def options_of(
    data: Path,
    *,
    limit: int | None = None,
    ids: str | None = None,
    jobs: int = 1,
    force: bool = False,
    dry_run: bool = False,
    json: bool = False,
    strict: bool = False,
) -> StepOptions:
    """Gather the shared options."""
    return StepOptions(data, limit, read_ids(ids), jobs, force, dry_run, json, strict)


def step_module(name: str) -> Any:
    """Import a step when it is asked for: what only another step needs may be missing. Raises MissingToolError."""
    try:
        return importlib.import_module(f"extract.steps.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "extract":
            raise
        raise MissingToolError(f"the Python package {error.name}", "pip install -e '.[extract]'") from error


@app.callback()
def main() -> None:
    """Collect TikToks: from a browser tab to raw JSON, media and their texts. Every step can be run again."""


@app.command()
def scrape(
    data: Data = Path("data"),
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="How many posts to scrape (default: 100, or all --ids).")
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(
            "--ids",
            help="These posts instead: ids with commas between them, or @FILE with an id a line, such as "
            "DATA/scrape_again.txt.",
        ),
    ] = None,
    delay: Annotated[
        int, typer.Option("--delay", min=1, help="The longest wait for a part of a post, in milliseconds.")
    ] = 2000,
    url: Annotated[
        str, typer.Option("--url", help="The post to begin with; without one, open it in the browser by hand.")
    ] = "https://www.tiktok.com/",
    profile: Annotated[
        Path | None, typer.Option("--profile", help="The browser profile to use: your cookies, your log-in.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", help="The name of the batch, which becomes DATA/info/NAME.json.")
    ] = None,
    max_comments: Annotated[
        int | None, typer.Option("--max-comments", min=0, help="At most so many comments of each post (default: all).")
    ] = None,
    replies: Annotated[bool, typer.Option("--replies/--no-replies", help="Open the replies to comments.")] = True,
    headless: Annotated[bool, typer.Option("--headless", help="Show no browser window.")] = False,
    browser: Annotated[
        Path | None, typer.Option("--browser", help="The browser to run (default: the first Chromium found).")
    ] = None,
    ready_timeout: Annotated[
        float, typer.Option("--ready-timeout", min=1, help="Seconds to wait for the first post, your log-in included.")
    ] = 300,
    pseudonymise: Pseudonymise = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Scrape posts with your own browser profile, where you have the right to, by the script of the console."""

    def work() -> StepResult:
        step = step_module("scrape")
        settings = step.ScrapeSettings(
            count=limit or 100,
            delay_ms=delay,
            url=url,
            profile=profile,
            batch=batch,
            headless=headless,
            executable=browser,
            max_comments=max_comments,
            replies=replies,
            ready_timeout_s=ready_timeout,
            pseudonymise=pseudonymise,
        )
        result: StepResult = step.run(
            options_of(data, limit=limit, ids=ids, dry_run=dry_run, json=as_json, strict=strict), settings
        )
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files, or folders whose files are looked at.")
    ],
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Annotated[
        str | None,
        typer.Option(
            "--ids", help="Only files that hold one of these posts: ids with commas, or @FILE with one a line."
        ),
    ] = None,
    jobs: Jobs = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Put a file of which there is one in the place of the old one.")
    ] = False,
    pseudonymise: Pseudonymise = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """File what other tools collected, each file recognised by its content and kept as it is."""

    def work() -> StepResult:
        options = options_of(
            data, limit=limit, ids=ids, jobs=jobs, force=force, dry_run=dry_run, json=as_json, strict=strict
        )
        result: StepResult = step_module("import_files").run(options, files, pseudonymise=pseudonymise)
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command()
def download(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: Jobs = 4,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for a sign of the host.")] = 30,
    deadline: Annotated[
        float, typer.Option("--deadline", min=0.1, help="Seconds for one file in all, its retries included.")
    ] = 300,
    cookies: Annotated[
        Path | None, typer.Option("--cookies", help="A cookies.txt file of the browser that scraped the links.")
    ] = None,
    referer: Annotated[
        str, typer.Option("--referer", help="The page that the hosts are told we come from.")
    ] = "https://www.tiktok.com/",
    skip: Annotated[
        Path | None, typer.Option("--skip", help="A list of ids never to ask for, one a line (default: DATA/skip.txt).")
    ] = None,
    per_host: Annotated[int, typer.Option("--per-host", min=1, help="Connections to one host at once.")] = 1,
) -> None:
    """Download the videos, covers and slides that were scraped and are not there yet."""

    def work() -> StepResult:
        step = step_module("download")
        settings = step.DownloadSettings(
            timeout=timeout, deadline=deadline, cookies=cookies, referer=referer, skip=skip, per_host=per_host
        )
        options = options_of(
            data, limit=limit, ids=ids, jobs=jobs, force=force, dry_run=dry_run, json=as_json, strict=strict
        )
        result: StepResult = step.run(options, settings)
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command()
def ocr(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: CoreJobs = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    engine: Annotated[str, typer.Option("--engine", help="pytesseract or rapidocr.")] = "pytesseract",
    language: Annotated[
        str | None, typer.Option("--language", help="Tesseract's languages, such as eng or eng+spa (default: eng).")
    ] = None,
) -> None:
    """Read the text of covers and slides."""

    def work() -> StepResult:
        options = options_of(
            data,
            limit=limit,
            ids=ids,
            jobs=jobs or default_jobs(),
            force=force,
            dry_run=dry_run,
            json=as_json,
            strict=strict,
        )
        result: StepResult = step_module("ocr").run(options, engine=engine, language=language)
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command()
def audio(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: CoreJobs = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    engine: Annotated[str, typer.Option("--engine", help="ffmpeg, or moviepy: slower, the same result.")] = "ffmpeg",
) -> None:
    """Take the sound out of the videos, as 16 kHz mono WAV."""

    def work() -> StepResult:
        options = options_of(
            data,
            limit=limit,
            ids=ids,
            jobs=jobs or default_jobs(),
            force=force,
            dry_run=dry_run,
            json=as_json,
            strict=strict,
        )
        result: StepResult = step_module("audio").run(options, engine=engine)
        return result

    finish(work, as_json=as_json, strict=strict)


def run_in_order(steps: Sequence[Callable[[], StepResult]], *, as_json: bool, strict: bool) -> ExitCode:
    """Run steps one after the other; a step that cannot run is told and the next one is tried.

    An interruption or a stop (a full disk) ends the row. Return the first exit code that is not 0.
    """
    reports: list[dict[str, Any]] = []
    codes: list[ExitCode] = []
    for step in steps:
        try:
            result = step()
        except StepError as error:
            reports.append({"error": str(error), "exit_code": int(error.exit_code)})
            codes.append(error.exit_code)
            print(f"error: {error}", file=sys.stderr, flush=True)
            continue
        reports.append(result.as_json())
        codes.append(result.exit_code(strict=strict))
        if not as_json:
            show(result, as_json=False)
        if result.interrupted or result.stopped:
            break
    if as_json:
        print(json.dumps({"steps": reports}, ensure_ascii=False, indent=2))
    return next((code for code in codes if code), ExitCode.DONE)


@app.command("all")
def all_(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: CoreJobs = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    cookies: Annotated[
        Path | None, typer.Option("--cookies", help="A cookies.txt file of the browser that scraped the links.")
    ] = None,
) -> None:
    """Do what can be done without a browser, in order: download, ocr, audio, speech, each with its defaults."""

    def options(step_jobs: int) -> StepOptions:
        return options_of(
            data, limit=limit, ids=ids, jobs=step_jobs, force=force, dry_run=dry_run, json=as_json, strict=strict
        )

    def download_step() -> StepResult:
        step = step_module("download")
        result: StepResult = step.run(options(jobs or 4), step.DownloadSettings(cookies=cookies))
        return result

    def plain_step(name: str) -> Callable[[], StepResult]:
        def run() -> StepResult:
            result: StepResult = step_module(name).run(options(jobs or default_jobs()))
            return result

        return run

    steps = [download_step, *(plain_step(name) for name in ("ocr", "audio", "speech"))]
    try:
        read_ids(ids)  # a wrong list is told once, not by every step
        code = run_in_order(steps, as_json=as_json, strict=strict)
    except UsageError as error:
        fail(error, as_json=as_json)
    except KeyboardInterrupt:
        leave_at_once()
    raise typer.Exit(code)


@app.command()
def speech(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: CoreJobs = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="sphinx (offline), google (sends the sound away), whisper, faster-whisper, vosk."
        ),
    ] = "sphinx",
    language: Annotated[
        str | None, typer.Option("--language", help="en-US for sphinx and google, en for whisper (default: detected).")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model of whisper (default: base).")] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Another address of the google service, https only.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the google service.")] = 60,
) -> None:
    """Write down what is said in the clips."""

    def work() -> StepResult:
        options = options_of(
            data,
            limit=limit,
            ids=ids,
            jobs=jobs or default_jobs(),
            force=force,
            dry_run=dry_run,
            json=as_json,
            strict=strict,
        )
        step = step_module("speech")
        result: StepResult = step.run(
            options,
            engine=engine,
            language=language,
            model=model,
            endpoint=endpoint or step.GOOGLE_ENDPOINT,
            timeout=timeout,
        )
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command()
def status(
    data: Data = Path("data"),
    ids: Ids = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Show how far the raw zone has come: the funnel from scrape to texts. Needs no warehouse."""

    def work() -> StepResult:
        result: StepResult = step_module("status").run(options_of(data, ids=ids, json=as_json, strict=strict))
        return result

    finish(work, as_json=as_json, strict=strict)


@app.command()
def doctor(data: Data = Path("data"), as_json: AsJson = False) -> None:
    """Show versions, tools with the lines that install them, free disk, and how long the scraped links still live."""

    def work() -> StepResult:
        result: StepResult = step_module("doctor").run(options_of(data, json=as_json))
        return result

    finish(work, as_json=as_json, strict=False)


@app.command()
def forget(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID|PERSON...", help="Ids of TikToks; handles or shown names of persons."),
    ] = None,
    data: Data = Path("data"),
    ids: Ids = None,
    warehouse: Annotated[
        Path | None,
        typer.Option("--warehouse", envvar="TIKTOK_WAREHOUSE", help="The warehouse (default: DATA/warehouse.duckdb)."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Forget TikToks or persons in every layer: raw files, journals, media, warehouse and its published copies."""

    def work() -> StepResult:
        words = [*(targets or []), *sorted(read_ids(ids) or ())]
        options = options_of(data, dry_run=dry_run, json=as_json)
        result: StepResult = step_module("forget").run(options, words, warehouse=warehouse)
        return result

    finish(work, as_json=as_json, strict=False)


@app.command()
def recheck(
    data: Data = Path("data"),
    limit: Limit = None,
    ids: Ids = None,
    jobs: Jobs = 1,
    force: Annotated[
        bool, typer.Option("--force", help="Ask again what was answered within the last day (as --ids does).")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    strict: Strict = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the site.")] = 20,
    pause: Annotated[float, typer.Option("--pause", min=0, help="Seconds between two posts.")] = 1,
    cookies: Annotated[Path | None, typer.Option("--cookies", help="A cookies.txt file of your browser.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Ask this address instead of the permalinks' own host.")
    ] = None,
    per_host: Annotated[int, typer.Option("--per-host", min=1, help="Questions open at one host at once.")] = 1,
) -> None:
    """List the posts that are no longer available at their source, so that they can be forgotten."""

    def work() -> StepResult:
        step = step_module("recheck")
        settings = step.RecheckSettings(
            timeout=timeout, pause=pause, per_host=per_host, base_url=base_url, cookies=cookies
        )
        options = options_of(
            data, limit=limit, ids=ids, jobs=jobs, force=force, dry_run=dry_run, json=as_json, strict=strict
        )
        result: StepResult = step.run(options, settings)
        return result

    finish(work, as_json=as_json, strict=strict)


if __name__ == "__main__":
    app(prog_name="python extract/run.py")
