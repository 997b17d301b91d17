"""What mail providers tell us over HTTP, signed: told twice, late, in the wrong order, by somebody else."""

import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from auth import links, standard_webhooks
from infra.mail.events import BODY_BYTES_MAX
from tests.database import Database
from tests.infra.working import until
from tests.live import Live, live_application
from tests.wallet.gifts.scenes import FRIEND, Scene, claim, events_of, make_scene, read, resend, send
from wallet.database import Conn
from wallet.gifts import DeliveryProblem, Gift
from wallet.mail import suppressions
from wallet.mail.suppressions import Suppression
from wallet.values import GiftStatus

OLD, NEW, OTHER = (bytes([n]) * 32 for n in (1, 2, 3))
BOTH = ",".join(f"whsec_{base64.b64encode(secret).decode()}" for secret in (OLD, NEW))


def signature(secret: bytes, body: bytes, *, message_id: str, timestamp: str) -> str:
    """The header, or a wrong one for what is no timestamp."""
    at = datetime.fromtimestamp(int(timestamp) if timestamp.isdigit() and len(timestamp) < 11 else 1, UTC)
    return standard_webhooks.signed(secret, body, message_id=message_id, now=at)["webhook-signature"]


@dataclass(slots=True)
class Provider:
    """A mail provider with a secret."""

    live: Live
    http: httpx.AsyncClient
    secret: bytes = NEW

    async def post(self, body: bytes, **changed: str | None) -> httpx.Response:
        at = str(int(self.live.clock().timestamp()))
        timestamp = changed.get("webhook-timestamp") or at
        message_id = f"msg_{uuid4().hex}"
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self.secret, body, message_id=message_id, timestamp=timestamp),
        } | changed
        return await self.http.post(
            "/mail/webhook", content=body, headers=[(k.encode(), v.encode()) for k, v in headers.items() if v]
        )

    async def tell(self, kind: str, **data: object) -> str:
        """What we answered with 200."""
        answer = await self.post(json.dumps({"type": kind, "timestamp": "2026-11-22", "data": data}).encode())
        assert answer.status_code == 200, answer.text
        said: str = answer.json()["said"]
        return said


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    async with live_application(database, mail_webhook_secret=BOTH, bounce_address="bounces@shop.example") as found:
        yield found


@pytest.fixture
async def provider(live: Live) -> AsyncIterator[Provider]:
    async with httpx.AsyncClient(base_url=live.base_url) as http:
        yield Provider(live, http)


async def mailed(conn: Conn, live: Live) -> tuple[Scene, Gift, str]:
    """A gift whose mail is in the friend's mailbox, and its Message-ID."""
    scene = await make_scene(conn, now=live.clock())
    gift = (await send(conn, scene, now=live.clock())).gift
    mail = await live.mailbox.wait_for(FRIEND)
    await until_it_is(conn, scene, gift, GiftStatus.SENT)
    return scene, gift, str(mail.message["Message-ID"])


async def status(conn: Conn, scene: Scene, gift: Gift) -> tuple[GiftStatus, DeliveryProblem | None]:
    gift = await read(conn, scene, gift)
    return gift.status, gift.problem


async def until_it_is(conn: Conn, scene: Scene, gift: Gift, wanted: GiftStatus) -> None:
    async def so() -> bool:
        return (await read(conn, scene, gift)).status is wanted

    await until(so)


async def reasons(conn: Conn, now: datetime) -> set[Suppression]:
    return set(await suppressions.of_mailbox(conn, email_hash=suppressions.hash_of(FRIEND), now=now))


async def test_mail_that_arrived_is_delivered_and_the_gift_says_so_once(
    conn: Conn, live: Live, provider: Provider
) -> None:
    scene, gift, message_id = await mailed(conn, live)

    assert [await provider.tell("mail.delivered", messageId=message_id) for _ in range(3)] == ["Taken in."] * 3

    assert await status(conn, scene, gift) == (GiftStatus.DELIVERED, None)
    assert await events_of(conn, gift) == ["CREATED", "SENT", "DELIVERED"]
    # and it can be claimed
    token = re.search(r"/g/(\S{43})\n", (await live.mailbox.wait_for(FRIEND)).text)
    assert token is not None
    link = links.hash_of(token[1])
    assert link is not None
    await claim(conn, link, customer_id=scene.friend, now=live.clock())
    await provider.tell("mail.delivered", messageId=message_id)
    await provider.tell("mail.bounced", messageId=message_id, bounce="soft")
    assert await status(conn, scene, gift) == (GiftStatus.CLAIMED, None)


@pytest.mark.parametrize("order", [("delivered", "bounced"), ("bounced", "delivered")])
async def test_mail_that_came_back_stays_so_in_whatever_order_it_is_told(
    conn: Conn, live: Live, provider: Provider, order: tuple[str, str]
) -> None:
    scene, gift, message_id = await mailed(conn, live)

    for kind in (*order, *order):
        await provider.tell(f"mail.{kind}", messageId=message_id, bounce="hard", status="5.1.1")

    assert await status(conn, scene, gift) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_UNKNOWN)
    assert (await events_of(conn, gift)).count("BOUNCED") == 1
    assert await reasons(conn, live.clock()) == {Suppression.BOUNCED}


@pytest.mark.parametrize(
    ("data", "problem", "suppressed"),
    [
        ({"bounce": "hard"}, DeliveryProblem.MAILBOX_UNKNOWN, {Suppression.BOUNCED}),
        ({"bounce": "hard", "status": "5.2.1"}, DeliveryProblem.MAILBOX_CLOSED, {Suppression.BOUNCED}),
        ({"bounce": "soft", "status": "4.2.2"}, DeliveryProblem.MAILBOX_FULL, set()),
        ({"bounce": "soft", "status": "nonsense"}, DeliveryProblem.UNREACHABLE, set()),
        ({}, DeliveryProblem.UNREACHABLE, set()),
    ],
)
async def test_bounce_is_told_in_words_and_a_hard_one_spares_the_mailbox(
    conn: Conn,
    live: Live,
    provider: Provider,
    data: dict[str, object],
    problem: DeliveryProblem,
    suppressed: set[Suppression],
) -> None:
    scene, gift, message_id = await mailed(conn, live)

    await provider.tell("mail.bounced", messageId=message_id.strip("<>"), **data)

    assert await status(conn, scene, gift) == (GiftStatus.BOUNCED, problem)
    assert await reasons(conn, live.clock()) == suppressed


async def test_mail_that_was_called_spam_is_the_last_and_its_sender_is_not_told_so(
    conn: Conn, live: Live, provider: Provider
) -> None:
    scene, gift, message_id = await mailed(conn, live)

    await provider.tell("mail.complained", messageId=message_id)

    assert await status(conn, scene, gift) == (GiftStatus.SENT, None)
    assert await reasons(conn, live.clock()) == {Suppression.COMPLAINED}
    again = (await resend(conn, gift, now=live.clock())).gift
    await until_it_is(conn, scene, again, GiftStatus.BOUNCED)
    assert await status(conn, scene, again) == (GiftStatus.BOUNCED, DeliveryProblem.UNWANTED)


async def test_what_the_operator_took_off_the_list_does_not_come_back_by_being_told_again(
    conn: Conn, live: Live, provider: Provider
) -> None:
    _, _, message_id = await mailed(conn, live)
    for kind in ("mail.bounced", "mail.complained"):
        await provider.tell(kind, messageId=message_id, bounce="hard")
    await suppressions.remove(conn, email_hash=suppressions.hash_of(FRIEND), reasons=list(Suppression))

    for kind in ("mail.bounced", "mail.complained"):
        assert await provider.tell(kind, messageId=message_id, bounce="hard") == "Taken in."

    assert await reasons(conn, live.clock()) == set()


async def test_mail_can_be_named_by_its_token_and_a_report_of_an_overtaken_one_changes_nothing(
    conn: Conn, live: Live, provider: Provider
) -> None:
    scene, gift, first = await mailed(conn, live)
    await resend(conn, gift, now=live.clock())
    await live.mailbox.wait_for(FRIEND, count=2)
    await until_it_is(conn, scene, gift, GiftStatus.SENT)

    await provider.tell("mail.bounced", messageId=first, bounce="soft")
    assert await status(conn, scene, gift) == (GiftStatus.SENT, None)

    # The token is only in the envelope, so a test has to put one there.
    token = "abcdefgh234567ab"
    await conn.execute("UPDATE mail_deliveries SET token_hash = sha256($1) WHERE delivery = 2", token.encode())
    await provider.tell("mail.delivered", returnPath=f"bounces+{token.upper()}@shop.example", messageId="<x@y>")
    assert await status(conn, scene, gift) == (GiftStatus.DELIVERED, None)
    await provider.tell("mail.bounced", token=token, bounce="soft", status="5.2.2")
    assert await status(conn, scene, gift) == (GiftStatus.BOUNCED, DeliveryProblem.MAILBOX_FULL)


async def test_what_is_no_concern_of_ours_is_taken_and_forgotten(conn: Conn, live: Live, provider: Provider) -> None:
    scene, gift, message_id = await mailed(conn, live)

    assert await provider.tell("mail.bounced", messageId="<somebody@else>") == "Not one of ours."
    assert await provider.tell("mail.bounced") == "Not one of ours."
    assert await provider.tell("mail.opened", messageId=message_id, ip="192.0.2.1") == "Nothing to do."

    assert await status(conn, scene, gift) == (GiftStatus.SENT, None)


async def test_only_who_has_a_secret_is_listened_to(conn: Conn, live: Live, provider: Provider) -> None:
    # given what would make the gift bounced
    scene, gift, message_id = await mailed(conn, live)
    body = json.dumps({"type": "mail.bounced", "data": {"messageId": message_id}}).encode()
    other = signature(NEW, body, message_id="msg_1", timestamp="1")
    now = live.clock()

    def at(by: timedelta) -> str:
        return str(int((now + by).timestamp()))

    refused = [
        await provider.post(body, **{"webhook-signature": None}),
        await provider.post(body, **{"webhook-id": None}),
        await provider.post(body, **{"webhook-signature": other}),
        await provider.post(body, **{"webhook-signature": "v1,"}),
        await provider.post(body, **{"webhook-signature": "v2,AAAA ,,, v1"}),
        await provider.post(body, **{"webhook-signature": "v1,äö"}),
        await provider.post(body, **{"webhook-id": "msg_2"}),
        await provider.post(body, **{"webhook-timestamp": at(-timedelta(minutes=6))}),
        await provider.post(body, **{"webhook-timestamp": at(timedelta(minutes=6))}),
        await provider.post(body, **{"webhook-timestamp": "soon"}),
        await provider.post(body, **{"webhook-timestamp": "9" * 400}),
        await provider.post(body, **{"webhook-timestamp": "9" * 12}),
        await provider.http.post("/mail/webhook", content=body),
    ]
    provider.secret = OTHER
    refused.append(await provider.post(body))

    assert [answer.status_code for answer in refused] == [400] * 14
    assert {answer.json()["said"] for answer in refused} == {"The signature is not good."}
    assert await status(conn, scene, gift) == (GiftStatus.SENT, None)

    # and either secret will do while one takes the other's place, among several signatures
    provider.secret = OLD
    good = await provider.post(body, **{"webhook-timestamp": at(-timedelta(minutes=4))})
    assert good.status_code == 200
    assert (await status(conn, scene, gift))[0] is GiftStatus.BOUNCED


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"type": "mail.bounced"}', b'{"type": 1, "data": {}}', b"\xff", b"[" * 60_000]
    + [
        json.dumps({"type": "mail.bounced", "data": data}).encode()
        for data in ({"bounce": "very"}, {"token": "short"}, {"messageId": 7}, {"status": "5" * 2000})
    ],
)
async def test_what_is_signed_and_makes_no_sense_is_refused(
    conn: Conn, live: Live, provider: Provider, body: bytes
) -> None:
    answer = await provider.post(body)

    assert (answer.status_code, answer.json()["said"]) == (400, "It is not an event as the documentation has it.")


async def test_body_is_bounded_and_nothing_but_post_is_answered(provider: Provider) -> None:
    assert (await provider.post(b"x" * (BODY_BYTES_MAX + 1))).status_code == 413
    assert (await provider.http.get("/mail/webhook")).status_code == 405


async def test_without_a_secret_there_is_no_such_address(database: Database) -> None:
    async with live_application(database, with_worker=False) as live, httpx.AsyncClient() as http:
        assert (await http.post(f"{live.base_url}/mail/webhook")).status_code == 404
