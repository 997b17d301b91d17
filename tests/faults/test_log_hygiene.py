"""Nothing that would help a thief, and nobody's address, is ever in the log."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from auth import terminals
from infra.demo import documents as demo
from infra.demo.shop import REFUSED_EMAIL
from infra.demo.walkthrough import Walk
from tests import journeys
from tests.database import Database
from tests.factories import make_points
from tests.faults.processes import Api, api, settings_of, stop
from tests.faults.relays import TalkativeRelay, listening
from tests.faults.shop import scene_of
from tests.journeys import MAILED_CODE, MAILED_LINK, Scene
from tests.live import SECRET
from wallet import stores

EMAIL = "maria.secret@example.com"
UNREACHABLE = "nobody.secret@example.com"
SECRET_NAMES = {"accessToken", "refreshToken", "token", "code", "shortCode", "activationCode", "qrSvg"}
SECRET_NAMES |= {"email", "recipientEmail", "correctedEmail"}
SECRET_FORMS = (
    re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    re.compile(r"\beyJ[\w-]+\."),
    re.compile(r"\b[Bb]earer\s+\S"),
    re.compile(r"\b9\d{217}\b"),
    re.compile(r"postgres(ql)?://"),
)


SECRETS_MIN = 20
SHORT_MAX = 12
"""So long are the codes that people read and type. Nobody takes them for a part of an address."""
CHANGES = "subscription ($card: ID!) { cardChanged(cardId: $card) { card { revision } } }"
WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("query ($a: String!) { gift(token: $a) { points } program(slug: $a) { name } node(id: $a) { id } }", {}),
    ("query ($a: ID!) { node(id: $a) { id } sale(receiptNumber: $a) { id } nothing(of: $a) }", {}),
    ("mutation ($a: String!) { refreshSession(input: {refreshToken: $a}) { __typename } }", {}),
    ("mutation ($a: String!) { refreshTerminalSession(input: {refreshToken: $a}) { __typename } }", {}),
    ("mutation ($a: String!) { activateTerminal(input: {activationCode: $a, deviceName: $a}) { __typename } }", {}),
    ("mutation ($a: String!) { requestSignInCode(input: {email: $a}) { __typename } }", {}),
    ('mutation ($a: ID!) { signIn(input: {attemptId: $a, code: "123456", deviceName: "x"}) { __typename } }', {}),
    ("mutation ($a: String!) { confirmEmail(input: {token: $a}) { __typename } }", {}),
    ("mutation ($i: SignInInput!) { signIn(input: $i) { __typename } }", {"i": {"code": EMAIL}}),
    ("query ($a: Int!) { viewer(a: $a) { email } }", {}),
)


class Witness(httpx.BaseTransport):
    """Passes on what the walk says, plays the demo's pages for it, and remembers every secret that it sees."""

    def __init__(self, facts: dict[str, Any], relay: TalkativeRelay) -> None:
        self._facts = facts
        self._relay = relay
        self._wire = httpx.HTTPTransport()
        self.secrets: set[str] = set(secrets_in(facts))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/demo.json":
            return httpx.Response(200, json=self._facts)
        if request.url.path == "/demo/mailbox.json":
            mails = [{"to": m.to, "subject": m.subject, "text": m.text} for m in self._relay.messages]
            return httpx.Response(200, json=mails)
        response = self._wire.handle_request(request)
        response.read()
        self.secrets |= {value for name, value in request.headers.items() if name == "authorization"}
        for body in (request.content, response.content):
            if body.startswith(b"{"):
                self.secrets |= set(secrets_in(json.loads(body)))
        return response

    def close(self) -> None:
        self._wire.close()


async def test_log_of_a_whole_day_names_nobody_and_gives_nothing_away(database: Database, tmp_path: Path) -> None:
    async with listening(TalkativeRelay()) as relay:
        relay.unknown |= {UNREACHABLE, REFUSED_EMAIL}
        settings = settings_of(database, smtp_port=relay.port)
        async with api(settings, tmp_path, "--with-worker") as served, scene_of(database, served.base_url) as scene:
            # given a day on which everything is done, and much of what can go wrong does
            witness = Witness(await facts_of(scene), relay)
            with httpx.Client(base_url=served.base_url, transport=witness, timeout=30) as http:
                await asyncio.to_thread(Walk(http, lambda _: None).all)
                await asyncio.to_thread(stumble, http, [s for s in sorted(witness.secrets) if len(s) > SHORT_MAX])
            witness.secrets |= await watch(scene)
            await send_to_nobody(scene, served)
            await stop(served.running)
        log, mails = served.running.said(), relay.messages

    # then every line is a JSON object, and none holds a secret, what has the form of one, or an address
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert events >= {"serving", "request", "job.done", "mail.refused", "graphql.subscribed"}
    secrets = witness.secrets | {SECRET, urlsplit(database.dsn).password, urlsplit(database.owner_dsn).password}
    secrets |= {EMAIL, UNREACHABLE, *(mail.to for mail in mails)}
    secrets |= {secret for mail in mails for form in (MAILED_CODE, MAILED_LINK) for secret in form.findall(mail.text)}
    assert len(secrets) >= SECRETS_MIN
    assert [secret for secret in secrets if secret and stands_in(secret, log)] == []
    assert [form.pattern for form in SECRET_FORMS if form.search(log)] == []


def stands_in(secret: str, log: str) -> bool:
    """Whether the log holds the secret, as a word of its own: six digits are also part of many a number."""
    return re.search(rf"(?<![\w.]){re.escape(secret)}(?!\w)", log) is not None


def secrets_in(said: object, name: str = "") -> Iterator[str]:
    """Every text that a JSON body gives a name that secrets have; the code of an error is none."""
    if isinstance(said, dict):
        for key in said.keys() - {"extensions"}:
            yield from secrets_in(said[key], key)
    elif isinstance(said, list):
        for value in said:
            yield from secrets_in(value, name)
    elif isinstance(said, str) and name in SECRET_NAMES:
        yield said


async def facts_of(scene: Scene) -> dict[str, Any]:
    """What the demo would tell the walk of its shop."""
    shop = await journeys.open_shop(scene)
    runtime = scene.live.runtime
    async with runtime.pool.acquire() as conn, conn.transaction():
        terminal_id = await stores.create_terminal(
            conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name="Till", now=scene.now
        )
        code = await terminals.new_activation_code(
            conn, box=runtime.box, merchant_id=shop.merchant_id, terminal_id=terminal_id, now=scene.now
        )
    return {"programSlug": shop.slug, "customers": [{"email": EMAIL}], "activationCode": code}


def stumble(http: httpx.Client, secrets: list[str]) -> None:
    """Secrets and addresses where they do not belong: whoever cannot understand a request may want to log it."""
    for secret in secrets[::4]:
        header = {"Authorization": f"Bearer {secret}", "User-Agent": secret, "Referer": secret}
        for path in (
            f"/g/{secret}",
            f"/g/{secret}/stop",
            f"/confirm/{secret}",
            f"/{secret}",
            f"/graphql?query={secret}",
        ):
            http.get(path, headers=header)
        for path in ("/graphql", "/pos/graphql"):
            for body in (
                secret,
                json.dumps(secret),
                json.dumps({"query": secret}),
                json.dumps({"query": "{a}", "x": secret}),
            ):
                http.post(path, content=body, headers={"Content-Type": "application/json"})
            for document, given in WRONG:
                http.post(path, json={"query": document, "variables": {"a": secret, **given}, "operationName": secret})
                http.post(path, json={"query": document, "variables": {"a": secret, **given}})


async def watch(scene: Scene) -> set[str]:
    """A socket shows its token, is told of a change of a card, and says what nobody understands. Returns the token."""
    shop = await journeys.open_shop(scene)
    member = await journeys.member(scene, shop)
    token = member.person.tokens.access.text
    async with connect(
        scene.live.base_url.replace("http:", "ws:") + "/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        await socket.recv()
        subscription = {"query": CHANGES, "variables": {"card": member.card}, "extensions": {"token": token}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": subscription}))
        # Once it hears of a change it listens; until then one may be too early for it.
        async with asyncio.timeout(30):
            async with scene.live.runtime.pool.acquire() as conn:
                await make_points(conn, shop, member.card_id, 5, now=scene.now)
            await socket.recv()
        await socket.send(json.dumps({"type": token, "email": EMAIL}))
        await socket.wait_closed()
    return {token}


async def send_to_nobody(scene: Scene, served: Api) -> None:
    """A gift's mail is refused, in words that name the recipient."""
    sender = await journeys.member(scene, await journeys.open_shop(scene), points=10)
    sent = await sender.app.do(demo.SEND_GIFT, journeys.gift_of(sender, 5, to=UNREACHABLE))
    assert sent["__typename"] == "GiftSent"
    await served.running.event("mail.refused")
