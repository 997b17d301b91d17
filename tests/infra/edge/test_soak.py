"""Long runs with figures: random documents, bodies and messages; memory; time."""

import asyncio
import gc
import json
import statistics
import sys
from collections import Counter
from time import perf_counter, process_time

import httpx
import psutil
import pytest
from graphql import GraphQLUnionType, get_named_type, is_composite_type
from graphql.type import GraphQLCompositeType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.infra.edge.shop import SCHEMA, Context, World
from tests.infra.edge.site import Site, api_of, app_of, served
from tests.infra.edge.talk import INIT, PING, ask, begun, close_code, send, subscribe
from tests.infra.edge.test_malformed_http import FRAGMENT_BOMB
from tests.infra.edge.test_plans import HISTORY, by_plan, by_stock, engine_of
from tests.infra.edge.wire import RESPONSE_JSON, request, say

pytestmark = pytest.mark.soak

BODIES = 5_000
MESSAGES = 500
SUBSCRIPTIONS = 10_000
CLOSE_CODES = {4400, 4401, 4403, 4409, 4429, 1009}

texts = st.text(max_size=8)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=10,
)
LITERALS = {
    "Int": ["0", "1", "5", "100", "101", "-1", "null", "$n", "1.5", "9" * 400, '"1"'],
    "String": ['"a"', '""', '"""b"""', '"\\u0000"', '"\\u{1F600}"', "$t", "null", "5", '"\\ud800"'],
    "ID": ['"entry-7"', "5", "$t", "null", "{}"],
    "Filter": ["{}", "{text: $t}", "{either: [{}, {either: []}]}", "{nope: 1}", "null", "[]"],
    "Reference": ['{id: "1"}', '{code: "c"}', "{}", '{id: "1", code: "2"}', "{id: null}", "{code: $t}"],
}
QUIET_FIELDS = {"boom", "mustNotBoom", "nothing", "tooBig", "halves", "slow"}
"""Those that fail or wait on purpose are left out: every INTERNAL is then a fault of ours."""
CORE = SCHEMA._schema


@st.composite
def selections(draw: st.DrawFn, type_: GraphQLCompositeType, depth: int) -> str:
    """What can be selected of the type, mostly rightly."""
    fields = sorted(set(type_.fields) - QUIET_FIELDS) if not isinstance(type_, GraphQLUnionType) else []
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["field"] * 8 + ["typename", "inline", "spread", "nope"]))
        condition = draw(st.sampled_from(["", "", "", "@skip(if: false)", "@include(if: $b)", "@skip", "@nope"]))
        if kind == "field" and fields:
            name = draw(st.sampled_from(fields))
            found = type_.fields[name]  # type: ignore[union-attr]  # a union has no fields, and comes by another way
            given = {}
            for argument, definition in found.args.items():
                if draw(st.booleans()) or draw(st.booleans()):
                    values = LITERALS[str(get_named_type(definition.type))]
                    given[argument] = draw(st.sampled_from(values[:2] if draw(st.booleans()) else values))
            said = "(" + " ".join(f"{key}: {value}" for key, value in given.items()) + ")" if given else ""
            result = get_named_type(found.type)
            inner = draw(selections(result, depth + 1)) if is_composite_type(result) and depth < 11 else ""
            alias = draw(st.sampled_from(["", "", "", "a: ", "b: ", "id: "]))
            parts.append(f"{alias}{name}{said} {condition} {inner}")
        elif kind == "inline" and depth < 11:
            on = draw(st.sampled_from(["", f"on {type_.name}", "on Node", "on Entry", "on Nope"]))
            parts.append(f"... {on} {condition} {draw(selections(type_, depth + 1))}")
        elif kind == "spread":
            parts.append(f"...{draw(st.sampled_from('FG'))} {condition}")
        else:
            parts.append("nope" if kind == "nope" else f"__typename {condition}")
    return "{ " + " ".join(parts) + " }"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document that is often valid, with the fragments that it spreads."""
    operation = draw(st.sampled_from(["query"] * 6 + ["mutation", "subscription"]))
    root = {"query": CORE.query_type, "mutation": CORE.mutation_type, "subscription": CORE.subscription_type}[operation]
    assert root is not None
    body = draw(selections(root, 0))
    for name in "FG":
        if f"...{name}" in body and draw(st.integers(0, 5)):
            on = CORE.type_map[draw(st.sampled_from(["Query", "Customer", "Card", "Entry", "Node", "EntryConnection"]))]
            assert is_composite_type(on)
            body += f" fragment {name} on {on.name} {draw(selections(on, 3))}"
    used = [
        f"${name}: {type_}" for name, type_ in (("n", "Int"), ("t", "String!"), ("b", "Boolean!")) if f"${name}" in body
    ]
    declared = "(" + " ".join(used) + ")" if used else ""
    return f"{operation} Q{declared} {body}"


variables = st.one_of(
    st.fixed_dictionaries({"n": st.integers(-2, 120), "t": texts, "b": st.booleans()}),
    st.dictionaries(st.sampled_from(["n", "t", "b", "x"]), json_values, max_size=4),
    json_values,
)
bodies = st.one_of(
    st.fixed_dictionaries({"query": documents(), "variables": variables}),
    st.fixed_dictionaries({"query": documents(), "variables": variables}, optional={"operationName": texts}),
    st.fixed_dictionaries({"query": st.text(max_size=40)}),
    json_values,
)


def report(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")


def mangled(body: bytes, at: int, put: bytes) -> bytes:
    place = at % (len(body) + 1)
    return body[:place] + put + body[place + len(put) % 3 :]


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()


subscriptions = documents().map(lambda text: as_json(subscribe(text)))
wires = st.one_of(
    bodies.map(as_json),
    bodies.map(as_json),
    st.builds(mangled, bodies.map(as_json), st.integers(0, 10**6), st.binary(max_size=4)),
    st.binary(max_size=60),
)


def test_random_bodies_never_get_a_5xx_nor_a_fault() -> None:
    statuses: Counter[tuple[int, str]] = Counter()
    milliseconds: list[float] = []
    api = api_of(World())
    app = app_of(api)

    @settings(max_examples=BODIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(body=wires, accept=st.sampled_from([RESPONSE_JSON, "application/json"]))
    def one(body: bytes, accept: str) -> None:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
                headers = {"Content-Type": "application/json", "Accept": accept}
                return await client.post("/graphql", content=body, headers=headers)

        started = process_time()
        response = asyncio.run(go())
        milliseconds.append((process_time() - started) * 1000)
        answer = response.json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        statuses[response.status_code, ",".join(sorted(codes))] += 1
        assert response.status_code in {200, 400}
        assert "INTERNAL" not in codes

    one()
    p99 = statistics.quantiles(milliseconds, n=100)[98]
    report(f"random bodies: {statuses.total():,}; 99 % of them within {p99:.0f} ms of CPU")
    for (status, codes), count in statuses.most_common():
        report(f"  {status} {codes or 'no errors'}: {count:,}")


async def test_random_messages_close_with_a_code_of_the_protocol() -> None:
    found: Counter[int | str] = Counter()
    with served() as site:

        @settings(max_examples=MESSAGES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(
            messages=st.lists(
                st.one_of(
                    st.sampled_from([as_json(INIT), as_json(PING)]),
                    subscriptions,
                    st.builds(mangled, subscriptions, st.integers(0, 10**6), st.binary(max_size=3)),
                    json_values.map(as_json),
                ),
                max_size=5,
            )
        )
        def one(messages: list[bytes]) -> None:
            found[asyncio.run(outcome(site, messages))] += 1

        await asyncio.to_thread(one)
        async with begun(site) as socket:
            assert await ask(socket, PING) == {"type": "pong"}
    report(f"random conversations: {found.total():,}; how they ended: {dict(found)}")
    assert set(found) <= {*CLOSE_CODES, "open"}


async def outcome(site: Site, messages: list[bytes]) -> int | str:
    """How the server ends the conversation; "open" if it has no reason to."""
    async with site.socket() as socket:
        try:
            await send(socket, INIT)
            for message in messages:
                await socket.send(message.decode("utf-8", "replace"))
            await socket.send(as_json({"type": "ping", "payload": {"last": True}}).decode())
            while True:
                answer = json.loads(await asyncio.wait_for(socket.recv(), 5))
                if answer["type"] == "pong" and not socket.protocol.close_rcvd:
                    return "open"
        except Exception:
            return await close_code(socket)


async def test_subscribing_and_ending_takes_no_memory() -> None:
    process = psutil.Process()
    with served() as site:

        async def round_of(count: int) -> None:
            async with begun(site) as socket:
                for _ in range(count):
                    await ask(socket, subscribe("subscription { waiting }"))
                    await send(socket, {"type": "complete", "id": "1"})
                assert await ask(socket, PING) is not None

        await round_of(1_000)
        gc.collect()
        before = process.memory_info().rss
        started = perf_counter()
        await round_of(SUBSCRIPTIONS)
        seconds = perf_counter() - started
        gc.collect()
        growth = process.memory_info().rss / before - 1
        assert site.world.open_streams == 0
    report(
        f"{SUBSCRIPTIONS:,} subscriptions begun and ended: {growth:+.1%} of memory, {SUBSCRIPTIONS / seconds:,.0f}/s"
    )
    assert growth < 0.05


def test_the_fragment_bomb_is_answered_at_once() -> None:
    with served() as site, site.raw() as connection:
        body = json.dumps({"query": FRAGMENT_BOMB}).encode()
        times = []
        for _ in range(50):
            started = perf_counter()
            reply = say(connection, request(body))
            times.append((perf_counter() - started) * 1000)
            assert (reply.status, set(reply.codes)) == (400, {"QUERY_TOO_COMPLEX"})
    report(f"fragment bomb of 90 levels: median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms")


async def test_what_the_short_way_gains() -> None:
    engine = engine_of(SCHEMA)
    context = Context(World(), None, 1)  # type: ignore[arg-type]  # nobody asks who it is
    for name, way in (("stock", by_stock), ("short", by_plan)):
        times = []
        for _ in range(100):
            started = perf_counter()
            await way(engine, HISTORY, context)
            times.append((perf_counter() - started) * 1000)
        report(f"two pages of 50 × 8 fields, {name}: median {statistics.median(times):.2f} ms")
