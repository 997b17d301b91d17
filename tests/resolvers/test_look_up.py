from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth import rate_limits
from resolvers.look_ups import A_MERCHANT_S_MISSES, A_TILL_S_LOOK_UPS
from tests.factories import INSERT_TERMINAL_SESSION_SQL, Shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import sale_of
from tests.resolvers.documents import CHECKOUT, MEMBER
from tests.resolvers.world import Person, count, everything
from tests.wallet.counter import another_till
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
