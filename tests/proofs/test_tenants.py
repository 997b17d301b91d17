"""Nobody reads or changes what is somebody else's: every root field and every type of node, by every kind of caller."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLInterfaceType, GraphQLSchema
from websockets.exceptions import ConnectionClosed

from infra.edge.messages import NOT_ALLOWED
from resolvers.root_customer import customer_schema
from resolvers.root_pos import pos_schema
from tests.database import MigratedServer
from tests.infra.edge import talk
from tests.journeys import opened, phone_of
from tests.live import Caller
from tests.proofs import documents as say
from tests.proofs.conftest import StandingClock
from tests.proofs.matrix import CUSTOMERS, DATA, NULL, TILLS, UNAUTHENTICATED, Row
from tests.proofs.racing import everything
from tests.proofs.sockets import connected, refusal_in, until_watched
from tests.proofs.tenants import OWN_TILL, OWNER, SIGNED_OUT, World, build, things

SCHEMAS: dict[str, tuple[GraphQLSchema, Sequence[Row]]] = {
    "customers": (customer_schema._schema, CUSTOMERS),
    "tills": (pos_schema._schema, TILLS),
}
CASES = [(api, row) for api, (_, rows) in SCHEMAS.items() for row in rows]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server: MigratedServer) -> AsyncIterator[World]:
    """One for all rows: each of them has things of its own."""
    async with server.clone() as database, opened(database, clock=StandingClock(), payments="builtin") as scene:
        yield await build(scene)


def refusals(schema: GraphQLSchema) -> set[str]:
    """The types that tell a person that something was not done."""
    error = schema.get_type("UserError")
    assert isinstance(error, GraphQLInterfaceType)
    return {kind.name for kind in schema.get_possible_types(error)}


REFUSALS = set().union(*(refusals(schema) for schema, _ in SCHEMAS.values()))


# ---------------------------------------------------------------- none is forgotten


@pytest.mark.parametrize("api", SCHEMAS)
def test_every_root_field_has_its_row(api: str) -> None:
    schema, rows = SCHEMAS[api]
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    fields = {f"{root.name}.{name}" for root in roots if root for name in root.fields}
    assert {row.field for row in rows} == fields


@pytest.mark.parametrize("api", SCHEMAS)
def test_every_type_of_node_has_its_row_in_both_apis(api: str) -> None:
    nodes = set()
    for schema, _ in SCHEMAS.values():
        node = schema.get_type("Node")
        assert isinstance(node, GraphQLInterfaceType)
        nodes |= {kind.name for kind in schema.get_possible_types(node)}
    assert {row.about for row in SCHEMAS[api][1] if row.field == "Query.node"} == nodes


# ---------------------------------------------------------------- the matrix

COUNTED = {"rate_limits", "sign_in_attempts", "look_ups"}
"""Where it is noted that somebody tried."""


@pytest.mark.parametrize(("api", "row"), CASES, ids=[f"{api}: {row.field}, {row.about}" for api, row in CASES])
@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_is_answered_what_is_not_theirs(world: World, api: str, row: Row) -> None:
    # given
    callers = dict(world.customers if api == "customers" else world.tills)
    theirs = OWNER if api == "customers" else OWN_TILL
    owner, given = callers.pop(theirs), row.given(await things(world))
    refused = {name: caller for name, caller in callers.items() if row.answer_to(name) != DATA}
    served = {name: caller for name, caller in callers.items() if name not in refused}
    profile = await world.owner.app.ask(say.HOME)
    # when: everybody else asks, those first who must be refused
    for some, writes in ((refused, row.writes & COUNTED), (served, row.writes)):
        before = await everything(world.scene, but=[*writes])
        told = {name: await answer_to(world, caller, row, given) for name, caller in some.items()}
        # then: they learn nothing, and nothing changes but what is counted, or their own
        assert {name: answer for name, (answer, _) in told.items()} == {name: row.answer_to(name) for name in some}
        leaks = {name: secrets_in(world, text) - row.shows for name, (_, text) in told.items()}
        assert {name: found for name, found in leaks.items() if found} == {}
        assert await everything(world.scene, but=[*writes]) == before
    if "cards" not in row.writes:
        assert await world.owner.app.ask(say.HOME) == profile
    # and whose it is gets it, so it was there to be had
    assert (await answer_to(world, owner, row, given))[0] == row.answer_to(theirs)


def secrets_in(world: World, text: str) -> set[str]:
    return {what for what, secret in world.secrets.items() if secret in text}


async def answer_to(world: World, caller: Caller, row: Row, given: dict[str, Any]) -> tuple[str, str]:
    """What the caller is answered, in a word and in full."""
    if row.field.startswith("Subscription."):
        return await heard_by(world, caller, row, given)
    response = await caller.post(row.document, given)
    return in_a_word(response), response.text


def in_a_word(response: httpx.Response) -> str:
    body = response.json()
    if "errors" in body:
        [error] = body["errors"]
        assert not any((body.get("data") or {}).values())
        assert (response.status_code == 401) <= (error["extensions"]["code"] == UNAUTHENTICATED)
        return str(error["extensions"]["code"])
    [value] = body["data"].values()
    if isinstance(value, list):
        return DATA if value else NULL
    if value is not None and "results" in value:
        [value] = value["results"]
    if value is None:
        return NULL
    return str(value["__typename"]) if value.get("__typename") in REFUSALS else DATA


async def heard_by(world: World, caller: Caller, row: Row, given: dict[str, Any]) -> tuple[str, str]:
    """The same for a subscription: DATA if it begins."""
    try:
        async with connected(world.scene, caller.token, path=caller.path) as socket:
            await talk.send(socket, talk.subscribe(row.document, variables=given))
            begun = asyncio.create_task(until_watched(world.scene, 1))
            told = asyncio.create_task(talk.receive(socket))
            done, late = await asyncio.wait({begun, told}, return_when=asyncio.FIRST_COMPLETED)
            for task in late:
                task.cancel()
            return (refusal_in(told.result()) or DATA if told in done else DATA), ""
    except ConnectionClosed as closed:
        return (UNAUTHENTICATED if closed.rcvd and closed.rcvd.code == NOT_ALLOWED else str(closed)), ""


# ---------------------------------------------------------------- one's own, signed out


@pytest.mark.parametrize("row", CUSTOMERS, ids=[f"{row.field}, {row.about}" for row in CUSTOMERS])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_device_that_was_signed_out_is_answered_like_a_stranger(world: World, row: Row) -> None:
    # given
    phone = await phone_of(world.scene, world.owner.person.customer_id, world.owner.person.email)
    await phone.app.ask(say.SIGN_OUT)
    given = row.given(await things(world))
    before = await everything(world.scene, but=[*row.writes])
    # when
    answer, text = await answer_to(world, phone.app, row, given)
    # then
    assert answer == row.answer_to(SIGNED_OUT)
    assert secrets_in(world, text) <= row.shows
    assert await everything(world.scene, but=[*row.writes]) == before
