"""What a provider says moves the payment and its gift together: told twice, late, or in any order."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from infra.pool import Pool
from tests.database import Database, run_sql
from tests.wallet.payments.scenes import (
    AMOUNT,
    LOOK,
    REF,
    Paying,
    assert_lawful,
    claim,
    end,
    events_of,
    gift_card,
    gift_status,
    heard,
    make_paying,
    mint,
    now_is,
    refund_jobs,
    state_of,
)
from wallet import payments
from wallet.audit import payments as law
from wallet.database import Conn
from wallet.gifts import funding
from wallet.gifts.paying import DISPUTE_TOPIC, REFUND_FAILED_TOPIC, hear
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.payments import Dispute, FailedRefund, PaymentState, Seen, SeenState
from wallet.values import Minor, Money, PaymentId

OPEN = Seen(SeenState.OPEN, REF, AMOUNT)
PAID = Seen(SeenState.PAID, REF, AMOUNT)
DECLINED = Seen(SeenState.FAILED, REF, AMOUNT, problem="declined")
CANCELLED = Seen(SeenState.CANCELLED, REF, AMOUNT)
BACK = Seen(SeenState.PAID, REF, AMOUNT, refunded_minor=AMOUNT.amount_minor)
DISPUTED = Seen(SeenState.PAID, REF, disputes=(Dispute("dp_1"),))
WON = Seen(SeenState.PAID, REF, disputes=(Dispute("dp_1", won=True),))
HELD = ("ACTIVE", AMOUNT.amount_minor)
FROZEN = ("BLOCKED", AMOUNT.amount_minor)
GONE = ("DEACTIVATED", 0)

ADJUSTED_SQL = "SELECT amount_minor, reason FROM gift_card_activities WHERE kind = 'ADJUST' ORDER BY seq"
LEFT_SQL = "SELECT amount_minor FROM payment_events WHERE kind = 'REFUNDING'"
JOBS_SQL = "SELECT topic, run_at FROM outbox ORDER BY outbox_id"
CONTACT_SQL = "UPDATE merchants SET contact_email = 'owner@shop.example'"
GIFT_EVENTS_SQL = "SELECT kind FROM gift_events WHERE gift_id = $1 ORDER BY event_id"
DATES_SQL = "SELECT deliver_at, claimable_until FROM gifts WHERE gift_id = $1"


async def jobs(conn: Conn) -> list[str]:
    return [row["topic"] for row in await conn.fetch(JOBS_SQL)]


async def test_paid_gift_is_scheduled_with_its_value_on_a_card_of_its_own(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    assert (await heard(conn, paying, OPEN, now=now)).after.state is PaymentState.PENDING
    assert await gift_card(conn, paying) is None

    later = now + timedelta(minutes=3)
    told = await heard(conn, paying, PAID, now=later)

    assert told.changed
    assert (told.after.state, told.after.ref, told.sender_card_id) == (PaymentState.PAID, REF, paying.card_id)
    assert await gift_status(conn, paying) == "SCHEDULED"
    assert await gift_card(conn, paying) == HELD
    assert await jobs(conn) == ["mail.gift"]
    assert [row["kind"] for row in await conn.fetch(GIFT_EVENTS_SQL, paying.gift_id)] == ["PAID"]
    # the days until it goes back begin with its mail
    dates = await conn.fetchrow(DATES_SQL, paying.gift_id)
    assert dates is not None
    assert (dates["deliver_at"], dates["claimable_until"]) == (later, later + timedelta(days=30))
    await assert_lawful(conn)


async def test_mail_of_a_gift_for_later_waits_for_its_moment(conn: Conn, now: datetime) -> None:
    leaves = now + timedelta(days=3)
    paying = await make_paying(conn, deliver_at=leaves, now=now)

    await heard(conn, paying, PAID, now=now)

    [job] = await conn.fetch(JOBS_SQL)
    assert job["run_at"] == leaves


async def test_paid_is_taken_in_once_however_many_say_so_at_once(pool: Pool, conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)

    async def say() -> bool:
        async with pool.acquire() as other, other.transaction():
            told = await hear(
                other,
                merchant_id=paying.shop.merchant_id,
                payment_id=paying.payment.payment_id,
                seen=PAID,
                told=LOOK,
                mint=mint,
                now=now,
            )
            assert told is not None
            return told.changed

    changed = await asyncio.gather(*(say() for _ in range(10)))

    assert sorted(changed) == [False] * 9 + [True]
    assert await gift_card(conn, paying) == HELD
    assert await events_of(conn, paying) == ["CREATED", "PAID"]
    assert await jobs(conn) == ["mail.gift"]
    await assert_lawful(conn)


ENDS: dict[str, tuple[Sequence[Seen], PaymentState, str, tuple[str, int] | None]] = {
    "paid": ((OPEN, PAID, PAID), PaymentState.PAID, "SCHEDULED", HELD),
    "paid and sent back there": ((OPEN, PAID, BACK), PaymentState.REFUNDED, "CANCELLED", GONE),
    "paid and disputed": ((PAID, DISPUTED), PaymentState.PAID, "SCHEDULED", FROZEN),
    "disputed and won": ((PAID, DISPUTED, WON), PaymentState.PAID, "SCHEDULED", HELD),
}


@pytest.mark.parametrize("name", ENDS)
async def test_order_in_which_it_is_told_does_not_matter(conn: Conn, now: datetime, name: str) -> None:
    said, state, status, card = ENDS[name]
    for order in itertools.permutations(said):
        paying = await make_paying(conn, now=now)
        ref = f"pi_{paying.gift_id}"
        for n, seen in enumerate(order):
            await heard(conn, paying, replace(seen, ref=ref), now=now + timedelta(seconds=n))
            await assert_lawful(conn)

        assert await state_of(conn, paying) is state, order
        assert await gift_status(conn, paying) == status
        assert await gift_card(conn, paying) == card


@pytest.mark.parametrize("seen", [DECLINED, CANCELLED])
async def test_unpaid_gift_is_cancelled_and_money_that_comes_even_so_goes_back(
    conn: Conn, now: datetime, seen: Seen
) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, OPEN, now=now)

    await heard(conn, paying, seen, now=now)

    assert await state_of(conn, paying) is PaymentState(seen.state.value)
    assert await gift_status(conn, paying) == "CANCELLED"
    assert await gift_card(conn, paying) is None
    assert await jobs(conn) == []
    await assert_lawful(conn)

    # when the money comes after all
    await heard(conn, paying, PAID, now=now)

    assert await state_of(conn, paying) is PaymentState.REFUNDING
    assert await refund_jobs(conn) == 1
    assert await gift_card(conn, paying) is None
    await assert_lawful(conn)
    await heard(conn, paying, BACK, now=now)
    assert await state_of(conn, paying) is PaymentState.REFUNDED
    await assert_lawful(conn)


@pytest.mark.parametrize("status", ["CANCELLED", "DECLINED", "RETURNED"])
async def test_gift_that_ends_unclaimed_sends_its_money_back(conn: Conn, now: datetime, status: str) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)

    await end(conn, paying, status=status, now=now)

    assert await state_of(conn, paying) is PaymentState.REFUNDING
    assert await gift_card(conn, paying) == GONE
    assert await refund_jobs(conn) == 1
    await assert_lawful(conn)


async def test_gift_that_ends_before_it_is_paid_has_its_payment_looked_at_at_once(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, OPEN, now=now)

    await end(conn, paying, now=now)

    assert (await now_is(conn, paying)).look_at == now
    await assert_lawful(conn)
    # and if it was paid in that moment, it goes back
    await heard(conn, paying, PAID, now=now)
    assert await state_of(conn, paying) is PaymentState.REFUNDING
    await assert_lawful(conn)


async def test_dispute_blocks_what_was_claimed_and_tells_the_merchant_once(
    database: Database, conn: Conn, now: datetime
) -> None:
    paying = await make_paying(conn, now=now)
    await run_sql(database.superuser_dsn, CONTACT_SQL)
    await heard(conn, paying, PAID, now=now)
    await claim(conn, paying, now=now)

    for _ in range(2):
        await heard(conn, paying, DISPUTED, now=now)

    assert await gift_card(conn, paying) == FROZEN
    assert (await now_is(conn, paying)).disputed_at == now
    assert (await jobs(conn)).count(DISPUTE_TOPIC) == 1
    await assert_lawful(conn)
    await heard(conn, paying, WON, now=now)
    assert await gift_card(conn, paying) == HELD
    await assert_lawful(conn)


def back(minor: int) -> Seen:
    """So much in all has gone back, by hand at the provider."""
    return replace(BACK, refunded_minor=minor)


async def test_part_that_went_back_without_us_comes_off_the_gift_and_the_rest_can_be_claimed(
    conn: Conn, now: datetime
) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)

    # when it is told twice, and then that it is more
    for _ in range(2):
        await heard(conn, paying, back(20_000), now=now)
        assert await gift_card(conn, paying) == ("ACTIVE", 30_000)
        await assert_lawful(conn)
    await heard(conn, paying, back(49_999), now=now)

    # then the rest is there, the merchant sees it, and all that is known is what happened
    assert await gift_card(conn, paying) == ("ACTIVE", 1)
    off = [(row["amount_minor"], row["reason"]) for row in await conn.fetch(ADJUSTED_SQL)]
    assert off == [(-20_000, "payment returned in part"), (-29_999, "payment returned in part")]
    found = await now_is(conn, paying)
    assert (found.state, found.refunded_minor) == (PaymentState.PAID, 49_999)
    assert found.problem == "sent back in part at the provider: 49999 of 50000 INR (minor units)"
    assert await payments.newest(conn, merchant_id=None, open_only=True, limit=9) == [found]
    await claim(conn, paying, now=now)
    await assert_lawful(conn)
    # and when the rest has gone back too, it is blocked
    await heard(conn, paying, BACK, now=now)
    assert (await state_of(conn, paying), await gift_card(conn, paying)) == (PaymentState.REFUNDED, ("BLOCKED", 1))
    await assert_lawful(conn)


async def test_part_went_back_before_the_gift_was_paid_here(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)

    await heard(conn, paying, back(20_000), now=now)

    assert (await state_of(conn, paying), await gift_card(conn, paying)) == (PaymentState.PAID, ("ACTIVE", 30_000))
    await assert_lawful(conn)


async def test_gift_that_ends_after_a_part_went_back_has_the_rest_sent_back(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    await heard(conn, paying, back(20_000), now=now)

    await end(conn, paying, now=now)

    assert (await state_of(conn, paying), await gift_card(conn, paying)) == (PaymentState.REFUNDING, GONE)
    assert await conn.fetchval(LEFT_SQL) == 30_000
    await assert_lawful(conn)


async def test_no_more_comes_off_a_claimed_card_than_is_there_and_the_merchant_is_told(
    conn: Conn, now: datetime
) -> None:
    # given a claimed card of which 45,000 were spent
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    await claim(conn, paying, now=now)
    await spent(conn, paying, 45_000, now=now)

    await heard(conn, paying, back(20_000), now=now)

    assert await gift_card(conn, paying) == ("ACTIVE", 0)
    problem = (await now_is(conn, paying)).problem
    assert problem is not None
    assert problem.endswith("20000 of 50000 INR (minor units); 15000 of it was not on the gift card any more")
    await assert_lawful(conn)
    # and what did not arrive after all is there again, as far as it had come off
    await heard(conn, paying, replace(PAID, failed_refunds=(FailedRefund("re_1", 16_000, "declined"),)), now=now)
    assert await gift_card(conn, paying) == ("ACTIVE", 1_000)
    await assert_lawful(conn)


async def test_part_that_did_not_arrive_is_on_the_gift_again(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    await heard(conn, paying, back(20_000), now=now)

    failed = replace(PAID, failed_refunds=(FailedRefund("re_1", 20_000, "declined"),))
    for _ in range(2):
        await heard(conn, paying, failed, now=now)

    assert (await state_of(conn, paying), await gift_card(conn, paying)) == (PaymentState.PAID, HELD)
    assert not (await now_is(conn, paying)).waits_for_a_person, "nothing is owed"
    await assert_lawful(conn)
    # and it goes back by itself when the gift ends
    await end(conn, paying, now=now)
    assert await state_of(conn, paying) is PaymentState.REFUNDING
    assert not (await now_is(conn, paying)).waits_for_a_person
    await assert_lawful(conn)


async def spent(conn: Conn, paying: Paying, minor: int, *, now: datetime) -> None:
    merchant_id = paying.shop.merchant_id
    async with conn.transaction():
        card = await funding.card_of(conn, merchant_id=merchant_id, gift_id=paying.gift_id, now=now)
        assert card is not None
        await value.redeem(conn, card, amount=Minor(minor), cause=ValueCause(now), now=now)


@pytest.mark.parametrize("first", ["dp_1", "dp_2"])
async def test_card_stays_blocked_while_one_of_two_disputes_stands(conn: Conn, now: datetime, first: str) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    for ref in ("dp_1", "dp_2"):
        await heard(conn, paying, replace(DISPUTED, disputes=(Dispute(ref),)), now=now)
    second = {"dp_1": "dp_2", "dp_2": "dp_1"}[first]

    await heard(conn, paying, replace(DISPUTED, disputes=(Dispute(first, won=True),)), now=now)

    assert await gift_card(conn, paying) == FROZEN
    assert (await now_is(conn, paying)).disputed_at == now
    await assert_lawful(conn)
    # and a look that shows both as they are ends it only when both are won
    for won in (False, True):
        both = (Dispute(first, won=True), Dispute(second, won=won))
        await heard(conn, paying, replace(DISPUTED, disputes=both), told=LOOK, now=now)
        assert await gift_card(conn, paying) == (HELD if won else FROZEN)
    assert (await now_is(conn, paying)).disputed_at is None
    await assert_lawful(conn)


async def test_message_of_money_that_went_back_after_a_failure_has_the_provider_asked(
    database: Database, conn: Conn, now: datetime
) -> None:
    # given money that went back and did not arrive, of which the merchant hears once
    await run_sql(database.superuser_dsn, CONTACT_SQL)
    paying = await make_paying(conn, now=now)
    await run_sql(database.superuser_dsn, CONTACT_SQL)
    await heard(conn, paying, PAID, now=now)
    await end(conn, paying, now=now)
    await heard(conn, paying, BACK, now=now)
    failed = replace(PAID, failed_refunds=(FailedRefund("re_1", AMOUNT.amount_minor, "declined"),))
    for _ in range(2):
        await heard(conn, paying, failed, now=now)
    assert (await jobs(conn)).count(REFUND_FAILED_TOPIC) == 1
    owed = await now_is(conn, paying)
    assert (owed.waits_for_a_person, owed.look_at) == (True, now + timedelta(hours=1))
    # when a message says that all has gone back: perhaps an old one, perhaps what somebody has sent by hand
    later = now + timedelta(minutes=5)
    await heard(conn, paying, BACK, now=later)
    # then nothing is believed, and the provider is asked at once; a look is believed
    found = await now_is(conn, paying)
    assert (found.state, found.waits_for_a_person, found.look_at) == (PaymentState.REFUNDING, True, later)
    await heard(conn, paying, BACK, told=LOOK, now=later)
    found = await now_is(conn, paying)
    assert (found.state, found.waits_for_a_person, found.problem) == (PaymentState.REFUNDED, False, None)
    await assert_lawful(conn)


async def test_what_was_given_up_without_asking_is_not_what_the_provider_knows_by_now(
    conn: Conn, now: datetime
) -> None:
    # given a payment that became known while somebody found it to be unknown and over
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, OPEN, now=now)

    await heard(conn, paying, Seen(SeenState.CANCELLED), told=LOOK, now=now)

    found = await now_is(conn, paying)
    assert (found.state, found.look_at is None) == (PaymentState.PENDING, False)
    assert await gift_status(conn, paying) == "AWAITING_PAYMENT"


async def test_merchant_without_an_address_is_not_mailed(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)

    await heard(conn, paying, DISPUTED, now=now)

    assert DISPUTE_TOPIC not in await jobs(conn)


async def test_gift_that_ends_while_disputed_is_refunded_only_when_the_dispute_is_won(
    conn: Conn, now: datetime
) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    await heard(conn, paying, DISPUTED, now=now)

    await end(conn, paying, now=now)

    assert await state_of(conn, paying) is PaymentState.PAID, "the payer's bank has the money"
    assert await refund_jobs(conn) == 0
    await assert_lawful(conn)
    await heard(conn, paying, WON, now=now)
    assert await state_of(conn, paying) is PaymentState.REFUNDING
    await assert_lawful(conn)


async def test_claimed_gift_whose_money_went_back_without_us_is_blocked(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    await claim(conn, paying, now=now)

    await heard(conn, paying, BACK, now=now)

    assert await state_of(conn, paying) is PaymentState.REFUNDED
    assert await gift_card(conn, paying) == FROZEN
    await assert_lawful(conn)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(SeenState.PAID, REF, Money(Minor(1), "INR")),
        Seen(SeenState.PAID, REF, Money(AMOUNT.amount_minor, "USD")),
        Seen(SeenState.PAID, "pi_2", AMOUNT),
    ],
    ids=["less", "other money", "another payment"],
)
async def test_payment_that_is_not_the_one_we_know_opens_nothing(conn: Conn, now: datetime, seen: Seen) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, OPEN, now=now)

    told = await heard(conn, paying, seen, now=now)

    assert told.after.state is PaymentState.PENDING
    assert told.after.problem is not None
    assert told.after.problem.startswith("the provider has")
    assert await gift_card(conn, paying) is None


async def test_unknown_payment_is_nobodys(conn: Conn, now: datetime) -> None:
    paying = await make_paying(conn, now=now)
    async with conn.transaction():
        assert (
            await hear(
                conn,
                merchant_id=paying.shop.merchant_id,
                payment_id=PaymentId(uuid4()),
                seen=PAID,
                told=LOOK,
                mint=mint,
                now=now,
            )
            is None
        )


BREAKS = {
    "paid, and nothing stands on a card": "UPDATE gift_cards SET gift_id = NULL",
    "paid, and the gift still waits": "UPDATE gifts SET status = 'AWAITING_PAYMENT'",
    "said to be unpaid": "UPDATE payments SET state = 'PENDING', paid_at = NULL",
    "said to be sent back": "UPDATE payments SET state = 'REFUNDING'",
    "another amount": "UPDATE payments SET amount_minor = amount_minor + 1",
    "sent back in part, and all of it is on the card": "UPDATE payments SET refunded_minor = 1",
    "the same, and claimed": """
        WITH claimed AS (
            UPDATE gifts SET status = 'CLAIMED', closed_at = created_at, claimed_by_customer_id = sender_customer_id,
                             claimed_card_id = sender_card_id
        ), given AS (
            UPDATE gift_cards SET owner_customer_id = g.sender_customer_id
            FROM gifts AS g WHERE g.gift_id = gift_cards.gift_id
        )
        UPDATE payments SET refunded_minor = 1
    """,
}


@pytest.mark.parametrize("name", BREAKS)
async def test_law_sees_money_that_is_in_no_place_or_in_two(conn: Conn, now: datetime, name: str) -> None:
    paying = await make_paying(conn, now=now)
    await heard(conn, paying, PAID, now=now)
    assert [await conn.fetch(query) for _, query in law.LAWS] == [[]] * len(law.LAWS)

    await conn.execute(BREAKS[name])

    broken = [row[0] for _, query in law.LAWS for row in await conn.fetch(query)]
    assert broken
    assert all(str(paying.payment.payment_id) in sentence for sentence in broken)
