"""Having a gift paid for: what the sender's app gets, and what is left when the provider does not answer or refuses."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from infra.payments.builtin import BuiltinProvider
from infra.payments.stripe_provider import StripeProvider
from infra.pool import Pool
from resolvers import payments as paying
from resolvers.context import RequestContext
from schema.payment import GiftPayment
from tests.infra.payments.stripe_server import KEY, StripeServer, Trouble, stripe_server
from tests.resolvers.api import Api
from tests.wallet.payments.scenes import (
    assert_lawful,
    end,
    events_of,
    gift_status,
    heard,
    make_paying,
    now_is,
    state_of,
)
from wallet.database import Conn
from wallet.payments import UNPAID_MAX, PaymentState, Seen, SeenState

# Their client for httpx hands the form over by the parameter that httpx has for it no more.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

NEITHER = GiftPayment(provider="stripe", paid=False, refunded=False)
SECRET = GiftPayment(provider="stripe", client_secret="pi_1_secret_x", paid=False, refunded=False)


@pytest.fixture
async def stripe_api() -> AsyncIterator[StripeServer]:
    async with stripe_server() as found:
        yield found


@pytest.fixture
async def context(anybody: Api, stripe_api: StripeServer) -> AsyncIterator[RequestContext]:
    """Of a request to an application that takes money by Stripe."""
    stripe = StripeProvider(KEY, "whsec_of_nobody", api_base=stripe_api.url, timeout=0.2)
    found = anybody.context()
    found.payments = stripe
    yield found
    await stripe.close()


async def test_app_gets_the_secret_to_pay_with_however_often_it_asks(
    conn: Conn, context: RequestContext, stripe_api: StripeServer, now: datetime
) -> None:
    scene = await make_paying(conn, now=now)

    assert await paying.start(context, scene.payment) == SECRET
    assert await paying.start(context, await now_is(conn, scene)) == SECRET
    assert await paying.start(context, scene.payment) == SECRET

    assert len(stripe_api.intents) == 1
    assert (await now_is(conn, scene)).ref == "pi_1"
    assert await events_of(conn, scene) == ["CREATED", "PENDING"]
    await assert_lawful(conn)


async def test_app_gets_the_page_to_pay_on(pool: Pool, conn: Conn, anybody: Api, now: datetime) -> None:
    scene = await make_paying(conn, provider="builtin", now=now)
    context = anybody.context()
    context.payments = BuiltinProvider(pool, lambda: now, context.box, "https://shop.example")

    started = await paying.start(context, scene.payment)

    ref = (await now_is(conn, scene)).ref
    assert started == GiftPayment(provider="builtin", url=f"https://shop.example/pay/{ref}", paid=False, refunded=False)


@pytest.mark.parametrize("trouble", [Trouble.CUT_BEFORE, Trouble.CUT_AFTER, Trouble.SILENT])
async def test_provider_that_does_not_answer_leaves_a_payment_that_can_be_started_again(
    conn: Conn, context: RequestContext, stripe_api: StripeServer, now: datetime, trouble: Trouble
) -> None:
    scene = await make_paying(conn, now=now)
    stripe_api.troubles = [trouble] * 3

    assert await paying.start(context, scene.payment) == NEITHER
    assert await state_of(conn, scene) is PaymentState.CREATED
    assert await paying.start(context, scene.payment) == SECRET

    assert len(stripe_api.intents) == 1
    assert await state_of(conn, scene) is PaymentState.PENDING


async def test_payment_that_the_provider_never_takes_ends_the_gift(
    conn: Conn, anybody: Api, context: RequestContext, stripe_api: StripeServer, now: datetime
) -> None:
    scene = await make_paying(conn, now=now)
    stripe_api.least = 100_000_000

    assert await paying.start(context, scene.payment) == NEITHER

    assert await state_of(conn, scene) is PaymentState.FAILED
    assert (await now_is(conn, scene)).problem == "InvalidRequestError 400 amount_too_small"
    assert await gift_status(conn, scene) == "CANCELLED"
    assert anybody.published == [(scene.shop.merchant_id, scene.card_id)]
    await assert_lawful(conn)


async def test_what_is_paid_or_over_asks_nobody(
    conn: Conn, context: RequestContext, stripe_api: StripeServer, now: datetime
) -> None:
    scene = await make_paying(conn, now=now)
    await heard(conn, scene, Seen(SeenState.PAID, "pi_9"), now=now)

    assert await paying.start(context, await now_is(conn, scene)) == GiftPayment(
        provider="stripe", paid=True, refunded=False
    )
    await end(conn, scene, now=now)
    amount = scene.payment.amount
    await heard(conn, scene, Seen(SeenState.PAID, "pi_9", amount, refunded_minor=amount.amount_minor), now=now)
    assert await paying.start(context, await now_is(conn, scene)) == GiftPayment(
        provider="stripe", paid=True, refunded=True
    )
    assert stripe_api.asked == []


async def test_payment_of_yesterday_is_not_started_any_more(
    conn: Conn, context: RequestContext, stripe_api: StripeServer, now: datetime
) -> None:
    # given payments that began a day ago: one is unknown there, and a look has just found it to be over
    scene = await make_paying(conn, now=context.now - UNPAID_MAX)
    late = await make_paying(conn, now=context.now - UNPAID_MAX + timedelta(seconds=1))

    assert await paying.start(context, scene.payment) == NEITHER
    assert stripe_api.asked == []
    assert await paying.start(context, late.payment) == SECRET


async def test_payment_stays_with_the_provider_that_it_began_with(
    conn: Conn, context: RequestContext, stripe_api: StripeServer, now: datetime
) -> None:
    scene = await make_paying(conn, provider="builtin", now=now)

    started = await paying.start(context, scene.payment)

    assert started == GiftPayment(provider="builtin", paid=False, refunded=False)
    assert stripe_api.asked == []
