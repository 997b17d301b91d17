"""Gifts of money out of one's own gift card: what was received goes on to somebody else, or comes back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schema.ids import GiftCardKey, encode
from tests.database import Database
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api
from tests.resolvers.documents import CLAIM_GIFT
from tests.resolvers.mailing import gift_key, mailed_link
from tests.resolvers.world import Person, everything
from tests.wallet.ledger.value.scenes import activities, assert_lawful, locked, make_gift_card, state
from tests.wallet.test_audit_of_value import tamper
from wallet import audit, gifts
from wallet.database import Conn
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.values import GiftCardId

SEND = """
    mutation ($input: SendGiftInput!) {
        sendGift(input: $input) {
            __typename
            ... on GiftSent { gift { id kind status value { amountMinor } payment { paid } } }
            ... on InvalidInput { problems { field message } }
            ... on UserError { message }
        }
    }
"""
CANCEL = "mutation ($input: CancelGiftInput!) { cancelGift(input: $input) { __typename } }"
DECLINE = "mutation ($input: DeclineGiftInput!) { declineGift(input: $input) { __typename } }"
CARDS = "{ viewer { giftCards { id state balance { amountMinor } expiresAt } } }"
OF_GIFTS = "SELECT gift_card_id FROM gift_cards WHERE gift_id IS NOT NULL"


def id_of(shop: Shop, gift_card_id: GiftCardId) -> str:
    return encode(GiftCardKey(shop.merchant_id, gift_card_id))


def wish(shop: Shop, sender: Person, gift_card_id: GiftCardId, amount: int = 20_000, **more: Any) -> dict[str, Any]:
    return {
        "cardId": sender.card,
        "valueMinor": amount,
        "giftCardId": id_of(shop, gift_card_id),
        "recipientName": "Ben",
        "recipientEmail": "ben@example.com",
        "idempotencyKey": str(uuid4()),
        **more,
    }


@pytest.fixture
async def own(conn: Conn, shop: Shop, asha: Person, phone: Api) -> GiftCardId:
    return await make_gift_card(
        conn, shop, 50_000, owner=asha.customer_id, expires_at=phone.now + timedelta(days=90), now=phone.now
    )


async def sent(phone: Api, shop: Shop, asha: Person, own: GiftCardId) -> str:
    answer = await phone.do(SEND, **wish(shop, asha, own))
    assert answer["__typename"] == "GiftSent", answer
    return str(answer["gift"]["id"])


async def test_money_leaves_the_card_at_once_and_is_the_recipients_by_the_claim(
    phone: Api, other_phone: Api, shop: Shop, asha: Person, ben: Person, own: GiftCardId, conn: Conn
) -> None:
    # given
    said = wish(shop, asha, own)
    # when
    answers = [await phone.do(SEND, **said) for _ in range(2)]
    # then
    for answer in answers:
        assert answer["gift"] | {"id": ""} == {
            "id": "",
            "kind": "VALUE",
            "status": "SCHEDULED",
            "value": {"amountMinor": 20_000},
            "payment": None,
        }
    [of_gift] = [row["gift_card_id"] for row in await conn.fetch(OF_GIFTS)]
    assert await activities(conn, own) == [(1, "ACTIVATE", 50_000, 50_000), (2, "TRANSFER_OUT", -20_000, 30_000)]
    assert await activities(conn, of_gift) == [(1, "TRANSFER_IN", 20_000, 20_000)]
    await assert_lawful(conn)
    # and when
    token = await mailed_link(conn, answers[0]["gift"]["id"], now=phone.now)
    claimed = await other_phone.do(CLAIM_GIFT, token=token, idempotencyKey=str(uuid4()))
    # then
    assert claimed["__typename"] == "GiftClaimed"
    [card] = (await other_phone(CARDS))["viewer"]["giftCards"]
    assert card == {
        "id": id_of(shop, of_gift),
        "state": "ACTIVE",
        "balance": {"amountMinor": 20_000},
        "expiresAt": None,
    }
    assert [each["balance"]["amountMinor"] for each in (await phone(CARDS))["viewer"]["giftCards"]] == [30_000]
    await assert_lawful(conn)


@pytest.mark.parametrize("end", ["cancelled", "declined", "lapsed"])
async def test_what_nobody_claims_is_on_the_card_again(
    phone: Api, anybody: Api, shop: Shop, asha: Person, own: GiftCardId, conn: Conn, end: str
) -> None:
    gift = await sent(phone, shop, asha, own)
    token = await mailed_link(conn, gift, now=phone.now)

    match end:
        case "cancelled":
            await phone.do(CANCEL, giftId=gift, idempotencyKey=str(uuid4()))
        case "declined":
            await anybody.do(DECLINE, token=token, idempotencyKey=str(uuid4()))
        case _:
            async with conn.transaction():
                assert len(await gifts.return_due(conn, limit=10, now=phone.now + timedelta(days=31))) == 1

    [of_gift] = [row["gift_card_id"] for row in await conn.fetch(OF_GIFTS)]
    assert (await activities(conn, own))[-1] == (3, "TRANSFER_IN", 20_000, 50_000)
    assert await activities(conn, of_gift) == [
        (1, "TRANSFER_IN", 20_000, 20_000),
        (2, "TRANSFER_OUT", -20_000, 0),
        (3, "DEACTIVATE", 0, 0),
    ]
    assert await conn.fetchval(
        "SELECT expires_at FROM gift_cards WHERE gift_card_id = $1", own
    ) == phone.now + timedelta(days=90)
    await assert_lawful(conn)


async def test_money_comes_back_as_refunds_do_to_cards_that_are_blocked_or_past_their_date(
    phone: Api, shop: Shop, asha: Person, own: GiftCardId, conn: Conn
) -> None:
    gift = await sent(phone, shop, asha, own)
    async with conn.transaction():
        [card] = await locked(conn, shop, own, now=phone.now)
        await value.block(conn, card, cause=ValueCause(phone.now, "Lost"), now=phone.now)
    phone = replace(phone, now=phone.now + timedelta(days=91))

    await phone.do(CANCEL, giftId=gift, idempotencyKey=str(uuid4()))

    [seen] = [each for each in (await phone(CARDS))["viewer"]["giftCards"] if each["id"] == id_of(shop, own)]
    assert (seen["state"], seen["balance"]["amountMinor"], seen["expiresAt"]) == ("BLOCKED", 20_000, None)
    await assert_lawful(conn)


async def test_where_the_card_is_at_its_end_the_gifts_own_card_is_the_senders(
    phone: Api, shop: Shop, asha: Person, own: GiftCardId, conn: Conn
) -> None:
    gift = await sent(phone, shop, asha, own)
    async with conn.transaction():
        [card] = await locked(conn, shop, own, now=phone.now)
        await value.deactivate(conn, card, cause=ValueCause(phone.now), now=phone.now)

    await phone.do(CANCEL, giftId=gift, idempotencyKey=str(uuid4()))

    [of_gift] = [row["gift_card_id"] for row in await conn.fetch(OF_GIFTS)]
    seen = {each["id"]: each for each in (await phone(CARDS))["viewer"]["giftCards"]}
    assert seen[id_of(shop, of_gift)]["balance"] == {"amountMinor": 20_000}
    assert (await state(conn, of_gift), await state(conn, own)) == ("ACTIVE", "DEACTIVATED")
    await assert_lawful(conn)


async def test_each_refusal_is_said_and_changes_nothing(
    phone: Api, other_phone: Api, shop: Shop, asha: Person, ben: Person, own: GiftCardId, conn: Conn
) -> None:
    # given
    bens = await make_gift_card(conn, shop, 50_000, owner=ben.customer_id, now=phone.now)
    elsewhere = await make_shop(conn, now=phone.now)
    ended = await make_gift_card(conn, shop, None, owner=asha.customer_id, now=phone.now)
    before = await everything(conn)
    # when
    answers = [
        await phone.do(SEND, **said)
        for said in (
            wish(shop, asha, own, 50_001),
            wish(shop, asha, bens),
            wish(elsewhere, asha, own),
            wish(shop, asha, ended),
            wish(shop, asha, own) | {"valueMinor": None, "points": 10},
        )
    ]
    # then
    assert [answer["__typename"] for answer in answers] == [
        "InsufficientValue",
        "NotFound",
        "NotFound",
        "GiftCardNotUsable",
        "InvalidInput",
    ]
    assert answers[4]["problems"] == [
        {"field": "giftCardId", "message": "Out of a gift card only an amount of money can be sent."}
    ]
    assert await everything(conn) == before


async def test_a_days_limit_counts_what_is_passed_on(phone: Api, shop: Shop, asha: Person, conn: Conn) -> None:
    rich = await make_gift_card(conn, shop, 2_500_000, owner=asha.customer_id, now=phone.now)

    kinds = [(await phone.do(SEND, **wish(shop, asha, rich, 1_000_000)))["__typename"] for _ in range(3)]

    assert kinds == ["GiftSent", "GiftSent", "GiftLimitReached"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE gift_cards SET owner_customer_id = uuidv7() WHERE gift_id IS NOT NULL",
        "UPDATE gifts SET status = 'CANCELLED', closed_at = created_at",
        "UPDATE gifts SET value_minor = value_minor + 1",
        "UPDATE gift_cards SET gift_id = NULL WHERE gift_id IS NOT NULL",
    ],
    ids=["somebody has it", "it ended and its money stays", "it is worth more", "it is nowhere"],
)
async def test_the_audit_names_the_gift_whose_money_is_not_where_it_should_be(
    phone: Api, shop: Shop, asha: Person, own: GiftCardId, conn: Conn, database: Database, tampering: str
) -> None:
    gift = gift_key(await sent(phone, shop, asha, own)).gift_id
    await assert_lawful(conn)

    await tamper(database, tampering)

    broken = {verdict.law: verdict.broken async for verdict in audit.verdicts(conn) if verdict.count}
    assert list(broken) == ["the money of a gift that was passed on is in exactly one place"]
    [line] = broken["the money of a gift that was passed on is in exactly one place"]
    assert line.startswith(f"gift {gift} of ")
