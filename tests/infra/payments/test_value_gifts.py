"""Gifts of money from end to end over HTTP: sent, paid on the built-in provider's page, mailed, claimed, given back."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from auth import access_tokens
from auth.viewers import SessionId
from schema.ids import CardKey, encode
from tests.database import Database
from tests.factories import Shop, make_card, make_customer, make_shop
from tests.infra.payments.shop import Scene, paying_scene
from tests.infra.working import until
from tests.live import Caller
from tests.resolvers.api import sign_in
from tests.wallet.payments.scenes import assert_lawful
from wallet.database import Conn
from wallet.values import CardId, CustomerId

GIFT = """
    fragment GiftParts on Gift {
        id status kind points value { amountMinor currency } spent { amountMinor } heldUntil deliveryProblem
        payment { provider url paid refunded } events { status }
    }
"""

SEND = (
    """
    mutation ($input: SendGiftInput!) {
        sendGift(input: $input) {
            __typename
            ... on GiftAwaitsPayment { gift { ...GiftParts } payment { provider url paid refunded } }
            ... on GiftSent { gift { ...GiftParts } }
            ... on InvalidInput { problems { field message } }
            ... on GiftLimitReached { retryAt }
            ... on UserError { message }
        }
    }
"""
    + GIFT
)

CLAIM = """
    mutation ($input: ClaimGiftInput!) {
        claimGift(input: $input) {
            __typename
            ... on GiftClaimed {
                points senderName giftCard { id state balance { amountMinor currency } } voucher { id }
            }
            ... on UserError { message }
        }
    }
"""

CANCEL = (
    """
    mutation ($input: CancelGiftInput!) {
        cancelGift(input: $input) {
            __typename
            ... on GiftCancelled { gift { ...GiftParts } }
            ... on UserError { message }
        }
    }
"""
    + GIFT
)

DECLINE = """
    mutation ($input: DeclineGiftInput!) {
        declineGift(input: $input) {
            __typename ... on GiftDeclined { senderName } ... on UserError { message }
        }
    }
"""

READ = "query ($id: ID!) { node(id: $id) { ...GiftParts } }" + GIFT


@dataclass(frozen=True, slots=True)
class Town:
    """A sender and a friend with phones, in a shop that sends money."""

    scene: Scene
    shop: Shop
    sender: CustomerId
    card_id: CardId
    friend: CustomerId
    phone: Caller
    friends_phone: Caller

    def order(self, **facts: object) -> dict[str, Any]:
        usual = {
            "cardId": encode(CardKey(self.shop.merchant_id, self.card_id)),
            "valueMinor": 50_000,
            "recipientName": "Ben",
            "recipientEmail": "ben@example.com",
            "message": "Have a dinner!",
            "idempotencyKey": str(uuid4()),
        }
        return {**usual, **facts}

    async def read(self, gift: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.phone.ask(READ, {"id": gift["id"]}))["node"]
        return found

    async def until_status(self, gift: dict[str, Any], status: str) -> dict[str, Any]:
        async def there() -> bool:
            return bool((await self.read(gift))["status"] == status)

        await until(there)
        return await self.read(gift)

    async def approve(self, answer: dict[str, Any]) -> None:
        await self.scene.press(answer["payment"]["url"].removeprefix(self.scene.live.base_url), "approve")

    async def mailed(self) -> str:
        """The token of the link in the newest mail."""

        async def there() -> bool:
            return bool(self.scene.live.mailbox.messages)

        await until(there)
        found = re.search(r"/g/([A-Za-z0-9_-]+)", self.scene.live.mailbox.messages[-1].text)
        assert found is not None
        return found[1]


@asynccontextmanager
async def a_town(database: Database, conn: Conn) -> AsyncIterator[Town]:
    async with paying_scene(database) as scene:
        now = scene.live.clock()
        shop = await make_shop(conn, now=now)
        sender = await make_customer(conn, email="asha@example.com", name="Asha", now=now)
        friend = await make_customer(conn, email="ben@example.com", name="Ben", now=now)
        card_id = await make_card(conn, shop, sender, now=now)
        phones = [await a_phone(conn, scene, customer_id) for customer_id in (sender, friend)]
        yield Town(scene, shop, sender, card_id, friend, *phones)


async def a_phone(conn: Conn, scene: Scene, customer_id: CustomerId) -> Caller:
    now = scene.live.clock()
    session_id = SessionId(await sign_in(conn, customer_id, now=now))
    ring = await scene.live.runtime.rings.current(now)
    token = access_tokens.issue_to_customer(ring, customer_id=customer_id, session_id=session_id, now=now).text
    return Caller(scene.http, "/graphql", token)


async def test_money_is_paid_for_mailed_claimed_and_on_a_gift_card(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        # when Asha sends ₹500
        answer = await town.phone.do(SEND, town.order())
        # then it waits for its money, and no mail has left
        assert answer["__typename"] == "GiftAwaitsPayment"
        gift = answer["gift"]
        assert (gift["status"], gift["kind"], gift["points"]) == ("AWAITING_PAYMENT", "VALUE", 0)
        assert gift["value"] == {"amountMinor": 50_000, "currency": "INR"}
        assert answer["payment"]["provider"] == "builtin"
        assert gift["payment"] == {"provider": "builtin", "url": None, "paid": False, "refunded": False}
        # when she approves the payment, then its mail leaves
        await town.approve(answer)
        token = await town.mailed()
        gift = await town.until_status(gift, "SENT")
        assert gift["payment"]["paid"] is True
        assert "₹500" in town.scene.live.mailbox.messages[-1].text
        # when Ben claims it, then it is on a gift card of his
        claimed = await town.friends_phone.do(CLAIM, {"token": token, "idempotencyKey": str(uuid4())})
        assert (claimed["__typename"], claimed["points"], claimed["voucher"]) == ("GiftClaimed", 0, None)
        assert claimed["giftCard"]["state"] == "ACTIVE"
        assert claimed["giftCard"]["balance"] == {"amountMinor": 50_000, "currency": "INR"}
        # and Asha sees all of it
        gift = await town.read(gift)
        assert (gift["status"], gift["spent"]) == ("CLAIMED", {"amountMinor": 0})
        assert [event["status"] for event in gift["events"]] == ["AWAITING_PAYMENT", "SCHEDULED", "SENT", "CLAIMED"]
        await assert_lawful(conn)


async def test_same_key_gives_the_same_gift_and_payment_while_it_waits_and_after(
    database: Database, conn: Conn
) -> None:
    async with a_town(database, conn) as town:
        said = town.order()
        first = await town.phone.do(SEND, said)
        again = await town.phone.do(SEND, said)
        assert again == first
        other = await town.phone.do(SEND, {**said, "valueMinor": 50_001})
        assert other["__typename"] == "IdempotencyKeyReused"
        await town.approve(first)
        await town.until_status(first["gift"], "SENT")
        paid = await town.phone.do(SEND, said)
        assert (paid["__typename"], paid["gift"]["id"]) == ("GiftAwaitsPayment", first["gift"]["id"])
        assert paid["payment"] == {"provider": "builtin", "url": None, "paid": True, "refunded": False}
        assert await conn.fetchval("SELECT count(*) FROM payments") == 1
        await assert_lawful(conn)


async def test_cancelled_before_it_is_paid_takes_no_money(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        answer = await town.phone.do(SEND, town.order())
        gone = await town.phone.do(CANCEL, {"giftId": answer["gift"]["id"], "idempotencyKey": str(uuid4())})
        assert (gone["__typename"], gone["gift"]["status"]) == ("GiftCancelled", "CANCELLED")

        async def over() -> bool:
            return bool(await conn.fetchval("SELECT state FROM payments") == "CANCELLED")

        await until(over)
        await town.approve(answer)
        assert await conn.fetchval("SELECT state FROM payments") == "CANCELLED"
        assert town.scene.live.mailbox.messages == []
        await assert_lawful(conn)


async def test_cancelled_after_it_is_paid_gives_the_money_back(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        answer = await town.phone.do(SEND, town.order())
        await town.approve(answer)
        await town.until_status(answer["gift"], "SENT")
        token = await town.mailed()
        gone = await town.phone.do(CANCEL, {"giftId": answer["gift"]["id"], "idempotencyKey": str(uuid4())})
        assert gone["gift"]["status"] == "CANCELLED"

        async def refunded() -> bool:
            return bool((await town.read(answer["gift"]))["payment"]["refunded"])

        await until(refunded)
        lost = await town.friends_phone.do(CLAIM, {"token": token, "idempotencyKey": str(uuid4())})
        assert lost["__typename"] == "GiftNotClaimable"
        assert await conn.fetchval("SELECT SUM(amount_minor) FROM builtin_refunds") == 50_000
        await assert_lawful(conn)


async def test_declined_gives_the_money_back(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        answer = await town.phone.do(SEND, town.order())
        await town.approve(answer)
        await town.until_status(answer["gift"], "SENT")
        nobody = replace(town.friends_phone, token=None)
        said = {"token": await town.mailed(), "idempotencyKey": str(uuid4())}

        for _ in range(2):
            assert await nobody.do(DECLINE, said) == {"__typename": "GiftDeclined", "senderName": "Asha"}
        other = await nobody.do(DECLINE, {**said, "idempotencyKey": str(uuid4())})

        assert other["__typename"] == "GiftNotClaimable"
        assert (await town.read(answer["gift"]))["status"] == "DECLINED"

        async def refunded() -> bool:
            return bool((await town.read(answer["gift"]))["payment"]["refunded"])

        await until(refunded)
        await assert_lawful(conn)


async def test_what_nobody_claims_goes_back_to_whoever_paid(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        answer = await town.phone.do(SEND, town.order())
        await town.approve(answer)
        await town.until_status(answer["gift"], "SENT")

        town.scene.live.clock.advance(timedelta(days=31))

        async def refunded() -> bool:
            return bool(await conn.fetchval("SELECT state FROM payments") == "REFUNDED")

        await until(refunded)
        assert await conn.fetchval("SELECT status FROM gifts") == "RETURNED"
        assert await conn.fetchval("SELECT balance_minor FROM gift_cards") == 0
        await assert_lawful(conn)


async def test_parallel_claims_and_a_cancellation_leave_the_money_in_one_place(database: Database, conn: Conn) -> None:
    async with a_town(database, conn) as town:
        answer = await town.phone.do(SEND, town.order())
        await town.approve(answer)
        await town.until_status(answer["gift"], "SENT")
        token = await town.mailed()

        answers = await asyncio.gather(
            *(town.friends_phone.do(CLAIM, {"token": token, "idempotencyKey": str(uuid4())}) for _ in range(6)),
            town.phone.do(CANCEL, {"giftId": answer["gift"]["id"], "idempotencyKey": str(uuid4())}),
        )

        won = [each["__typename"] for each in answers if each["__typename"] in ("GiftClaimed", "GiftCancelled")]
        assert len(won) == 1
        await assert_lawful(conn)
