"""GraphQL over WebSocket: who is let in, what is served, and how it ends."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.infra.edge.shop import SECRET
from tests.infra.edge.site import OPEN, TOKEN_LIFE, Site, served
from tests.infra.edge.talk import INIT, PING, ask, begun, close_code, receive, send, subscribe

ACK = {"type": "connection_ack"}
WAITING = "subscription { waiting }"


async def until(reached: Callable[[], bool]) -> None:
    """Returns when the server, which runs in a thread of its own, has come so far."""
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0.005)


async def until_closed(site: Site, streams: int) -> None:
    """Returns when so many generators have cleaned up after themselves."""
    await until(lambda: site.world.closed_streams >= streams)


async def test_events_come_until_there_are_no_more(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, subscribe("subscription Count($n: Int!) { countdown(start: $n) }", variables={"n": 2}))
        messages = [await receive(socket) for _ in range(3)]
    assert messages == [
        {"type": "next", "id": "1", "payload": {"data": {"countdown": 2}}},
        {"type": "next", "id": "1", "payload": {"data": {"countdown": 1}}},
        {"type": "complete", "id": "1"},
    ]


async def test_an_id_can_be_used_again_when_it_is_over(site: Site) -> None:
    async with begun(site) as socket:
        for _ in range(3):
            await send(socket, subscribe("subscription { countdown(start: 1) }"))
            assert [(await receive(socket))["type"] for _ in range(2)] == ["next", "complete"]


async def test_every_event_has_a_context_of_its_own(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, subscribe("subscription { contexts { context } }"))
        numbers = [(await receive(socket))["payload"]["data"]["contexts"]["context"] for _ in range(3)]
    assert len(set(numbers)) == 3


async def test_pings_are_answered_before_and_after_the_init(site: Site) -> None:
    async with site.socket() as socket:
        assert await ask(socket, PING) == {"type": "pong"}
        assert await ask(socket, INIT) == ACK
        await send(socket, {"type": "pong", "payload": {"a": 1}})
        assert await ask(socket, {**PING, "payload": {"a": 1}}) == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ who }", "BAD_REQUEST"),
        ('mutation { rename(name: "x") { __typename } }', "BAD_REQUEST"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { countdown waiting }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($n: Int!) { countdown(start: $n) }", "BAD_USER_INPUT"),
        ('subscription { countdown(start: "\\u0000") }', "BAD_USER_INPUT"),
        ("subscription A { waiting } subscription B { waiting }", "BAD_REQUEST"),
        ("{ a " * 20 + "}" * 20, "QUERY_TOO_COMPLEX"),
        ("subscription { private }", "UNAUTHENTICATED"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_an_error_of_that_id_alone(site: Site, query: str, code: str) -> None:
    async with begun(site) as socket:
        # when
        answer = await ask(socket, subscribe(query))
        # then
        assert (answer["type"], answer["id"]) == ("error", "1")
        assert {error["extensions"]["code"] for error in answer["payload"]} == {code}
        assert await ask(socket, PING) == {"type": "pong"}
    assert site.world.renamed == []


async def test_a_nul_in_the_variables_is_refused(site: Site) -> None:
    async with begun(site) as socket:
        answer = await ask(socket, subscribe(WAITING, variables={"a": "\x00"}))
    assert [error["extensions"]["code"] for error in answer["payload"]] == ["BAD_USER_INPUT"]


async def test_a_fault_in_a_stream_ends_it_and_is_masked(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, subscribe("subscription { breaking }"))
        first, second = await receive(socket), await receive(socket)
    assert (first["type"], second["type"], second["id"]) == ("next", "error", "1")
    assert [error["extensions"]["code"] for error in second["payload"]] == ["INTERNAL"]
    assert SECRET not in json.dumps(second)


async def test_subscribing_before_the_ack_is_4401(site: Site) -> None:
    async with site.socket() as socket:
        await send(socket, subscribe(WAITING))
        assert await close_code(socket) == 4401


async def test_a_second_init_is_4429(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, INIT)
        assert await close_code(socket) == 4429


async def test_two_inits_in_one_breath_are_4429(site: Site) -> None:
    async with site.socket() as socket:
        await send(socket, INIT)
        await send(socket, INIT)
        assert await receive(socket) == ACK
        assert await close_code(socket) == 4429


async def test_an_id_in_use_is_4409(site: Site) -> None:
    streams = site.world.closed_streams + 1
    async with begun(site) as socket:
        assert (await ask(socket, subscribe(WAITING)))["type"] == "next"
        await send(socket, subscribe(WAITING))
        assert await close_code(socket) == 4409
    await until_closed(site, streams)


async def test_without_an_init_the_socket_is_closed_with_4408() -> None:
    with served(replace(OPEN, socket_init_seconds=0.2)) as site:
        async with site.socket() as socket:
            assert await ask(socket, PING) == {"type": "pong"}
            assert await close_code(socket) == 4408


@pytest.mark.parametrize("offered", [["graphql-ws"], ["other"], None], ids=["legacy", "other", "none"])
async def test_other_subprotocols_are_4406(site: Site, offered: list[str] | None) -> None:
    subprotocols = None if offered is None else [Subprotocol(name) for name in offered]
    async with connect(site.socket_url, subprotocols=subprotocols, proxy=None) as socket:
        assert await close_code(socket) == 4406


async def test_the_right_subprotocol_is_found_among_others(site: Site) -> None:
    offered = [Subprotocol("graphql-ws"), Subprotocol("graphql-transport-ws")]
    async with connect(site.socket_url, subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        assert await ask(socket, INIT) == ACK


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example", True),
        (None, True),
        ("https://evil.example", False),
        ("https://app.example.evil.example", False),
        ("http://app.example", False),
        ("https://app.example:8443", False),
        ("null", False),
    ],
)
async def test_only_allowed_origins_get_a_socket(site: Site, origin: str | None, allowed: bool) -> None:
    given = None if origin is None else Origin(origin)
    connecting = connect(site.socket_url, subprotocols=[Subprotocol("graphql-transport-ws")], origin=given, proxy=None)
    if allowed:
        async with connecting as socket:
            assert await ask(socket, INIT) == ACK
    else:
        with pytest.raises(InvalidStatus) as refused:
            await connecting.__aenter__()
        assert refused.value.response.status_code == 403


async def test_a_bad_token_in_the_header_is_4403(site: Site) -> None:
    async with site.socket("old") as socket:
        await send(socket, INIT)
        assert await close_code(socket) == 4403


async def test_a_message_over_the_limit_is_1009(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, {**PING, "payload": {"a": "x" * 64 * 1024}})
        assert await close_code(socket) == 1009


async def test_the_limit_of_a_message_is_in_bytes(site: Site) -> None:
    async with begun(site) as socket:
        text = json.dumps({**PING, "payload": {"a": "ก" * 22_000}}, ensure_ascii=False)
        assert len(text) < 64 * 1024
        await socket.send(text)
        assert await close_code(socket) == 1009


async def test_the_socket_closes_with_4403_when_the_token_is_over() -> None:
    with served(replace(OPEN, expiry_check_seconds=0.05)) as site:
        async with begun(site) as socket:
            # given
            assert (await ask(socket, subscribe(WAITING)))["type"] == "next"
            assert await ask(socket, PING) == {"type": "pong"}
            # when
            site.world.ahead = TOKEN_LIFE + timedelta(seconds=1)
            # then
            assert await close_code(socket) == 4403
        assert (site.world.open_streams, site.world.closed_streams, len(site.api.sockets)) == (0, 1, 0)


async def test_a_token_shown_in_the_init_is_over_too() -> None:
    with served(replace(OPEN, expiry_check_seconds=0.05)) as site:
        async with site.socket(None) as socket:
            assert await ask(socket, {**INIT, "payload": {"Authorization": "Bearer till"}}) == ACK
            site.world.ahead = TOKEN_LIFE + timedelta(seconds=1)
            assert await close_code(socket) == 4403


async def test_a_socket_has_ten_subscriptions_and_room_for_another_when_one_ends(site: Site) -> None:
    streams = site.world.closed_streams
    async with begun(site) as socket:
        for number in range(10):
            assert (await ask(socket, subscribe(WAITING, str(number))))["type"] == "next"
        # when
        eleventh = await ask(socket, subscribe(WAITING, "10"))
        await send(socket, {"type": "complete", "id": "0"})
        await until_closed(site, streams + 1)
        again = await ask(socket, subscribe(WAITING, "10"))
        # then
        assert (eleventh["type"], eleventh["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")
        assert again["type"] == "next"
    await until_closed(site, streams + 11)


async def test_completing_what_is_not_there_is_nothing(site: Site) -> None:
    async with begun(site) as socket:
        await send(socket, {"type": "complete", "id": "nobody"})
        assert await ask(socket, PING) == {"type": "pong"}


async def test_a_viewer_has_so_many_sockets_and_no_more() -> None:
    with served(replace(OPEN, sockets_a_viewer=2)) as site:
        async with begun(site) as _, begun(site) as second, begun(site, "customer-2"), begun(site, None):
            # when
            async with site.socket() as third:
                await send(third, INIT)
                assert await close_code(third) == 4429
            await second.close()
            await closed_sockets(site, 3)
            # then
            async with begun(site):
                assert len(site.api.sockets) == 4
        await closed_sockets(site, 0)


async def closed_sockets(site: Site, left: int) -> None:
    await until(lambda: len(site.api.sockets) <= left)


async def test_generators_are_closed_when_the_client_goes_away(site: Site) -> None:
    streams = site.world.closed_streams
    async with begun(site) as socket:
        for number in range(3):
            assert (await ask(socket, subscribe(WAITING, str(number))))["type"] == "next"
    await until_closed(site, streams + 3)
    assert site.world.open_streams == 0


async def test_a_client_that_vanishes_in_the_middle_of_events_leaves_nothing_behind(site: Site) -> None:
    async with begun(site) as socket:
        assert (await ask(socket, subscribe("subscription { ticking }")))["type"] == "next"
        socket.transport.abort()
    await closed_sockets(site, 0)


async def test_many_subscriptions_leave_nothing_behind(site: Site) -> None:
    streams = site.world.closed_streams
    async with begun(site) as socket:
        for _ in range(200):
            assert (await ask(socket, subscribe(WAITING)))["type"] == "next"
            await send(socket, {"type": "complete", "id": "1"})
        await until_closed(site, streams + 200)
        assert site.world.open_streams == 0
    await closed_sockets(site, 0)


async def test_http_goes_on_while_sockets_are_open(site: Site, client: httpx.Client) -> None:
    async with begun(site) as socket:
        await send(socket, subscribe("subscription { ticking }"))
        answer = await asyncio.to_thread(client.post, "/graphql", json={"query": "{ __typename }"})
        assert answer.status_code == 200
