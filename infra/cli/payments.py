"""`regulars payments`: what was paid for gifts of money, and whether our books say what the providers' do."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter, validators

from infra.cli.app import answer, opened
from infra.payments.keeping import Keeping, settle
from infra.payments.opening import opened_providers
from infra.wiring import opened_box
from resolvers.providers import ProviderTrouble
from wallet import payments
from wallet.payments import Payment
from wallet.values import CardId, MerchantId

Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))]

AT_ONCE = 8
BATCH = 50

payments_app = App(name="payments", help="Payments of gifts of money, and the providers that took them.")


@payments_app.command(name="list")
async def list_payments(
    *, merchant: UUID | None = None, unsettled: bool = False, most: Most = 100, json: bool = False
) -> None:
    """List payments, the newest first. --unsettled: those under way, disputed, or in trouble."""
    async with opened() as (_, pool, _clock), pool.acquire() as conn:
        merchant_id = MerchantId(merchant) if merchant else None
        found = await payments.newest(conn, merchant_id=merchant_id, open_only=unsettled, limit=most)
    if json:
        answer({"payments": [_facts(each) for each in found]}, as_json=True)
    elif found:
        answer({str(each.payment_id): _line(each) for each in found}, as_json=False)


@payments_app.command
async def reconcile(*, everything: bool = False, json: bool = False) -> None:
    """Ask the providers now how the payments stand that are due to be looked at, and put right what differs.

    A worker does this by itself. --everything asks about all that are not at peace, due or not, and sends money back
    once more that was sent back and did not arrive. Exit code 1 if one could not be asked.
    """
    changed, troubles = Counter[str](), Counter[str]()
    looked_at = 0
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with opened_providers(settings, pool, box, clock) as providers:
            keeping = Keeping(pool, clock, providers, box, _nobody_watches)
            async for batch in _batches(keeping, clock(), everything=everything):
                looked_at += len(batch)
                for gone in range(0, len(batch), AT_ONCE):
                    said = await asyncio.gather(
                        *(_look(keeping, each, everything) for each in batch[gone : gone + AT_ONCE])
                    )
                    changed.update(what for what, _ in said if what)
                    troubles.update(why for _, why in said if why)
    answer({"looked_at": looked_at, "changed": dict(changed), "not_seen": dict(troubles)}, as_json=json)
    if troubles:
        sys.exit(1)


async def _batches(keeping: Keeping, now: datetime, *, everything: bool) -> AsyncIterator[list[Payment]]:
    if everything:
        async with keeping.pool.acquire() as conn:
            found = await payments.newest(conn, merchant_id=None, open_only=True, limit=None)
        yield found
    while True:
        async with keeping.pool.acquire() as conn, conn.transaction():
            due = await payments.due_for_look(conn, limit=BATCH, now=now)
        if not due:
            return
        yield due


async def _look(keeping: Keeping, payment: Payment, again: bool) -> tuple[str | None, str | None]:
    """From which state to which it went, if it did; why it could not be seen, if so."""
    try:
        heard = await settle(keeping, payment.merchant_id, payment.payment_id, again=again)
    except ProviderTrouble as trouble:
        return None, f"{payment.provider}: {trouble}"
    if heard is None or not heard.changed:
        return None, None
    return f"{heard.before.state.value} to {heard.after.state.value}", None


def _nobody_watches(_merchant_id: MerchantId, _card_id: CardId) -> None:
    """Whoever watches a card hears of it when revisions are next compared, which takes some seconds."""


def _facts(each: Payment) -> dict[str, object]:
    return {
        "paymentId": each.payment_id,
        "merchantId": each.merchant_id,
        "giftId": each.gift_id,
        "provider": each.provider,
        "ref": each.ref,
        "state": each.state.value,
        "amountMinor": each.amount.amount_minor,
        "currency": each.amount.currency,
        "refundedMinor": each.refunded_minor,
        "disputedAt": each.disputed_at.isoformat() if each.disputed_at else None,
        "problem": each.problem,
        "waitsSince": each.waits_since.isoformat() if each.waits_since else None,
        "createdAt": each.created_at.isoformat(),
        "lookAt": each.look_at.isoformat() if each.look_at else None,
    }


def _line(each: Payment) -> str:
    disputed = f", disputed since {each.disputed_at:%Y-%m-%d}" if each.disputed_at else ""
    problem = f", {each.problem}" if each.problem else ""
    amount = f"{each.amount.amount_minor} {each.amount.currency} (minor units)"
    return (
        f"{each.created_at:%Y-%m-%d %H:%M} UTC, {each.payee}, {amount}, {each.provider}"
        f" {each.ref or 'not known there'}: {each.state.value}{disputed}{problem}"
    )
