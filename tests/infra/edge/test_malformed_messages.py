"""Whatever comes over a socket, it is closed with the code that the protocol has for it, and the server stays up."""

import json

import pytest

from tests.infra.edge.site import Site
from tests.infra.edge.talk import INIT, PING, ask, begun, close_code, subscribe

GOOD_QUERY = "subscription { waiting }"
GOOD = subscribe(GOOD_QUERY)

NO_MESSAGES: dict[str, str | bytes] = {
    "nothing": "",
    "space": " ",
    "word": "hello",
    "null": "null",
    "true": "true",
    "number": "1",
    "fraction": "1.5",
    "nan": "NaN",
    "infinity": "Infinity",
    "text": '"ping"',
    "list": "[]",
    "list-of-messages": '[{"type":"ping"}]',
    "open-object": "{",
    "open-list": "[",
    "two-messages": '{"type":"ping"}{"type":"ping"}',
    "comma-behind": '{"type":"ping",}',
    "single-quotes": "{'type':'ping'}",
    "half-pair": '{"type":"ping","payload":{"a":"\\ud800"}}',
    "int-of-5000-digits": '{"type":"ping","payload":{"a":' + "9" * 5_000 + "}}",
    "lists-30000-deep": "[" * 30_000,
    "objects-5000-deep": '{"type":' * 5_000,
    "binary": b'{"type":"ping"}',
    "binary-zeros": b"\x00" * 100,
    "empty-binary": b"",
    "nul": "\x00",
    "byte-order-mark": '\ufeff{"type":"ping"}',
    "empty-object": "{}",
    "no-type": '{"id":"1"}',
    "null-type": '{"type":null}',
    "number-type": '{"type":1}',
    "list-type": '{"type":["ping"]}',
    "object-type": '{"type":{"ping":1}}',
    "empty-type": '{"type":""}',
    "upper-case-type": '{"type":"PING"}',
    "unknown-type": '{"type":"hello"}',
    "long-type": '{"type":"' + "x" * 10_000 + '"}',
    "type-of-the-server-ack": '{"type":"connection_ack"}',
    "type-of-the-server-next": '{"type":"next","id":"1","payload":{}}',
    "type-of-the-server-error": '{"type":"error","id":"1","payload":[]}',
    "type-of-the-old-protocol-start": '{"type":"start","id":"1","payload":{"query":"{ __typename }"}}',
    "type-of-the-old-protocol-stop": '{"type":"stop","id":"1"}',
    "type-of-the-old-protocol-terminate": '{"type":"connection_terminate"}',
    "ping-with-text": '{"type":"ping","payload":"a"}',
    "ping-with-list": '{"type":"ping","payload":[]}',
    "pong-with-number": '{"type":"pong","payload":1}',
    "pong-with-false": '{"type":"pong","payload":false}',
    "init-with-text": '{"type":"connection_init","payload":"a"}',
    "init-with-list": '{"type":"connection_init","payload":[]}',
    "init-with-zero": '{"type":"connection_init","payload":0}',
    "complete-without-id": '{"type":"complete"}',
    "complete-with-null": '{"type":"complete","id":null}',
    "complete-with-number": '{"type":"complete","id":1}',
    "complete-with-list": '{"type":"complete","id":[]}',
    "complete-with-empty-id": '{"type":"complete","id":""}',
}

BAD_SUBSCRIPTIONS: dict[str, object] = {
    "alone": {"type": "subscribe"},
    "without-id": {"type": "subscribe", "payload": {"query": GOOD_QUERY}},
    "null-id": {**GOOD, "id": None},
    "number-id": {**GOOD, "id": 1},
    "true-id": {**GOOD, "id": True},
    "list-id": {**GOOD, "id": ["1"]},
    "object-id": {**GOOD, "id": {"a": 1}},
    "empty-id": {**GOOD, "id": ""},
    "long-id": {**GOOD, "id": "x" * 101},
    "without-payload": {"type": "subscribe", "id": "1"},
    "null-payload": {**GOOD, "payload": None},
    "text-payload": {**GOOD, "payload": GOOD_QUERY},
    "list-payload": {**GOOD, "payload": [GOOD_QUERY]},
    "number-payload": {**GOOD, "payload": 1},
    "empty-payload": {**GOOD, "payload": {}},
    "null-query": {**GOOD, "payload": {"query": None}},
    "number-query": {**GOOD, "payload": {"query": 1}},
    "list-query": {**GOOD, "payload": {"query": [GOOD_QUERY]}},
    "object-query": {**GOOD, "payload": {"query": {"a": 1}}},
    "number-operation-name": subscribe(GOOD_QUERY, operationName=1),
    "list-operation-name": subscribe(GOOD_QUERY, operationName=["a"]),
    "text-variables": subscribe(GOOD_QUERY, variables="{}"),
    "list-variables": subscribe(GOOD_QUERY, variables=[1]),
    "number-variables": subscribe(GOOD_QUERY, variables=1),
    "false-variables": subscribe(GOOD_QUERY, variables=False),
    "text-extensions": subscribe(GOOD_QUERY, extensions="x"),
    "list-extensions": subscribe(GOOD_QUERY, extensions=[]),
}

MESSAGES: dict[str, str | bytes] = {
    **NO_MESSAGES,
    **{f"subscribe-{name}": json.dumps(message) for name, message in BAD_SUBSCRIPTIONS.items()},
}


def test_the_table_of_messages_is_long() -> None:
    assert len(MESSAGES) >= 60


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
async def test_a_malformed_message_closes_the_socket_with_4400(site: Site, message: str | bytes) -> None:
    async with begun(site) as socket:
        await socket.send(message)
        assert await close_code(socket) == 4400
    async with begun(site) as socket:
        assert await ask(socket, PING) == {"type": "pong"}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
async def test_a_malformed_first_message_closes_the_socket_with_4400(site: Site, message: str | bytes) -> None:
    async with site.socket() as socket:
        await socket.send(message)
        assert await close_code(socket) == 4400


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"Authorization": None}, None),
        ({"authorization": "Bearer customer-1"}, None),
        ({"Authorization": "bearer customer-1"}, None),
        ({"Authorization": "Bearer  customer-1 "}, None),
        ({"other": {"a": [1]}}, None),
        ({"Authorization": "Bearer old"}, 4403),
        ({"Authorization": "Bearer "}, 4403),
        ({"Authorization": "Bearer"}, 4403),
        ({"Authorization": ""}, 4403),
        ({"Authorization": "customer-1"}, 4403),
        ({"Authorization": "Basic customer-1"}, 4403),
        ({"Authorization": "Bearer\x00customer-1"}, 4403),
        ({"Authorization": "Bearer " + "x" * 60_000}, 4403),
        ({"Authorization": 1}, 4400),
        ({"Authorization": True}, 4400),
        ({"Authorization": ["Bearer customer-1"]}, 4400),
        ({"Authorization": {"Bearer": "customer-1"}}, 4400),
    ],
)
async def test_the_token_of_an_init_lets_in_or_not(site: Site, payload: dict[str, object], code: int | None) -> None:
    async with site.socket(None) as socket:
        await socket.send(json.dumps({**INIT, "payload": payload}))
        if code is None:
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        else:
            assert await close_code(socket) == code
