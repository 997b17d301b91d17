from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth import rate_limits
from resolvers.look_ups import A_MERCHANT_S_MISSES, A_TILL_S_LOOK_UPS
from schema.ids import MemberGiftCardKey, encode
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import sale_of, scanned, shown_code
from tests.resolvers.documents import CHECKOUT, MEMBER
from tests.resolvers.world import Person, count, everything
from tests.wallet.counter import another_till
from tests.wallet.ledger.value.scenes import balances, make_gift_card
from wallet.database import Conn

LOOK_UP = (
    """
    mutation ($input: LookUpInput!) {
        lookUp(input: $input) {
            __typename
            ... on Visit { id expiresAt card { ...MemberParts } }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""
    + MEMBER
)
GIFT_CARDS = "card { id giftCards { last4 balance { amountMinor } } }"
LOOK_UP_GIFT_CARDS = (
    f"mutation ($input: LookUpInput!) {{ lookUp(input: $input) {{ ... on Visit {{ id {GIFT_CARDS} }} }} }}"
)
ENROL_GIFT_CARDS = f"""
    mutation ($input: EnrolInput!) {{
        enrol(input: $input) {{ ... on CustomerEnrolled {{ visit {{ id {GIFT_CARDS} }} }} }}
    }}
"""
CHECKOUT_GIFT_CARDS = f"""
    mutation ($input: CheckoutInput!) {{ checkout(input: $input) {{ ... on SaleRecorded {{ {GIFT_CARDS} }} }} }}
"""
MEMBER_GIFT_CARDS = "query ($id: ID!) { node(id: $id) { ... on MemberCard { giftCards { last4 } } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename } }"
NOBODY = {
    "__typename": "NotFound",
    "message": "Nobody with a card of this shop was found. Check it for a typo, or enrol the customer.",
}


async def give_number(conn: Conn, person: Person, phone: str = "+919847012345") -> None:
    await conn.execute(
        "UPDATE customers SET phone = $2, phone_key = $2 WHERE customer_id = $1", person.customer_id, phone
    )


@pytest.mark.parametrize(
    "said",
    [
        {"email": "asha@example.com"},
        {"email": " ASHA@Example.com "},
        {"phone": "98470 12345"},
        {"phone": "+91 98470 12345"},
    ],
)
async def test_a_member_without_a_phone_in_hand_is_served(
    till: Api, asha: Person, conn: Conn, said: dict[str, str]
) -> None:
    # given
    await give_number(conn, asha)
    # when
    visit = await till.do(LOOK_UP, **said)
    # then the till sees what a scan shows, and no address and no number
    assert (visit["__typename"], visit["expiresAt"]) == ("Visit", "2026-11-22T09:45:00Z")
    assert (visit["card"]["displayName"], visit["card"]["active"]) == ("Asha", 100)
    assert await count(conn, "look_ups") == 1
    # and the purchase earns
    sold = await till.do(CHECKOUT, sale=sale_of(visit=visit["id"]), idempotencyKey=str(uuid4()))
    assert sold["card"]["active"] == 150


@pytest.mark.parametrize(
    "said",
    [
        {"email": "asha@example"},
        {"email": "nobody@example.com"},
        {"email": ""},
        {"email": "not an address"},
        {"email": "x" * 5_000},
        {"phone": "98470 99999"},
        {"phone": "12"},
        {"phone": ""},
        {"phone": "asha@example.com"},
    ],
)
async def test_whatever_finds_nobody_is_answered_alike_and_written_down(
    till: Api, asha: Person, conn: Conn, said: dict[str, str]
) -> None:
    await give_number(conn, asha)
    before = await everything(conn)
    assert await till.do(LOOK_UP, **said) == NOBODY
    assert await everything(conn) == before
    [noted] = await conn.fetch("SELECT found, octet_length(subject_hash) AS octets FROM look_ups")
    assert (noted["found"], noted["octets"]) == (False, 32)


@pytest.mark.parametrize("said", [{}, {"email": "a@example.com", "phone": "1"}, {"email": None}])
async def test_a_till_asks_by_exactly_one_of_them(till: Api, conn: Conn, said: dict[str, Any]) -> None:
    response = await till.post(LOOK_UP, {"input": said})
    assert "errors" in response.json()
    assert await count(conn, "look_ups") == 0


async def test_the_same_address_has_one_hash_however_it_is_typed_and_another_with_each_merchant(
    till: Api, conn: Conn, shop: Shop
) -> None:
    for typed in ("nobody@example.com", " Nobody@EXAMPLE.com", "other@example.com"):
        await till.do(LOOK_UP, email=typed)
    hashes = [row[0] for row in await conn.fetch("SELECT subject_hash FROM look_ups ORDER BY look_up_id")]
    assert hashes[0] == hashes[1] != hashes[2]
    assert not any(b"nobody" in each for each in hashes)


# ---------------------------------------------------------------- counted


async def test_a_till_looks_up_thirty_times_in_ten_minutes(till: Api, asha: Person, conn: Conn) -> None:
    # given
    for _ in range(A_TILL_S_LOOK_UPS):
        assert (await till.do(LOOK_UP, email="asha@example.com"))["__typename"] == "Visit"
    before = await everything(conn)
    # when
    refused = await till.do(LOOK_UP, email="asha@example.com")
    # then
    assert refused == {
        "__typename": "TooManyAttempts",
        "retryAt": "2026-11-22T09:40:00Z",
        "message": "Too many people were looked for. Scan the customer's code, or look again in 10 minutes.",
    }
    assert await everything(conn) == before
    assert await count(conn, "look_ups") == A_TILL_S_LOOK_UPS
    # and later it does again
    later = replace(till, now=till.now + timedelta(minutes=10))
    assert (await later.do(LOOK_UP, email="asha@example.com"))["__typename"] == "Visit"


async def test_all_tills_of_a_merchant_together_miss_so_often_in_an_hour(
    till: Api, new_till: Api, shop: Shop, asha: Person, conn: Conn
) -> None:
    # given a merchant whose tills have missed all but once as often as they may
    subject = till.house.box.keyed_hash("rate_limit", shop.merchant_id.bytes)
    for _ in range(A_MERCHANT_S_MISSES - 1):
        await rate_limits.hit(
            conn,
            scope="look_up.merchant",
            subject=subject,
            limit=A_MERCHANT_S_MISSES,
            window=timedelta(hours=1),
            now=till.now,
        )
    second = await another_till(conn, shop, now=till.now)
    session_id = await conn.fetchval(INSERT_TERMINAL_SESSION_SQL, shop.merchant_id, second.terminal_id, till.now)
    other = as_terminal(new_till, replace(shop, terminal_id=second.terminal_id, session_id=session_id))
    # when they find somebody, that is no miss
    assert (await till.do(LOOK_UP, email="asha@example.com"))["__typename"] == "Visit"
    # and when they miss once more
    assert await till.do(LOOK_UP, email="nobody@example.com") == NOBODY
    # then none of them is told anything more, whoever is looked for
    for each, email in ((till, "nobody@example.com"), (other, "nobody@example.com"), (other, "asha@example.com")):
        refused = await each.do(LOOK_UP, email=email)
        assert (refused["__typename"], refused["retryAt"]) == ("TooManyAttempts", "2026-11-22T10:30:00Z")


async def test_a_till_that_was_revoked_looks_nobody_up(till: Api, asha: Person, shop: Shop, conn: Conn) -> None:
    await conn.execute("UPDATE terminals SET revoked_at = $1", till.now)
    assert await till.failure(LOOK_UP, input={"email": "asha@example.com"}) == "UNAUTHENTICATED"
    assert await count(conn, "look_ups") == 0


async def test_gift_cards_are_shown_to_and_used_by_whoever_shows_a_code_and_not_whoever_says_an_address(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    # given a member with a gift card, who is looked up, and who is enrolled once more
    mine = await make_gift_card(conn, shop, 20_000, owner=asha.customer_id, now=till.now)
    gift_card = encode(MemberGiftCardKey(shop.merchant_id, mine))
    visit = await till.do(LOOK_UP_GIFT_CARDS, email="asha@example.com")
    enrolled = await till.do(ENROL_GIFT_CARDS, email="asha@example.com", idempotencyKey=str(uuid4()))
    # then nothing is said of the gift card, and it is nowhere to be found
    assert visit["card"]["giftCards"] == enrolled["visit"]["card"]["giftCards"] == []
    assert (await till(NODE, id=gift_card))["node"] is None
    # and its id neither pays nor is loaded
    line = {"lineId": "g", "kind": "GIFT_CARD_SALE", "amountMinor": 10_000, "loads": {"id": gift_card}}
    pays = {"tenders": [{"giftCard": {"id": gift_card}}]}
    for opened in (visit["id"], enrolled["visit"]["id"]):
        answers = [
            await till.do(CHECKOUT, sale={**sale_of(visit=opened), **said}, idempotencyKey=str(uuid4()))
            for said in (pays, {"lines": [line]})
        ]
        assert [each["__typename"] for each in answers] == ["RedeemCodeNeeded", "NotFound"]
    assert await balances(conn, shop) == [20_000]
    # and once a code of hers is scanned, it is there
    await scanned(till, phone, asha)
    assert [each["last4"] for each in (await till(MEMBER_GIFT_CARDS, id=visit["card"]["id"]))["node"]["giftCards"]]
    assert (await till(NODE, id=gift_card))["node"] == {"__typename": "MemberGiftCard"}


async def test_who_pays_by_a_code_sees_the_gift_cards_on_the_receipt(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn
) -> None:
    await make_gift_card(conn, shop, 20_000, owner=asha.customer_id, now=till.now)
    code = (await shown_code(phone, asha))["token"]
    sold = await till.do(CHECKOUT_GIFT_CARDS, sale=sale_of(code=code), idempotencyKey=str(uuid4()))
    assert [each["balance"] for each in sold["card"]["giftCards"]] == [{"amountMinor": 20_000}]
