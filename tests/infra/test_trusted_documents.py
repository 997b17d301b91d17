"""The whole application with the settings of production: it executes what it knows, over HTTP and on a socket."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.demo import documents as demo
from tests.database import Database
from tests.infra.edge import talk
from tests.infra.edge.wire import RESPONSE_JSON
from tests.journeys import Scene, basket, member, new_key, open_shop, opened, show_code, signed_in, till
from tests.proofs.sockets import CARD_CHANGED, changes, connected, until_watched
from web.documents import id_of

CARDS = "query Cards { viewer { cards { id number } } }"
REQUEST_CODE = (files("web.static") / "documents" / "requestSignInCode.graphql").read_text("utf-8")


@pytest.fixture
async def scene(database: Database, tmp_path: Path) -> AsyncIterator[Scene]:
    """In production, with two documents of an app's and two of a till's."""
    ours = {"customer": [CARDS, CARD_CHANGED], "pos": [demo.SCAN, demo.CHECKOUT]}
    for audience, texts in ours.items():
        (tmp_path / audience).mkdir()
        for number, text in enumerate(texts):
            (tmp_path / audience / f"{number}.graphql").write_bytes(text.encode())
    async with opened(database, environment_name="production", documents_folder=tmp_path) as found:
        yield found


async def say(
    scene: Scene, said: dict[str, Any], *, path: str = "/graphql", token: str | None = None
) -> httpx.Response:
    headers = {"Accept": RESPONSE_JSON, **({"Authorization": f"Bearer {token}"} if token else {})}
    return await scene.http.post(path, json=said, headers=headers)


def sold_to(code: str) -> dict[str, Any]:
    return {"sale": {**basket(), "customer": {"code": code}}, "idempotencyKey": new_key()}


async def code_of(scene: Scene, said: dict[str, Any], *, path: str = "/graphql", token: str | None = None) -> str:
    """The code of the one error with which all of it was refused, with a 400."""
    answer = await say(scene, said, path=path, token=token)
    body = answer.json()
    assert answer.status_code == 400, body
    assert "data" not in body
    [error] = body["errors"]
    code: str = error["extensions"]["code"]
    return code


async def test_documents_of_the_pages_are_executed_by_id_and_by_text(scene: Scene) -> None:
    variables = {"input": {"email": "asha@example.com"}}

    by_id = await say(scene, {"documentId": id_of(REQUEST_CODE), "variables": variables})
    by_text = await say(scene, {"query": REQUEST_CODE, "variables": variables})

    for answer in (by_id, by_text):
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["requestSignInCode"]["__typename"] == "SignInCodeRequested"


async def test_documents_of_the_operator_are_executed_by_post_and_get(scene: Scene) -> None:
    # given
    owner = await member(scene, await open_shop(scene))
    # when
    posted = await say(scene, {"documentId": id_of(CARDS)}, token=owner.app.token)
    got = await scene.http.get(
        "/graphql", params={"documentId": id_of(CARDS)}, headers={"Authorization": f"Bearer {owner.app.token}"}
    )
    # then
    for answer in (posted, got):
        assert answer.status_code == 200, answer.text
        assert [card["id"] for card in answer.json()["data"]["viewer"]["cards"]] == [owner.card]


async def test_other_text_is_refused_and_does_nothing(scene: Scene) -> None:
    # given
    shop = await open_shop(scene)
    person = await signed_in(scene)
    # when
    joining = {"query": demo.JOIN, "variables": {"input": {"programSlug": shop.slug}}}
    refused = [
        await code_of(scene, said, token=person.app.token)
        for said in (joining, {**joining, "documentId": id_of(demo.JOIN)}, {"query": CARDS + " "}, {"query": "{"})
    ]
    # then
    assert refused == ["DOCUMENT_NOT_TRUSTED"] * 4
    cards = await say(scene, {"documentId": id_of(CARDS)}, token=person.app.token)
    assert cards.json() == {"data": {"viewer": {"cards": []}}}


async def test_schema_is_told_to_nobody(scene: Scene) -> None:
    for path in ("/graphql", "/pos/graphql"):
        said = {"query": "{ __schema { types { name } } }"}
        assert await code_of(scene, said, path=path) == "DOCUMENT_NOT_TRUSTED"


async def test_each_api_knows_its_own_documents(scene: Scene) -> None:
    at_customers = await code_of(scene, {"documentId": id_of(demo.SCAN)})
    at_tills = await code_of(scene, {"documentId": id_of(CARDS)}, path="/pos/graphql")

    assert (at_customers, at_tills) == ("PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND")


async def test_phone_hears_over_a_socket_what_a_till_sells_by_ids_alone(scene: Scene) -> None:
    # given
    shop = await open_shop(scene)
    owner, at = await member(scene, shop), await till(scene, shop)
    async with connected(scene, owner.app.token) as socket:
        payload = {"documentId": id_of(CARD_CHANGED), "variables": {"id": owner.card}}
        await talk.send(socket, {"type": "subscribe", "id": "1", "payload": payload})
        await until_watched(scene, 1)
        # when
        sold = await say(
            scene,
            {"documentId": id_of(demo.CHECKOUT), "variables": {"input": sold_to(await show_code(scene, owner))}},
            path="/pos/graphql",
            token=at.pos.token,
        )
        # then
        recorded = sold.json()["data"]["checkout"]
        assert recorded["__typename"] == "SaleRecorded", recorded
        [change] = await changes(socket, 1)
        assert change["card"]["revision"] == recorded["card"]["revision"]


async def test_socket_serves_no_other_subscription_and_stays_open(scene: Scene) -> None:
    owner = await member(scene, await open_shop(scene))
    async with connected(scene, owner.app.token) as socket:
        text = CARD_CHANGED.replace("reasons", "")
        for number, said in enumerate(({"query": text}, {"documentId": id_of(text)})):
            payload = {**said, "variables": {"id": owner.card}}
            message = await talk.ask(socket, {"type": "subscribe", "id": str(number), "payload": payload})
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] in {"DOCUMENT_NOT_TRUSTED", "PERSISTED_QUERY_NOT_FOUND"}
        assert await talk.ask(socket, talk.PING) == {"type": "pong"}
