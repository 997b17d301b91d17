"""What we know of payments is brought in step with what their providers know, by a look alone and by the command."""

import asyncio
import json
from datetime import timedelta

from infra.payments.keeping import refund_key
from infra.sweeps import queue_looks
from tests.database import Database, run_sql
from tests.infra.commands import environment_of, regulars
from tests.infra.payments.shop import Scene, paying_scene
from tests.live import MovableClock
from tests.wallet.payments.scenes import (
    AMOUNT,
    Paying,
    assert_lawful,
    claim,
    end,
    events_of,
    gift_card,
    gift_status,
    heard,
    state_of,
)
from wallet.database import Conn
from wallet.payments import UNPAID_MAX, FailedRefund, PaymentState, Seen, SeenState
from wallet.values import Minor, Money

LOST_SQL = "DELETE FROM outbox WHERE topic = 'payment.webhook'"
TOPICS_SQL = "SELECT topic FROM outbox ORDER BY outbox_id"
CONTACT_SQL = "UPDATE merchants SET contact_email = 'owner@shop.example'"
FORGET_SQL = "DELETE FROM builtin_payments"


async def test_payment_that_the_provider_never_heard_of_is_made_there_with_the_same_key(
    database: Database, conn: Conn
) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying = await scene.make_paying(conn)

        first = await scene.settled(paying)
        # given a process that died before it could note the ref: the same one is found again
        second = await scene.bank.create(paying.payment)

        assert first.after.state is PaymentState.PENDING
        assert first.after.ref == second.ref
        assert await events_of(conn, paying) == ["CREATED", "PENDING"]


async def test_paid_there_is_paid_here_though_no_message_came(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        await scene.bank.approve(ref)
        await conn.execute(LOST_SQL)

        await scene.settled(paying)

        assert await state_of(conn, paying) is PaymentState.PAID
        assert await gift_card(conn, paying) == ("ACTIVE", AMOUNT.amount_minor)
        await assert_lawful(conn)


async def test_unpaid_after_a_day_is_cancelled_there_and_here(database: Database, conn: Conn) -> None:
    clock = MovableClock()
    async with paying_scene(database, with_worker=False, clock=clock) as scene:
        paying, ref = await scene.started(conn)
        never_told = await scene.make_paying(conn)
        clock.advance(UNPAID_MAX - timedelta(minutes=1))
        await scene.settled(paying)
        assert await state_of(conn, paying) is PaymentState.PENDING

        clock.advance(timedelta(minutes=2))
        await scene.settled(paying)
        await scene.settled(never_told)

        for one in (paying, never_told):
            assert await state_of(conn, one) is PaymentState.CANCELLED
            assert await gift_status(conn, one) == "CANCELLED"
        assert (await scene.bank.look(ref)).state is SeenState.CANCELLED
        await assert_lawful(conn)


async def test_payer_who_was_faster_than_the_cancellation_gets_the_money_back(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        await end(conn, paying, now=scene.live.clock())
        await scene.bank.approve(ref)
        await conn.execute(LOST_SQL)

        await scene.settled(paying)
        assert await state_of(conn, paying) is PaymentState.REFUNDING
        await scene.settled(paying)

        assert await state_of(conn, paying) is PaymentState.REFUNDED
        assert (await scene.bank.look(ref)).refunded_minor == AMOUNT.amount_minor
        await assert_lawful(conn)


async def test_money_that_went_back_without_us_ends_the_gift(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        claimed, other = await scene.started(conn)
        for each in (ref, other):
            await scene.bank.approve(each)
        for one in (paying, claimed):
            await scene.settled(one)
        await claim(conn, claimed, now=scene.live.clock())

        for one, each in ((paying, ref), (claimed, other)):
            await scene.bank.refund(each, AMOUNT, "by hand " + each)
            await scene.settled(one)

        assert (await gift_status(conn, paying), await gift_card(conn, paying)) == ("CANCELLED", ("DEACTIVATED", 0))
        assert await gift_card(conn, claimed) == ("BLOCKED", AMOUNT.amount_minor)
        await assert_lawful(conn)


async def test_refund_that_was_made_and_not_noted_is_not_made_again(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        await scene.bank.approve(ref)
        await scene.settled(paying)
        await end(conn, paying, now=scene.live.clock())
        await scene.bank.refund(ref, AMOUNT, refund_key(paying.payment, 0))

        await scene.settled(paying)

        assert await state_of(conn, paying) is PaymentState.REFUNDED
        assert (await scene.bank.look(ref)).refunded_minor == AMOUNT.amount_minor


async def test_nothing_is_asked_back_while_the_payers_bank_has_the_money(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        # given a payment that is to go back, and is disputed before it does; the bank would send it even so
        paying, ref = await scene.started(conn)
        await scene.bank.approve(ref)
        await scene.settled(paying)
        await end(conn, paying, now=scene.live.clock())
        await scene.bank.dispute(ref)
        await heard(conn, paying, await scene.bank.look(ref), now=scene.live.clock())
        await scene.bank.dispute(ref, won=True)

        first = await scene.settled(paying)

        assert (first.after.state, first.after.disputed_at) == (PaymentState.REFUNDING, None)
        assert (await scene.bank.look(ref)).refunded_minor == 0, "a look that only looks"
        await scene.settled(paying)
        assert await state_of(conn, paying) is PaymentState.REFUNDED
        await assert_lawful(conn)


async def test_rest_of_a_payment_goes_back_where_a_part_went_back_by_hand(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paying, ref = await scene.started(conn)
        await scene.bank.approve(ref)
        await scene.bank.refund(ref, Money(Minor(20_000), AMOUNT.currency), "by hand")
        await scene.settled(paying)
        assert await gift_card(conn, paying) == ("ACTIVE", 30_000)

        await end(conn, paying, now=scene.live.clock())
        await scene.settled(paying)

        assert await state_of(conn, paying) is PaymentState.REFUNDED
        assert (await scene.bank.look(ref)).refunded_minor == AMOUNT.amount_minor
        await assert_lawful(conn)


async def test_payment_that_the_provider_lost_is_kept_until_its_time_is_over(database: Database, conn: Conn) -> None:
    clock = MovableClock()
    async with paying_scene(database, with_worker=False, clock=clock) as scene:
        paying, _ = await scene.started(conn)
        await run_sql(database.superuser_dsn, FORGET_SQL)

        await scene.settled(paying)
        assert await state_of(conn, paying) is PaymentState.PENDING
        clock.advance(UNPAID_MAX)
        await scene.settled(paying)

        assert await state_of(conn, paying) is PaymentState.CANCELLED


async def test_sweep_has_the_worker_look_and_no_provider_is_asked_in_its_transaction(
    database: Database, conn: Conn
) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        await scene.make_paying(conn)
        then = scene.live.clock() + timedelta(minutes=1)

        async with conn.transaction():
            assert await queue_looks(conn, limit=50, now=then) == []
            await queue_looks(conn, limit=50, now=then)

        assert [row["topic"] for row in await conn.fetch(TOPICS_SQL)] == ["payment.look"]


async def test_worker_looks_by_itself(database: Database, conn: Conn) -> None:
    clock = MovableClock()
    async with paying_scene(database, clock=clock) as scene:
        paying = await scene.make_paying(conn)
        clock.advance(timedelta(minutes=1))

        await scene.until_state(conn, paying, PaymentState.PENDING)


async def test_merchant_is_mailed_of_a_dispute_in_their_language(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)
        await run_sql(database.superuser_dsn, CONTACT_SQL)
        await scene.press(f"/pay/{ref}", "approve")
        await scene.until_state(conn, paying, PaymentState.PAID)

        await scene.bank.dispute(ref)

        mail = await scene.live.mailbox.wait_for("owner@shop.example")
        assert mail.subject == "A payment of ₹500 is disputed"
        assert ref in mail.text
        assert "₹500" in mail.html
        assert "is blocked" in mail.text


async def test_merchant_is_mailed_of_money_that_did_not_arrive(database: Database, conn: Conn) -> None:
    async with paying_scene(database) as scene:
        paying, ref = await scene.started(conn)
        await run_sql(database.superuser_dsn, CONTACT_SQL)
        await scene.press(f"/pay/{ref}", "approve")
        await scene.until_state(conn, paying, PaymentState.PAID)
        await end(conn, paying, now=scene.live.clock())
        await scene.until_state(conn, paying, PaymentState.REFUNDED)

        failed = (FailedRefund("re_1", AMOUNT.amount_minor, "declined"),)
        await heard(conn, paying, Seen(SeenState.PAID, ref, failed_refunds=failed), now=scene.live.clock())

        async with asyncio.timeout(30):
            mail = await scene.live.mailbox.wait_for("owner@shop.example")
        assert mail.subject == "A refund of ₹500 did not arrive"
        assert ref in mail.text
        assert "₹500 is still owed" in mail.html


async def reconciled(database: Database, *arguments: str, code: int = 0, **more: str) -> dict[str, object]:
    """What the command says."""
    chosen = {"REGULARS_ENVIRONMENT": "development", "REGULARS_PAYMENTS": "builtin", "REGULARS_LOG_LEVEL": "error"}
    settings = environment_of(database, **{**chosen, **more})
    done = await regulars("payments", "reconcile", "--json", *arguments, environment=settings)
    assert done.code == code, done.err
    found: dict[str, object] = json.loads(done.out.splitlines()[-1])
    return found


async def test_command_reconciles_and_lists(database: Database, conn: Conn) -> None:
    async with paying_scene(database, with_worker=False) as scene:
        paid, begun = await paid_unheard(scene, conn), await scene.make_paying(conn)

        assert await reconciled(database) == {"looked_at": 0, "changed": {}, "not_seen": {}}
        told = await reconciled(database, "--everything")
        assert told == {"looked_at": 2, "changed": {"PENDING to PAID": 1, "CREATED to PENDING": 1}, "not_seen": {}}
        told = await reconciled(database, "--everything", REGULARS_PAYMENTS="none", code=1)
        assert told["not_seen"] == {"builtin: provider builtin is not set up": 1}

        settings = environment_of(database, REGULARS_ENVIRONMENT="development")
        listed = await regulars("payments", "list", "--json", environment=settings)
        unsettled = await regulars("payments", "list", "--unsettled", environment=settings)
    found = {each["paymentId"]: each for each in json.loads(listed.out)["payments"]}
    assert found[str(paid.payment.payment_id)]["state"] == "PAID"
    assert found[str(begun.payment.payment_id)]["state"] == "PENDING"
    assert str(begun.payment.payment_id) in unsettled.out
    assert str(paid.payment.payment_id) not in unsettled.out


async def paid_unheard(scene: Scene, conn: Conn) -> Paying:
    """Paid at the bank, and nobody told us."""
    paying, ref = await scene.started(conn)
    await scene.bank.approve(ref)
    await conn.execute(LOST_SQL)
    return paying
