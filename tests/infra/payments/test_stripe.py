"""Stripe by its own library, against a server that answers and fails as Stripe documents it; and signed messages."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from stripe import WebhookSignature

from auth.secrets import SecretBox
from infra.jobs.payments import payment_handlers
from infra.payments.keeping import Keeping, settle
from infra.payments.stripe_provider import StripeProvider
from infra.payments.webhooks import webhook_routes
from infra.pool import Pool
from resolvers.providers import ProviderRefused, ProviderTrouble, WebhookNotTheirs
from tests.infra.payments.stripe_server import KEY, StripeServer, Trouble, stripe_server
from tests.infra.working import HandClock, Told
from tests.wallet.payments.scenes import (
    AMOUNT,
    Paying,
    assert_lawful,
    end,
    events_of,
    gift_card,
    make_paying,
    now_is,
    state_of,
)
from wallet import payments
from wallet.database import Conn
from wallet.outbox import Job
from wallet.payments import Dispute, Payment, PaymentState, SeenState
from wallet.values import GiftId, MerchantId, Minor, Money, PaymentId

WEBHOOK_SECRET = "whsec_of_nobody"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BOX = SecretBox(b"k" * 32)

# Their client for httpx hands the form over by the parameter that httpx has for it no more.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")


def a_payment(amount: Money = AMOUNT) -> Payment:
    return Payment(
        merchant_id=MerchantId(uuid4()),
        payment_id=PaymentId(uuid4()),
        gift_id=GiftId(uuid4()),
        provider="stripe",
        ref=None,
        state=PaymentState.CREATED,
        amount=amount,
        refunded_minor=0,
        refunds_failed=0,
        disputed_at=None,
        problem=None,
        created_at=NOW,
        changed_at=NOW,
        paid_at=None,
        look_at=None,
        payee="Monsoon Coffee",
    )


@pytest.fixture
async def api() -> AsyncIterator[StripeServer]:
    async with stripe_server() as found:
        yield found


@pytest.fixture
async def stripe(api: StripeServer) -> AsyncIterator[StripeProvider]:
    found = StripeProvider(KEY, WEBHOOK_SECRET, api_base=api.url, timeout=2.0)
    yield found
    await found.close()


async def test_intent_has_our_names_and_our_key(api: StripeServer, stripe: StripeProvider) -> None:
    payment = a_payment()

    created = await stripe.create(payment)

    assert (created.ref, created.client_secret, created.url) == ("pi_1", "pi_1_secret_x", None)
    [asked] = api.asked
    assert (asked.method, asked.path) == ("POST", "/v1/payment_intents")
    assert asked.form == {
        "amount": "50000",
        "currency": "inr",
        "automatic_payment_methods[enabled]": "true",
        "description": "Gift card",
        "metadata[merchant_id]": str(payment.merchant_id),
        "metadata[payment_id]": str(payment.payment_id),
    }
    assert asked.headers["idempotency-key"] == str(payment.payment_id)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "stripe-version" in asked.headers
    assert "x-stripe-client-telemetry" not in asked.headers
    assert "secret" not in repr(created)


async def test_merchant_who_was_renamed_does_not_make_it_another_request(
    api: StripeServer, stripe: StripeProvider
) -> None:
    payment = a_payment()

    first, second = await stripe.create(payment), await stripe.create(replace(payment, payee="Winter Coffee"))

    assert first == second
    assert len(api.intents) == 1


async def test_made_again_it_is_the_same_intent_with_the_same_secret(api: StripeServer, stripe: StripeProvider) -> None:
    payment = a_payment()

    first, second = await stripe.create(payment), await stripe.create(payment)
    third = await stripe.create(replace(payment, ref=first.ref))

    assert first == second == third
    assert len(api.intents) == 1
    assert [asked.method for asked in api.asked] == ["POST", "POST", "GET"]


@pytest.mark.parametrize("trouble", [Trouble.CUT_BEFORE, Trouble.CUT_AFTER, Trouble.IN_USE, Trouble.BROKEN])
async def test_what_may_have_been_done_is_asked_again_with_the_same_key(
    api: StripeServer, stripe: StripeProvider, trouble: Trouble
) -> None:
    api.troubles = [trouble]

    created = await stripe.create(a_payment())

    assert created.ref == "pi_1"
    assert len(api.intents) == 1
    first, second = api.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.form == second.form


@pytest.mark.parametrize(
    ("troubles", "made"),
    [
        ([Trouble.TOO_MANY], 0),
        ([Trouble.BROKEN] * 3, 0),
        ([Trouble.CUT_BEFORE] * 3, 0),
        ([Trouble.CUT_AFTER] * 3, 1),
        ([Trouble.SILENT] * 3, 1),
    ],
    ids=["429", "500", "cut before", "cut after", "no answer"],
)
async def test_trouble_that_stays_is_told_and_asking_later_makes_no_second_intent(
    api: StripeServer, troubles: list[Trouble], made: int
) -> None:
    stripe = StripeProvider(KEY, WEBHOOK_SECRET, api_base=api.url, timeout=0.2)
    api.troubles = list(troubles)
    payment = a_payment()

    with pytest.raises(ProviderTrouble) as told:
        await stripe.create(payment)

    assert KEY not in str(told.value)
    assert len(api.intents) == made
    assert (await stripe.create(payment)).ref == "pi_1"
    assert len(api.intents) == 1
    await stripe.close()


async def test_payment_that_stripe_does_not_take_is_refused_without_quoting_it(
    api: StripeServer, stripe: StripeProvider
) -> None:
    with pytest.raises(ProviderRefused, match=r"^InvalidRequestError 400 amount_too_small$"):
        await stripe.create(a_payment(Money(Minor(1), "INR")))
    with pytest.raises(ProviderRefused, match="currency MGA"):
        await stripe.create(a_payment(Money(Minor(1000), "MGA")))
    assert api.intents == {}


async def test_wrong_key_is_trouble_for_the_operator_and_refuses_no_payment(api: StripeServer) -> None:
    stripe = StripeProvider("sk_test_wrong", WEBHOOK_SECRET, api_base=api.url)
    for asking in (stripe.create(a_payment()), stripe.look("pi_1"), stripe.cancel("pi_1")):
        with pytest.raises(ProviderTrouble, match="AuthenticationError 401"):
            await asking
    await stripe.close()


async def test_currency_without_decimals_is_written_as_stripe_has_it(api: StripeServer, stripe: StripeProvider) -> None:
    created = await stripe.create(a_payment(Money(Minor(500), "ISK")))
    yen = await stripe.create(a_payment(Money(Minor(500), "JPY")))

    assert [api.intents[each.ref]["amount"] for each in (created, yen)] == [50_000, 500]
    assert (await stripe.look(created.ref)).amount == Money(Minor(500), "ISK")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("requires_payment_method", SeenState.OPEN),
        ("requires_action", SeenState.OPEN),
        ("processing", SeenState.OPEN),
        ("canceled", SeenState.CANCELLED),
        ("succeeded", SeenState.PAID),
    ],
)
async def test_intent_is_seen_as_it_stands(
    api: StripeServer, stripe: StripeProvider, status: str, state: SeenState
) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.intents[ref]["status"] = status

    seen = await stripe.look(ref)

    assert (seen.state, seen.ref, seen.amount, seen.refunded_minor, seen.disputes) == (state, ref, AMOUNT, 0, ())


async def test_card_that_was_declined_leaves_the_payment_open_with_the_reason(
    api: StripeServer, stripe: StripeProvider
) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.intents[ref]["last_payment_error"] = {"code": "card_declined", "decline_code": "insufficient_funds"}

    seen = await stripe.look(ref)

    assert (seen.state, seen.problem) == (SeenState.OPEN, "insufficient_funds")


async def test_unknown_intent_is_unknown(stripe: StripeProvider) -> None:
    assert (await stripe.look("pi_9")).state is SeenState.UNKNOWN
    assert (await stripe.cancel("pi_9")).state is SeenState.UNKNOWN


@pytest.mark.parametrize(
    ("statuses", "disputes"),
    [
        (["needs_response"], (Dispute("dp_1"),)),
        (["lost"], (Dispute("dp_1"),)),
        (["won"], (Dispute("dp_1", won=True),)),
        (["warning_needs_response"], ()),
        (["won", "needs_response"], (Dispute("dp_1", won=True), Dispute("dp_2"))),
    ],
)
async def test_every_dispute_is_seen_in_which_a_bank_took_money(
    api: StripeServer, stripe: StripeProvider, statuses: list[str], disputes: tuple[Dispute, ...]
) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.pay(ref)
    for number, status in enumerate(statuses, 1):
        api.dispute(ref, status, number=number)

    assert (await stripe.look(ref)).disputes == disputes


@pytest.mark.parametrize("trouble", [None, Trouble.CUT_AFTER, Trouble.BROKEN])
async def test_refund_goes_back_once_for_each_key(
    api: StripeServer, stripe: StripeProvider, trouble: Trouble | None
) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.pay(ref)
    api.troubles = [trouble] if trouble else []

    for _ in range(2):
        seen = await stripe.refund(ref, AMOUNT, "key")
        assert seen.refunded_minor == AMOUNT.amount_minor
    # and under another key, as when Stripe has forgotten ours, what is back already is no trouble
    assert (await stripe.refund(ref, AMOUNT, "later")).refunded_minor == AMOUNT.amount_minor
    assert api.intents[ref]["latest_charge"]["amount_refunded"] == AMOUNT.amount_minor


async def test_disputed_payment_is_not_sent_back_but_seen(api: StripeServer, stripe: StripeProvider) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.pay(ref)
    api.dispute(ref, "needs_response")

    seen = await stripe.refund(ref, AMOUNT, "key")

    assert (seen.refunded_minor, seen.disputes) == (0, (Dispute("dp_1"),))


async def test_paid_intent_cannot_be_cancelled_and_says_that_it_is_paid(
    api: StripeServer, stripe: StripeProvider
) -> None:
    ref = (await stripe.create(a_payment())).ref
    api.pay(ref)
    other = (await stripe.create(a_payment())).ref

    assert (await stripe.cancel(ref)).state is SeenState.PAID
    assert [(await stripe.cancel(other)).state for _ in range(2)] == [SeenState.CANCELLED] * 2


async def test_what_is_left_goes_back_where_part_of_it_went_back_by_hand(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    keeping = Keeping(pool, HandClock(now), {"stripe": stripe}, BOX, Told())
    paying = await make_paying(conn, now=now)
    ids = (paying.shop.merchant_id, paying.payment.payment_id)
    await settle(keeping, *ids)
    ref = (await now_is(conn, paying)).ref
    assert ref is not None
    api.pay(ref)
    await settle(keeping, *ids)
    await stripe.refund(ref, Money(Minor(20_000), "INR"), "by hand")
    await end(conn, paying, now=now)

    # the first try asks for too much, and learns how much is left
    for _ in range(2):
        assert await state_of(conn, paying) is PaymentState.REFUNDING
        await settle(keeping, *ids)

    assert await state_of(conn, paying) is PaymentState.REFUNDED
    assert api.intents[ref]["latest_charge"]["amount_refunded"] == AMOUNT.amount_minor
    await assert_lawful(conn)


async def test_refund_that_failed_is_owed_again_and_sent_again_when_somebody_says_so(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    # given a payment that went back
    clock = HandClock(now)
    keeping = Keeping(pool, clock, {"stripe": stripe}, BOX, Told())
    paying, ref = await paid_back(keeping, conn, api)
    ids = (paying.shop.merchant_id, paying.payment.payment_id)
    # when its bank could not take it, and no message says so
    api.bounce(ref, "expired_or_canceled_card")
    for _ in range(2):
        await settle(keeping, *ids)
    # then it is owed, and nothing is sent by itself
    owed = await now_is(conn, paying)
    assert (owed.state, owed.refunded_minor, owed.refunds_failed) == (PaymentState.REFUNDING, 0, 1)
    assert (owed.problem, owed.waits_since) == ("refund failed: expired_or_canceled_card", now)
    assert owed.look_at is not None, "whoever sends it back by hand tells nobody else"
    assert len(api.intents[ref]["latest_charge"]["refunds"]["data"]) == 1
    await assert_lawful(conn)
    # and once somebody wants it sent again, it is, once
    for _ in range(2):
        await settle(keeping, *ids, again=True)
    back = await now_is(conn, paying)
    assert (back.state, back.refunded_minor, back.problem) == (PaymentState.REFUNDED, AMOUNT.amount_minor, None)
    assert [each["status"] for each in api.intents[ref]["latest_charge"]["refunds"]["data"]] == ["failed", "succeeded"]
    # and when that one fails too, it is known apart from the first
    api.bounce(ref, "lost_or_stolen_card")
    await settle(keeping, *ids)
    owed = await now_is(conn, paying)
    assert (owed.state, owed.refunds_failed, owed.problem) == (
        PaymentState.REFUNDING,
        2,
        "refund failed: lost_or_stolen_card",
    )
    assert await payments.newest(conn, merchant_id=None, open_only=True, limit=9) == [owed]
    await assert_lawful(conn)


async def test_what_the_merchant_sent_back_by_hand_after_a_failure_is_not_sent_twice(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    keeping = Keeping(pool, HandClock(now), {"stripe": stripe}, BOX, Told())
    paying, ref = await paid_back(keeping, conn, api)
    ids = (paying.shop.merchant_id, paying.payment.payment_id)
    api.bounce(ref, "unknown")
    await settle(keeping, *ids)
    await stripe.refund(ref, AMOUNT, "by hand")

    await settle(keeping, *ids, again=True)

    assert await state_of(conn, paying) is PaymentState.REFUNDED
    assert api.intents[ref]["latest_charge"]["amount_refunded"] == AMOUNT.amount_minor
    assert len(api.intents[ref]["latest_charge"]["refunds"]["data"]) == 2


async def test_what_the_merchant_sent_back_by_hand_after_a_failure_is_noticed_and_nothing_is_sent(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    clock = HandClock(now)
    keeping = Keeping(pool, clock, {"stripe": stripe}, BOX, Told())
    paying, ref = await paid_back(keeping, conn, api)
    api.bounce(ref, "unknown")
    await settle(keeping, paying.shop.merchant_id, paying.payment.payment_id)
    # given a merchant who sends half of it back by hand, and a message that says so
    app = Starlette(routes=webhook_routes(keeping))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as http:
        for half in (1, 2):
            await stripe.refund(ref, Money(Minor(AMOUNT.amount_minor // 2), "INR"), f"by hand {half}")
            api.asked.clear()
            clock.forward(timedelta(minutes=1))
            assert await say(http, "charge.refunded", api.intents[ref]["latest_charge"]) == "Taken in."
            # when the worker looks, as it does at once
            async with conn.transaction():
                [due] = await payments.due_for_look(conn, limit=10, now=clock())
            await settle(keeping, due.merchant_id, due.payment_id)
            # then what went back is known, and nothing was sent
            assert [asked.method for asked in api.asked] == ["GET"]
            found = await now_is(conn, paying)
            state = PaymentState.REFUNDING if half == 1 else PaymentState.REFUNDED
            assert (found.state, found.refunded_minor) == (state, half * AMOUNT.amount_minor // 2)
            assert found.waits_for_a_person == (half == 1)


async def test_job_of_money_that_did_not_arrive_ends_and_asks_for_nothing(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    keeping = Keeping(pool, HandClock(now), {"stripe": stripe}, BOX, Told())
    paying, ref = await paid_back(keeping, conn, api)
    api.bounce(ref, "unknown")
    await settle(keeping, paying.shop.merchant_id, paying.payment.payment_id)
    api.asked.clear()
    payload = {"merchantId": str(paying.shop.merchant_id), "paymentId": str(paying.payment.payment_id)}

    await payment_handlers(keeping)[payments.REFUND_TOPIC].run(Job(1, payments.REFUND_TOPIC, payload, now, 1))

    assert [asked.method for asked in api.asked] == ["GET"]
    assert (await now_is(conn, paying)).waits_for_a_person


async def paid_back(keeping: Keeping, conn: Conn, api: StripeServer) -> tuple[Paying, str]:
    """A payment whose gift was cancelled, REFUNDED, and its name there."""
    paying = await make_paying(conn, now=keeping.clock())
    ids = (paying.shop.merchant_id, paying.payment.payment_id)
    await settle(keeping, *ids)
    ref = (await now_is(conn, paying)).ref
    assert ref is not None
    api.pay(ref)
    await settle(keeping, *ids)
    await end(conn, paying, now=keeping.clock())
    await settle(keeping, *ids)
    assert await state_of(conn, paying) is PaymentState.REFUNDED
    return paying, ref


# ---------------------------------------------------------------- messages


def message(kind: str, subject: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": subject}}).encode()


def headers_of(body: bytes, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> dict[str, str]:
    return {"stripe-signature": WebhookSignature.generate_signature_header(body.decode(), secret, at)}


async def say(http: httpx.AsyncClient, kind: str, subject: dict[str, Any]) -> str:
    """What a message is answered."""
    body = message(kind, subject)
    answer = await http.post("/payments/stripe/webhook", content=body, headers=headers_of(body))
    assert answer.status_code == 200
    said: str = answer.json()["said"]
    return said


async def test_messages_say_what_a_look_would(api: StripeServer, stripe: StripeProvider) -> None:
    payment = a_payment()
    ref = (await stripe.create(payment)).ref

    async def read(kind: str, subject: dict[str, Any]) -> Any:
        body = message(kind, subject)
        return stripe.read_webhook(headers_of(body), body, NOW)

    api.pay(ref)
    paid = await read("payment_intent.succeeded", api.shown(ref))
    assert (paid.event_id, paid.seen, paid.payment) == (
        "evt_1",
        await stripe.look(ref),
        (payment.merchant_id, payment.payment_id),
    )
    await stripe.refund(ref, AMOUNT, "key")
    back = await read("charge.refunded", api.intents[ref]["latest_charge"])
    assert back.seen == await stripe.look(ref)
    assert back.payment == paid.payment
    disputed = await read("charge.dispute.created", api.dispute(ref, "needs_response"))
    assert (disputed.seen.state, disputed.seen.ref, disputed.seen.disputes) == (SeenState.PAID, ref, (Dispute("dp_1"),))
    assert disputed.payment is None
    assert await read("charge.dispute.created", api.dispute(ref, "warning_needs_response")) is None
    assert await read("customer.created", {"id": "cus_1", "object": "customer"}) is None


@pytest.mark.parametrize("spoilt", ["body", "secret", "old", "unsigned", "garbled", "no json"])
async def test_message_that_is_not_theirs_is_refused(stripe: StripeProvider, spoilt: str) -> None:
    body = message("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent"})
    headers = headers_of(body)
    match spoilt:
        case "body":
            body = body.replace(b"pi_1", b"pi_2")
        case "secret":
            headers = headers_of(body, secret="whsec_of_another")
        case "old":
            headers = headers_of(body, at=int(time.time()) - 301)
        case "unsigned":
            headers = {}
        case "garbled":
            headers = {"stripe-signature": "t=now,v1=" + "0" * 64}
        case "no json":
            body = b"\xff{"
    with pytest.raises(WebhookNotTheirs):
        stripe.read_webhook(headers, body, NOW)


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
async def test_message_that_a_refund_failed_counts_whenever_it_comes(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, kind: str, now: datetime
) -> None:
    # given a payment that went back, and the message that it did, which lingers
    keeping = Keeping(pool, HandClock(now), {"stripe": stripe}, BOX, Told())
    app = Starlette(routes=webhook_routes(keeping))
    paying, ref = await paid_back(keeping, conn, api)
    lingering = dict(api.intents[ref]["latest_charge"])
    arrived = dict(lingering["refunds"]["data"][0])
    failed = api.bounce(ref, "declined")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as http:
        # when
        assert await say(http, "refund.updated", arrived) == "Nothing to do."
        assert await state_of(conn, paying) is PaymentState.REFUNDED
        for _ in range(2):
            assert await say(http, kind, failed) == "Taken in."
        assert await say(http, "charge.refunded", lingering) == "Taken in."
    # then
    owed = await now_is(conn, paying)
    assert (owed.state, owed.refunds_failed, owed.problem) == (PaymentState.REFUNDING, 1, "refund failed: declined")
    assert (await events_of(conn, paying))[-2:] == ["REFUNDED", "REFUND_FAILED"]
    await assert_lawful(conn)


async def test_gift_is_paid_disputed_and_paid_back_through_stripe(
    pool: Pool, conn: Conn, api: StripeServer, stripe: StripeProvider, now: datetime
) -> None:
    """The whole way with the real library: made by a look, paid by a message, sent back by a look."""
    clock, told = HandClock(now), Told()
    keeping = Keeping(pool, clock, {"stripe": stripe}, BOX, told)
    app = Starlette(routes=webhook_routes(keeping))
    paying = await make_paying(conn, now=now)
    ids = (paying.shop.merchant_id, paying.payment.payment_id)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as http:
        await settle(keeping, *ids)
        ref = (await now_is(conn, paying)).ref
        assert ref is not None
        api.pay(ref)
        for _ in range(2):
            assert await say(http, "payment_intent.succeeded", api.shown(ref)) == "Taken in."
        assert await gift_card(conn, paying) == ("ACTIVE", AMOUNT.amount_minor)
        assert told.cards[-1] == (paying.shop.merchant_id, paying.card_id)

        assert await say(http, "charge.dispute.created", api.dispute(ref, "needs_response")) == "Taken in."
        assert await gift_card(conn, paying) == ("BLOCKED", AMOUNT.amount_minor)
        await end(conn, paying, now=now)
        assert await state_of(conn, paying) is PaymentState.PAID
        api.intents[ref]["latest_charge"]["disputed"] = False
        assert await say(http, "charge.dispute.closed", api.dispute(ref, "won")) == "Taken in."
        assert await state_of(conn, paying) is PaymentState.REFUNDING
        api.intents[ref]["latest_charge"]["disputed"] = False
        await settle(keeping, *ids)

    assert await state_of(conn, paying) is PaymentState.REFUNDED
    assert api.intents[ref]["latest_charge"]["amount_refunded"] == AMOUNT.amount_minor
    await assert_lawful(conn)
