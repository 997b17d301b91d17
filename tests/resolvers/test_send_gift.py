from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from schema.ids import CardKey, encode
from tests.factories import Shop, make_card, make_shop
from tests.resolvers.api import Api, as_customer
from tests.resolvers.conftest import make_person
from tests.resolvers.documents import SEND_GIFT
from tests.resolvers.world import Person, everything
from wallet import programs
from wallet.database import Conn
from wallet.rules import GiftRules, Rules
from wallet.values import CardId, Points


def order(person: Person, **facts: object) -> dict[str, object]:
    usual = {
        "cardId": person.card,
        "points": 40,
        "recipientName": "Ben",
        "recipientEmail": "Ben@Example.com",
        "message": "Have a coffee!",
        "idempotencyKey": str(uuid4()),
    }
    return {**usual, **facts}


async def test_a_gift_leaves_the_balance_and_waits_for_its_mail(phone: Api, asha: Person, conn: Conn) -> None:
    # when Asha sends 40 of her 100 beans
    answer = await phone.do(SEND_GIFT, **order(asha))
    # then they are reserved
    assert answer["__typename"] == "GiftSent"
    assert answer["card"]["balance"] == {"active": 60, "pending": 0, "reserved": 40, "lifetimeEarned": 100}
    gift = answer["gift"]
    assert (gift["status"], gift["points"], gift["deliveryProblem"]) == ("SCHEDULED", 40, None)
    assert (gift["recipientName"], gift["recipientEmail"]) == ("Ben", "Ben@example.com")
    assert (gift["message"], gift["card"]) == ("Have a coffee!", {"id": asha.card})
    assert (gift["deliverAt"], gift["claimableUntil"]) == ("2026-11-22T09:30:00Z", "2026-12-22T09:30:00Z")
    assert (gift["sentAt"], gift["claimedAt"]) == (None, None)
    # and its mail is on its way, and whoever watches the card is told
    assert await conn.fetchval("SELECT COUNT(*) FROM outbox WHERE topic = 'mail.gift'") == 1
    assert phone.published == [(asha.merchant_id, asha.card_id)]


async def test_the_same_key_gives_the_same_gift(phone: Api, asha: Person, conn: Conn) -> None:
    said = order(asha)
    first = await phone.do(SEND_GIFT, **said)
    before = await everything(conn)
    again = await phone.do(SEND_GIFT, **said)
    assert again == first
    assert await everything(conn) == before
    assert len(phone.published) == 1


async def test_a_key_that_came_with_other_input_is_refused(phone: Api, asha: Person, conn: Conn) -> None:
    said = order(asha)
    await phone.do(SEND_GIFT, **said)
    before = await everything(conn)
    answer = await phone.do(SEND_GIFT, **{**said, "points": 41})
    assert answer["__typename"] == "IdempotencyKeyReused"
    assert await everything(conn) == before


async def test_more_than_there_is_cannot_be_sent(phone: Api, asha: Person, conn: Conn) -> None:
    before = await everything(conn)
    answer = await phone.do(SEND_GIFT, **order(asha, points=101))
    assert answer == {
        "__typename": "InsufficientPoints",
        "needed": 101,
        "available": 100,
        "message": "This needs 101 beans; the card has 100 beans.",
    }
    assert await everything(conn) == before
    assert phone.published == []


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("points", 0),
        ("points", -5),
        ("recipientName", ""),
        ("recipientName", "x" * 81),
        ("recipientEmail", "not an address"),
        ("message", "x" * 281),
        ("message", "see https://example.com"),
        ("deliverAt", "2026-11-21T09:30:00Z"),
        ("deliverAt", "2027-12-01T00:00:00Z"),
    ],
)
async def test_what_cannot_be_sent_is_said_so(phone: Api, asha: Person, conn: Conn, field: str, said: object) -> None:
    before = await everything(conn)
    answer = await phone.do(SEND_GIFT, **order(asha, **{field: said}))
    assert answer["__typename"] == "InvalidInput"
    assert [problem["field"] for problem in answer["problems"]] == [field]
    assert await everything(conn) == before


async def test_a_card_that_is_not_ones_own_is_not_found(
    phone: Api, asha: Person, ben: Person, shop: Shop, conn: Conn
) -> None:
    before = await everything(conn)
    nobodys = encode(CardKey(shop.merchant_id, CardId(uuid4())))
    for card in (ben.card, nobodys, "garbage", ""):
        assert (await phone.do(SEND_GIFT, **order(asha, cardId=card)))["__typename"] == "NotFound"
    assert await everything(conn) == before


async def test_the_programs_limits_are_said_with_when_to_try_again(anybody: Api, conn: Conn, now: datetime) -> None:
    # given a program with one gift a day, of 50 at most
    rules = Rules(gifts=GiftRules(max_points=Points(50), per_day=1))
    shop = await make_shop(conn, now=now, rules=rules)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", points=100, now=now)
    phone = as_customer(anybody, person.customer_id, person.session_id)
    # when too large a gift, then two gifts are sent
    large = await phone.do(SEND_GIFT, **order(person, points=51))
    first = await phone.do(SEND_GIFT, **order(person))
    before = await everything(conn)
    second = await phone.at(now + timedelta(hours=1)).do(SEND_GIFT, **order(person))
    # then one went
    assert (large["__typename"], large["retryAt"]) == ("GiftLimitReached", None)
    assert large["message"] == "You can send 50 beans at most in one gift."
    assert first["__typename"] == "GiftSent"
    assert (second["__typename"], second["retryAt"]) == ("GiftLimitReached", "2026-11-23T09:30:00Z")
    assert await everything(conn) == before


INLINE = """
    mutation {
        a: sendGift(input: {cardId: "%(card)s", points: 101, recipientName: "Ben", recipientEmail: "ben@example.com",
                            idempotencyKey: "018f0000-0000-7000-8000-000000000001"}) { ... on UserError { message } }
        b: sendGift(input: {cardId: "%(card)s", points: 1, recipientName: "Ben", recipientEmail: "ben@example.com",
                            idempotencyKey: "018f0000-0000-7000-8000-000000000002"}) { __typename }
        b: sendGift(input: {cardId: "%(card)s", points: 1, recipientName: "Ben", recipientEmail: "ben@example.com",
                            idempotencyKey: "018f0000-0000-7000-8000-000000000002"}) {
            ... on InvalidInput { problems { message } }
        }
    }
"""


async def test_the_programs_own_word_is_said_however_the_card_is_named(anybody: Api, conn: Conn, now: datetime) -> None:
    # given one person's cards in two programs of a merchant, both with gifts of 2 at least
    rules = Rules(gifts=GiftRules(min_points=Points(2)))
    shop = await make_shop(conn, now=now, rules=rules)
    person = await make_person(conn, shop, email="cara@example.com", name="Cara", points=100, now=now)
    tea = await programs.create(
        conn,
        merchant_id=shop.merchant_id,
        slug="tea",
        name="Tea",
        point_name="leaf",
        point_name_plural="leaves",
        rules=rules,
        now=now,
    )
    card_id = await make_card(conn, replace(shop, program_id=tea.program_id), person.customer_id, now=now)
    other = encode(CardKey(shop.merchant_id, card_id))
    phone = as_customer(anybody, person.customer_id, person.session_id)
    # when the card stands in a variable, in the document, under an alias, in a field that is asked for twice
    small = await phone.do(SEND_GIFT, **order(person, cardId=other, points=1))
    none = await phone.do(SEND_GIFT, **order(person, cardId=other, points=2))
    inline = await phone(INLINE % {"card": person.card})
    # then
    assert small["problems"] == [{"field": "points", "message": "Send 2 leaves at least."}]
    assert none["message"] == "This needs 2 leaves; the card has 0 leaves."
    assert inline["a"] == {"message": "This needs 101 beans; the card has 100 beans."}
    assert inline["b"] == {"__typename": "InvalidInput", "problems": [{"message": "Send 2 beans at least."}]}


async def test_nobody_must_sign_in_first(anybody: Api, asha: Person, conn: Conn) -> None:
    before = await everything(conn)
    assert await anybody.failure(SEND_GIFT, input=order(asha)) == "UNAUTHENTICATED"
    assert await everything(conn) == before


async def test_a_device_that_was_signed_out_sends_nothing(phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    # given a session that has ended, though its access token is still good
    await conn.execute(
        "UPDATE sessions SET ended_at = $2, ended_because = 'revoked' WHERE session_id = $1", asha.session_id, now
    )
    before = await everything(conn)
    # when it sends a gift, then it may not
    assert await phone.failure(SEND_GIFT, input=order(asha)) == "UNAUTHENTICATED"
    assert await everything(conn) == before
