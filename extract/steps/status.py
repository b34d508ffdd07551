"""Show how far the raw zone has come, from its own files alone: no warehouse is needed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.formats.base import Post
from extract.formats.records import Record, iter_records
from extract.journal import OK, Journal, Line
from extract.progress import describe_seconds
from extract.raw_zone import DELETIONS, find_posts, forgotten, part_path
from extract.steps.common import StepOptions, StepResult
from extract.steps.download_plan import JOURNAL, latest_downloads, link_expiry, parts_of, scrape_again

JOURNALS = (JOURNAL, "ocr.ndjson", "audio.ndjson", "speech.ndjson", "captions.ndjson")
# The audio step's word for a video without sound, which is no failure
NO_AUDIO = "no_audio_track"
STAGES = ("scrape", "download", "cover", "audio", "speech", "complete")


@dataclass(frozen=True)
class LinkLife:
    """The links of what is still to be downloaded: how many live, died, say nothing, and when the next one dies (s)."""

    alive: int
    expired: int
    unstamped: int
    next_dies_in: float | None

    def describe(self) -> str:
        """Say it in one line."""
        if not self.alive + self.expired + self.unstamped:
            return "links: nothing is left to be downloaded"
        text = f"links still to be downloaded: {self.alive} alive"
        if self.next_dies_in is not None:
            text += f" (the next one expires in {describe_seconds(self.next_dies_in)})"
        return text + f", {self.expired} expired, {self.unstamped} without a date"


def link_life(data: Path, posts: Mapping[str, Post], state: Mapping[tuple[str, str], Line], now: float) -> LinkLife:
    """Return how long the links live of the parts that are not home yet."""
    counts: Counter[str] = Counter()
    ends: list[float] = []
    for post in posts.values():
        for part in parts_of(data, post):
            line = state.get((post.tiktok_id, part.name))
            if part.path.exists() or (line is not None and line.get("status") == OK) or part.host is None:
                continue
            expiry = link_expiry(part.link)
            counts["unstamped" if expiry is None else "alive" if expiry > now else "expired"] += 1
            if expiry is not None and expiry > now:
                ends.append(expiry - now)
    return LinkLife(counts["alive"], counts["expired"], counts["unstamped"], min(ends, default=None))


def read_texts(path: Path) -> dict[str, str | None]:
    """Return the texts by id of one of the original's files; an empty dict where it is not there."""
    if not path.exists():
        return {}
    return {
        str(record.key): record.value
        for record in iter_records(path)
        if isinstance(record, Record) and isinstance(record.value, str | None)
    }


def downloaded_before(data: Path) -> dict[str, bool]:
    """Return what the original's master.json says: whether each of its TikToks has a download timestamp."""
    path = data / "master.json"
    if not path.exists():
        return {}
    return {
        str(record.key): record.value.get("download-timestamp") is not None
        for record in iter_records(path)
        if isinstance(record, Record) and isinstance(record.value, dict) and "download-timestamp" in record.value
    }


def text_outcomes(data: Path, journal: str, original: str) -> dict[str, tuple[str, str | None]]:
    """Return the outcome (found, nothing_found, failed) of a reading step for each TikTok, with its reason."""
    outcomes: dict[str, tuple[str, str | None]] = {}
    for tiktok_id, text in read_texts(data / original).items():
        outcomes[tiktok_id] = (
            ("failed", f"null in {original}") if text is None else ("found" if text.strip() else "nothing_found", None)
        )
    worth = {"failed": 0, "nothing_found": 1, "found": 2}
    for line in Journal(data / journal).latest().values():
        tiktok_id = str(line.get("tiktok_id"))
        outcome: tuple[str, str | None]
        if line.get("status") == OK:
            outcome = ("found" if str(line.get("text") or "").strip() else "nothing_found", None)
        else:
            outcome = ("failed", str(line.get("class") or line.get("reason") or line.get("status")))
        # A photo post has a line for each slide: one that was read is enough
        if tiktok_id not in outcomes or worth[outcome[0]] >= worth[outcomes[tiktok_id][0]]:
            outcomes[tiktok_id] = outcome
    return outcomes


def audio_outcomes(data: Path) -> dict[str, str]:
    """Return the newest word of the audio step for each TikTok; what is settled stays."""
    lines = Journal(data / "audio.ndjson").latest(settled=(OK, NO_AUDIO))
    return {key.tiktok_id: str(line.get("status")) for key, line in lines.items()}


def download_outcome(
    data: Path, post: Post, state: Mapping[tuple[str, str], Line], before: Mapping[str, bool], *, known: bool
) -> tuple[str, str | None]:
    """Return whether a TikTok is home: its video, or for a photo post any of its pictures."""
    parts = [part for part in parts_of(data, post) if post.is_photo or part.name == "video"]
    lines = [state.get((post.tiktok_id, part.name)) for part in parts]
    if any(line is not None and line.get("status") == OK for line in lines) or before.get(post.tiktok_id):
        return "ok", None
    failures = [line for line in lines if line is not None]
    if failures:
        return "failed", str(failures[-1].get("class") or failures[-1].get("reason"))
    if any(part_path(data, post.tiktok_id, part.name).exists() for part in parts):
        return "ok", None
    if post.tiktok_id in before:
        return "failed", "null download-timestamp"
    return ("absent" if known else "unknown"), None


def funnel(
    data: Path, posts: Mapping[str, Post], state: Mapping[tuple[str, str], Line]
) -> Counter[tuple[str, str | None, str, str | None]]:
    """Count TikToks by stage, video host, outcome and reason: the shape of corpus.funnel."""
    before = downloaded_before(data)
    known = (data / JOURNAL).exists() or (data / "master.json").exists()
    covers = text_outcomes(data, "ocr.ndjson", "ocr.json")
    speech = text_outcomes(data, "speech.ndjson", "speech_to_text.json")
    audio = audio_outcomes(data)
    rows: Counter[tuple[str, str | None, str, str | None]] = Counter()
    for post in posts.values():
        hosts = {part.name: part.host for part in parts_of(data, post)}
        host = hosts.get("video") or hosts.get("slide_1")
        if post.listed_only:
            rows["scrape", host, "listed", "wanted, not scraped yet"] += 1
            continue
        rows["scrape", host, "ok", None] += 1
        download = download_outcome(data, post, state, before, known=known)
        cover = covers.get(post.tiktok_id, ("absent", None))
        heard = speech.get(post.tiktok_id)
        sound = audio.get(post.tiktok_id, "nothing_to_transcribe" if post.is_photo else "absent")
        if heard is None or heard[0] == "failed":
            if post.is_photo or sound == NO_AUDIO:
                heard = ("nothing_to_transcribe", None)
            elif heard is None:
                heard = ("failed", sound) if sound not in (OK, "absent") else ("absent", None)
        for stage, outcome in (("download", download), ("cover", cover), ("audio", (sound, None)), ("speech", heard)):
            rows[stage, host, outcome[0], outcome[1]] += 1
        complete = download[0] in ("ok", "unknown") and all(
            outcome in ("found", "nothing_found", "nothing_to_transcribe") for outcome in (cover[0], heard[0])
        )
        rows["complete", host, "yes" if complete else "no", None] += 1
    return rows


def describe(rows: Mapping[tuple[str, str | None, str, str | None], int]) -> Iterator[str]:
    """Lay the funnel out in lines: each stage with its outcomes, the failures with reason and host."""
    for stage in STAGES:
        outcomes: Counter[str] = Counter()
        failures: Counter[tuple[str, str]] = Counter()
        for (row_stage, host, outcome, reason), count in rows.items():
            if row_stage == stage:
                outcomes[outcome] += count
                if outcome == "failed":
                    failures[reason or "?", host or "(no host)"] += count
        if outcomes:
            told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
            yield f"{stage:<9} {told}"
            for (reason, host), count in failures.most_common():
                yield f"{'':<9}   {count:>6}  {reason}  {host}"


def run(options: StepOptions) -> StepResult:
    """Count what the raw zone holds; an empty one is no fault."""
    data = options.data
    warnings: list[str] = []
    is_forgotten = forgotten(data)
    posts = {
        key: post
        for key, post in find_posts(data, warnings.append).items()
        if options.selects(key) and not is_forgotten(post)
    }
    state = latest_downloads(data)
    rows = funnel(data, posts, state)
    torn = {name: sum(entry.line is None for entry in Journal(data / name).entries()) for name in JOURNALS}
    warnings += [f"{data / name}: {count} lines cannot be read" for name, count in torn.items() if count]
    life = link_life(data, posts, state, time.time())
    again = scrape_again(data, posts, state)
    messages = [f"{data}: {len(posts)} TikToks", *describe(rows), life.describe()]
    if again:
        reasons = Counter(again.values())
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        messages.append(f"to scrape again: {len(again)} ({told})")
    deletions = sum(1 for _ in Journal(data / DELETIONS).read())
    if deletions:
        messages.append(f"to be forgotten: {deletions} ids and persons")
    details: dict[str, Any] = {
        "tiktoks": len(posts),
        "funnel": [
            {"stage": stage, "host": host, "outcome": outcome, "reason": reason, "tiktoks": count}
            for (stage, host, outcome, reason), count in sorted(
                rows.items(), key=lambda item: (STAGES.index(item[0][0]), *(text or "" for text in item[0][1:]))
            )
        ],
        "links": {
            "alive": life.alive,
            "expired": life.expired,
            "unstamped": life.unstamped,
            "next_expires_in_seconds": life.next_dies_in,
        },
        "scrape_again": again,
    }
    return StepResult("status", inputs_failed=len(warnings), details=details, messages=[*messages, *warnings])
