"""Load the served viewer: people who watch and search, and queries that are all kept, also over a kill.

The real server process on this machine's own address, as behind a proxy, so that every participant has an address and
the rates that are set by default hold for each. The load ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import duckdb
import httpx

from tiktok_retrieval import snapshots

PROJECT = Path(__file__).resolve().parents[1]
PARTICIPANTS = 200
SECONDS = 60
SEARCH_AIM = 0.1
SUBMISSIONS = 10_000
CLIENTS = 50
# What a person takes for a video, and for looking at results, in seconds; after each second video comes a search
WATCHING = (2.0, 8.0)
READING = (2.0, 6.0)
ARRIVING = 5.0
SEED = 20_240_131
# No browser loads a video whole before it shows it
FIRST_BYTES = 65_536
IN_SIGHT = 5
POST = {"X-Viewer-Request": "1"}


class Server:
    """A viewer in a process of its own, which can be killed and started again at the same address."""

    def __init__(self, data: Path, warehouse: Path, *, submissions_per_minute: int = 60) -> None:
        """Take the raw zone, which the viewer writes to, and the warehouse whose snapshot it serves."""
        self._command = [sys.executable, "-m", "tiktok_retrieval", "viewer", "serve", "--behind-proxy"]
        self._command += ["--data", str(data), "--warehouse", str(warehouse)]
        self._command += ["--submissions", str(submissions_per_minute)]
        self._process: subprocess.Popen[str] | None = None
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the server
        self.port = 0

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return once it listens. Raises RuntimeError where it does not."""
        command = [*self._command, "--port", str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=environment
        )
        assert self._process.stdout is not None
        told = re.search(r":(\d+) ", self._process.stdout.readline())
        if told is None:
            self.end(signal.SIGTERM)
            self._errors.seek(0)
            raise RuntimeError(f"the viewer did not start: {self._errors.read().strip()[-300:]}")
        self.port = int(told[1])

    def end(self, how: signal.Signals) -> None:
        """End it by a signal, and wait for that."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self.end(signal.SIGTERM)


@dataclass
class Tally:
    """Every request that was answered as it should be, by kind, in seconds; and what was not."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, kind: str, seconds: float) -> None:
        """Count one answer."""
        self.seconds.setdefault(kind, []).append(seconds)

    @property
    def requests(self) -> int:
        """How many requests were answered well."""
        return sum(len(found) for found in self.seconds.values())

    def quantile(self, kind: str, share: float) -> float:
        """Return the time within which so large a share of the answers came (nearest rank)."""
        found = sorted(self.seconds[kind])
        return found[max(0, math.ceil(share * len(found)) - 1)]


class Participant:
    """Somebody with a browser, at an address of their own."""

    def __init__(self, number: int, address: str, tls: ssl.SSLContext, tally: Tally) -> None:
        """Take what tells this participant from others, and where the results are counted."""
        self.choice = random.Random(SEED + number)  # noqa: S311 - it keeps no secret
        self._tally = tally
        self._covers: set[str] = set()
        # 198.18.0.0/15 is kept for such measurements
        headers = {"X-Forwarded-For": f"198.18.{number // 250}.{number % 250 + 1}"}
        self.client = httpx.AsyncClient(base_url=address, headers=headers, verify=tls, timeout=30)

    async def ask(self, kind: str, path: str, *, status: int = 200, **request: Any) -> httpx.Response | None:
        """Ask for something; None, counted as a problem, where the answer is not the expected one."""
        begin = time.perf_counter()
        try:
            answer = await self.client.get(path, **request)
        except httpx.HTTPError as error:
            self._tally.problems.append(f"{path}: {type(error).__name__}")
            return None
        taken = time.perf_counter() - begin
        if answer.status_code != status:
            self._tally.problems.append(f"{path}: {answer.status_code} {answer.text[:100]}")
            return None
        self._tally.add(kind, taken)
        return answer

    async def arrive(self) -> list[str]:
        """Open the page with all that belongs to it; return what can be watched."""
        page = await self.ask("page", "/")
        for path in re.findall(r'(?:src|href)="(static/[^"]+)"', page.text if page else ""):
            await self.ask("static file", f"/{path}")
        queue = await self.ask("queue", "/api/queue")
        return list(queue.json()["ids"]) if queue else []

    async def watch(self, tiktok_id: str) -> None:
        """Open a video: what is said about it, its cover, and its beginning and rest as ranges."""
        answer = await self.ask("post", f"/api/posts/{tiktok_id}")
        shown = answer.json() if answer else {}
        await self._see(shown.get("cover"))
        if not shown.get("video"):
            return
        first = await self._range(shown["video"], f"bytes=0-{FIRST_BYTES - 1}")
        whole = int(first.headers["content-range"].rpartition("/")[2]) if first else 0
        if first and len(first.content) != min(FIRST_BYTES, whole):
            self._tally.problems.append(f"/{shown['video']}: {len(first.content)} bytes of {whole}")
        if whole > FIRST_BYTES:
            await self._range(shown["video"], f"bytes={FIRST_BYTES}-")

    async def _see(self, cover: str | None) -> None:
        """Ask for a cover; a browser keeps those that it has."""
        if cover and cover not in self._covers:
            self._covers.add(cover)
            await self.ask("cover", f"/{cover}")

    async def _range(self, path: str, wanted: str) -> httpx.Response | None:
        return await self.ask("range of a video", f"/{path}", status=206, headers={"Range": wanted})

    async def search(self, query: str) -> list[str]:
        """Search, in half of the cases once before the last word, and look at the results; return their ids."""
        if self.choice.random() < 0.5:
            await self.ask("search", "/api/search", params={"query": query.rpartition(" ")[0]})
        answer = await self.ask("search", "/api/search", params={"query": query})
        results = answer.json()["results"] if answer else []
        await self._look(query, results[:IN_SIGHT])
        if self.choice.random() < 0.5:
            await self._look(query, results[IN_SIGHT:])
        return [result["id"] for result in results]

    async def _look(self, query: str, results: Sequence[dict[str, Any]]) -> None:
        """Ask for what comes into sight."""
        if results:
            ids = [result["id"] for result in results]
            await self.ask("snippets", "/api/snippets", params={"query": query, "tiktok_id": ids})
        for result in results:
            await self._see(result["cover"])

    async def explain(self, query: str, tiktok_id: str) -> None:
        """Ask why a result stands where it stands."""
        await self.ask("explanation", "/api/explain", params={"query": query, "tiktok_id": tiktok_id})


async def take_part(
    participant: Participant, words: Sequence[str], *, is_over: Callable[[int], bool], pace: float
) -> None:
    """Watch, search every second time, open what was found; `is_over` is asked with the rounds that were done."""
    choice = participant.choice

    async def think(span: tuple[float, float]) -> None:
        await asyncio.sleep(pace * choice.uniform(*span))

    await think((0.0, ARRIVING))
    async with participant.client:
        ids = await participant.arrive()
        choice.shuffle(ids)
        rounds = 0
        while ids and not is_over(rounds):
            await participant.watch(ids[rounds % len(ids)])
            await think(WATCHING)
            if rounds % 2 == 0:
                # two to four words: hardly anybody asks what another one has asked
                query = " ".join(choice.choices(words, k=choice.randint(2, 4)))
                found = await participant.search(query)
                await think(READING)
                if found:
                    one = choice.choice(found)
                    if choice.random() < 0.3:
                        await participant.explain(query, one)
                    await participant.watch(one)
                    await think(WATCHING)
            rounds += 1


async def gather_participants(
    address: str,
    words: Sequence[str],
    *,
    participants: int,
    is_over: Callable[[int], bool],
    pace: float = 1.0,
) -> Tally:
    """Let so many people take part at once; return what they met with."""
    tally = Tally()
    tls = ssl.create_default_context()  # it is not used, and costs too much to be made for each
    people = [Participant(number, address, tls, tally) for number in range(participants)]
    await asyncio.gather(*(take_part(person, words, is_over=is_over, pace=pace) for person in people))
    return tally


@dataclass
class Sent:
    """The queries that were sent until each was confirmed."""

    confirmed: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    problems: list[str] = field(default_factory=list)


async def submit(
    server: Server, targets: Sequence[str], *, submissions: int, clients: int, kill_after: Sequence[int] = ()
) -> Sent:
    """Send queries from several clients at once, each until it is confirmed; kill the server after so many of them.

    Whoever gets no answer sends the same query under the same id again, as the page does.
    """
    sent = Sent()
    tls = ssl.create_default_context()
    kills = iter([*kill_after, submissions + 1])
    next_kill = next(kills)
    restart: asyncio.Task[None] | None = None

    def kill_and_start() -> None:
        server.end(signal.SIGKILL)
        server.start()

    async def send(client: httpx.AsyncClient, number: int) -> None:
        query_id, query_text = str(UUID(int=number, version=4)), f"what I remember of number {number}"
        query = {
            "query_id": query_id,
            "query_text": query_text,
            "target_id": targets[number % len(targets)],
            "pseudonym": "amber-otter-12ab",
            "owner_key": f"{number % clients:032x}",
            "found_by": "history",
            "viewed_seconds_ago": 3700.0,
        }
        while True:
            try:
                answer = await client.post("/api/queries", json=query, headers=POST)
            except httpx.TransportError:
                sent.repeated += 1
                await asyncio.sleep(0.01)
                if restart is not None:
                    await asyncio.shield(restart)
                continue
            if answer.status_code in (200, 201):
                sent.confirmed[query_id] = query_text
            else:
                sent.problems.append(f"{answer.status_code} {answer.text[:100]}")
            return

    async def send_share(share: int) -> None:
        nonlocal next_kill, restart
        headers = {"X-Forwarded-For": f"198.18.100.{share + 1}"}
        async with httpx.AsyncClient(base_url=server.address, headers=headers, verify=tls, timeout=30) as client:
            for number in range(share, submissions, clients):
                await send(client, number)
                if len(sent.confirmed) >= next_kill:
                    next_kill = next(kills)
                    restart = asyncio.create_task(asyncio.to_thread(kill_and_start))

    await asyncio.gather(*(send_share(share) for share in range(clients)))
    if restart is not None:
        await restart
    return sent


def count_kept(data: Path) -> Counter[tuple[str, str]]:
    """Return how often each query stands in the file, as id and text; what a kill tore is none."""
    kept: Counter[tuple[str, str]] = Counter()
    for raw in (data / "queries.ndjson").read_bytes().splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        kept[line["query_id"], line["query_text"]] += 1
    return kept


def words_of(warehouse: Path) -> list[str]:
    """Return the words of the snapshot's descriptions and queries, from which searches are made."""
    with duckdb.connect(str(snapshots.current(warehouse)), read_only=True) as connection:
        found = connection.execute(
            """
            select description from corpus.tiktoks where description is not null
            union all
            select query_text from test_collection.queries where query_text is not null
            """
        ).fetchall()
    return sorted({word for (text,) in found for word in re.findall(r"[^\W\d_]{3,}", text.lower())})


@contextmanager
def demo_zone() -> Iterator[tuple[Path, Path]]:
    """Give a copy of the demo's raw zone and of its snapshot, built before where it is missing or old."""
    source = PROJECT / "data" / "demo"
    command = [sys.executable, "-m", "tiktok_retrieval", "demo", "--data", str(source)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, env=environment)
    with tempfile.TemporaryDirectory(prefix="bench-viewer-") as name:
        data = Path(name) / "raw"
        for folder in ("videos", "coverphotos"):
            shutil.copytree(source / folder, data / folder)
        warehouse = data / "warehouse.duckdb"
        shutil.copyfile(snapshots.current(source / "warehouse.duckdb"), warehouse)
        snapshots.publish(warehouse)
        yield data, warehouse


def watch_and_search(data: Path, warehouse: Path, participants: int, seconds: float) -> list[str]:
    """Let people watch and search for a while; say how it went."""
    words = words_of(warehouse)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Server(data, warehouse) as server:
        end = time.monotonic() + seconds
        tally = asyncio.run(
            gather_participants(
                server.address,
                words,
                participants=participants,
                is_over=lambda _: time.monotonic() >= end,
            )
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    within = tally.quantile("search", 0.95)
    verdict = "met" if within < SEARCH_AIM and not tally.problems else "MISSED"
    told = [
        f"viewer: {participants} participants for {seconds:.0f} s, "
        f"{WATCHING[0]:.0f} to {WATCHING[1]:.0f} s for a video, {READING[0]:.0f} to {READING[1]:.0f} s for results, "
        f"hardly a search twice: {tally.requests:,} requests, {len(tally.problems)} errors, "
        f"{used:.0f} s of processors; 95 % of searches within {within * 1e3:.0f} ms "
        f"(aim: {SEARCH_AIM * 1e3:.0f} ms, no error: {verdict})"
    ]
    for kind, taken in sorted(tally.seconds.items()):
        quantiles = ", ".join(f"{tally.quantile(kind, share) * 1e3:.0f}" for share in (0.5, 0.95, 0.99, 1))
        told.append(f"  {kind}: {len(taken):,} answers, half of them, 95 %, 99 % and all within {quantiles} ms")
    return [*told, *(f"  {problem}" for problem in tally.problems[:5])]


def give_queries(data: Path, warehouse: Path, submissions: int) -> list[str]:
    """Give many queries, with two kills in between; say whether each is in the file once."""
    targets = sorted(path.stem for path in (data / "videos").glob("*.mp4"))
    kill_after = (submissions // 3, 2 * submissions // 3)
    begin = time.monotonic()
    with Server(data, warehouse, submissions_per_minute=10_000_000) as server:
        sent = asyncio.run(submit(server, targets, submissions=submissions, clients=CLIENTS, kill_after=kill_after))
    taken = time.monotonic() - begin
    kept = count_kept(data)
    is_whole = len(kept) == submissions and set(kept) == set(sent.confirmed.items()) and set(kept.values()) == {1}
    return [
        f"viewer: {submissions:,} queries from {CLIENTS} clients in {taken:.0f} s with {len(kill_after)} kills, "
        f"{sent.repeated} sent again: {len(sent.confirmed):,} confirmed, {len(kept):,} in the file, "
        f"{sum(kept.values()) - len(kept)} twice (aim: each once: {'met' if is_whole else 'MISSED'})",
        *(f"  {problem}" for problem in sent.problems[:5]),
    ]


def main(arguments: Sequence[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.viewer", description=__doc__)
    parser.add_argument("--participants", type=int, default=PARTICIPANTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    given = parser.parse_args(arguments)
    with demo_zone() as (data, warehouse):
        print("\n".join(watch_and_search(data, warehouse, given.participants, given.seconds)), flush=True)
        print("\n".join(give_queries(data, warehouse, given.submissions)))


if __name__ == "__main__":
    main(sys.argv[1:])
