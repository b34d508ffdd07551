"""The served viewer under load, in small: bench/viewer.py has the whole of it."""

from __future__ import annotations

import asyncio
import socket

import pytest
from viewers import Zone, make_zone
from warehouses import BuildResult

from bench.viewer import Server, count_kept, gather_participants, submit, words_of
from viewer.cli import listen


@pytest.fixture(scope="module")
def zone(demo_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return make_zone(tmp_path_factory.mktemp("viewer"), demo_build)


def test_people_who_watch_and_search_at_once_meet_no_error(zone: Zone) -> None:
    with Server(zone.data, zone.warehouse) as server:
        tally = asyncio.run(
            gather_participants(
                server.address,
                words_of(zone.warehouse),
                participants=20,
                is_over=lambda rounds: rounds == 2,
                pace=0.0,
            )
        )
    assert tally.problems == []
    assert len(tally.seconds["page"]) == 20
    assert set(tally.seconds) >= {"search", "snippets", "explanation", "post", "cover", "range of a video", "queue"}


def test_every_query_is_kept_once_over_a_kill(zone: Zone) -> None:
    with Server(zone.data, zone.warehouse, submissions_per_minute=1_000_000) as server:
        sent = asyncio.run(submit(server, zone.videos, submissions=400, clients=20, kill_after=[150]))
    assert sent.problems == []
    assert len(sent.confirmed) == 400
    assert sent.repeated > 0
    kept = count_kept(zone.data)
    assert set(kept) == set(sent.confirmed.items())
    assert set(kept.values()) == {1}


def test_no_part_of_an_answer_waits_for_the_part_before_it() -> None:
    """The server's connections have Nagle's algorithm off: with it each answer in two parts takes 40 ms longer."""

    async def answer_once() -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            told.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(answer, sock=listen("127.0.0.1", 0)) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.close()
            return await told

    assert asyncio.run(answer_once()) != 0
