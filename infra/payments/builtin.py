"""The built-in provider, for the demo and the tests: a bank that moves no money, and does what is clicked on its page.

It is a component of its own, as if it ran elsewhere: it has its own tables and transactions, is asked outside of ours,
and tells us what happened by HTTP, signed, as often as it takes. https://www.standardwebhooks.com
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

import orjson

from auth import base64url, standard_webhooks
from auth.secrets import SecretBox
from auth.standard_webhooks import SignatureInvalid
from infra.clock import Clock
from resolvers.providers import Created, News, WebhookNotTheirs
from wallet import outbox
from wallet.database import Conn, Pool, Row
from wallet.payments import Dispute, Payment, Seen, SeenState
from wallet.values import MerchantId, Minor, Money, PaymentId
from web.pages.pay import Shown

NAME = "builtin"
WEBHOOK_TOPIC = "payment.webhook"
REF_BYTES = 32

INSERT_PAYMENT_SQL = """
    INSERT INTO builtin_payments (ref, key, payee, amount_minor, currency, metadata, state, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'OPEN', $7)
    ON CONFLICT (key) DO NOTHING
    RETURNING ref
"""

BY_KEY_SQL = """
    SELECT ref
    FROM builtin_payments
    WHERE key = $1
"""

READ_SQL = """
    SELECT ref, payee, amount_minor, currency, metadata, state, refunded_minor, dispute
    FROM builtin_payments
    WHERE ref = $1
"""

DECIDE_SQL = """
    UPDATE builtin_payments SET state = $2, decided_at = $3
    WHERE ref = $1 AND state IN ('OPEN', 'ASKING')
    RETURNING ref, payee, amount_minor, currency, metadata, state, refunded_minor, dispute
"""

ASK_SQL = """
    UPDATE builtin_payments SET state = 'ASKING'
    WHERE ref = $1 AND state = 'OPEN'
"""

INSERT_REFUND_SQL = """
    INSERT INTO builtin_refunds (key, ref, amount_minor, at)
    SELECT $1, ref, $3, $4
    FROM builtin_payments
    WHERE ref = $2 AND state = 'PAID' AND refunded_minor + $3 <= amount_minor AND dispute IS DISTINCT FROM 'OPEN'
    ON CONFLICT (key) DO NOTHING
    RETURNING key
"""

REFUND_SQL = """
    UPDATE builtin_payments SET refunded_minor = refunded_minor + $2
    WHERE ref = $1
    RETURNING ref, payee, amount_minor, currency, metadata, state, refunded_minor, dispute
"""

LOCK_SQL = """
    SELECT ref
    FROM builtin_payments
    WHERE ref = $1
    FOR UPDATE
"""

DISPUTE_SQL = """
    UPDATE builtin_payments SET dispute = $2
    WHERE ref = $1 AND state = 'PAID' AND dispute IS DISTINCT FROM $2
    RETURNING ref, payee, amount_minor, currency, metadata, state, refunded_minor, dispute
"""

STATES: Mapping[str, SeenState] = {
    "OPEN": SeenState.OPEN,
    "ASKING": SeenState.OPEN,
    "PAID": SeenState.PAID,
    "DECLINED": SeenState.FAILED,
    "CANCELLED": SeenState.CANCELLED,
}


class BuiltinProvider:
    """`public_url` has no slash at its end; below it are the page of a payment and where its messages go."""

    name = NAME

    def __init__(self, pool: Pool, clock: Clock, box: SecretBox, public_url: str) -> None:
        self._pool = pool
        self._clock = clock
        self._secret = box.keyed_hash("builtin_payments.webhook")
        self._public_url = public_url

    @property
    def webhook_url(self) -> str:
        return f"{self._public_url}/payments/{NAME}/webhook"

    async def create(self, payment: Payment) -> Created:
        key = str(payment.payment_id)
        metadata = {"merchantId": str(payment.merchant_id), "paymentId": str(payment.payment_id)}
        amount, now = payment.amount, self._clock()
        new = base64url.encode(secrets.token_bytes(REF_BYTES))
        said = (new, key, payment.payee, amount.amount_minor, amount.currency, metadata, now)
        async with self._pool.acquire() as conn, conn.transaction():
            ref = await conn.fetchval(INSERT_PAYMENT_SQL, *said) or await conn.fetchval(BY_KEY_SQL, key)
        return Created(ref, url=f"{self._public_url}/pay/{ref}")

    async def look(self, ref: str) -> Seen:
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(READ_SQL, ref)
        return _seen(row) if row else Seen(SeenState.UNKNOWN, ref)

    async def refund(self, ref: str, amount: Money, key: str) -> Seen:
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.fetchval(LOCK_SQL, ref)
            if await conn.fetchval(INSERT_REFUND_SQL, key, ref, amount.amount_minor, self._clock()) is not None:
                await self._tell(conn, await conn.fetchrow(REFUND_SQL, ref, amount.amount_minor))
        return await self.look(ref)

    async def cancel(self, ref: str) -> Seen:
        await self._decide(ref, "CANCELLED")
        return await self.look(ref)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News | None:
        try:
            event_id = standard_webhooks.verified([self._secret], headers, body, now=now)
        except SignatureInvalid as refusal:
            raise WebhookNotTheirs("signature") from refusal
        told = orjson.loads(body)
        ours = told["metadata"]
        payment = MerchantId(UUID(ours["merchantId"])), PaymentId(UUID(ours["paymentId"]))
        return News(event_id, _seen_of(told), payment)

    async def show(self, ref: str) -> Shown | None:
        """What the page of the payment shows; None if there is none, and for what is no ref of ours at all."""
        if len(base64url.decode(ref) or b"") != REF_BYTES:
            return None
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(READ_SQL, ref)
        return Shown(row["payee"], Money(row["amount_minor"], row["currency"]), row["state"]) if row else None

    async def approve(self, ref: str) -> bool:
        """The payment is paid, and a message of it is on its way. False if it was decided before."""
        return await self._decide(ref, "PAID")

    async def decline(self, ref: str) -> bool:
        """The payment has failed, and a message of it is on its way. False if it was decided before."""
        return await self._decide(ref, "DECLINED")

    async def ask(self, ref: str) -> None:
        """The payer's bank asks them, on a second page, before anything is decided."""
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(ASK_SQL, ref)

    async def dispute(self, ref: str, *, won: bool = False) -> bool:
        """The payer's bank takes the money back or, if `won`, gives it back. False if nothing changed by it."""
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(DISPUTE_SQL, ref, "WON" if won else "OPEN")
            if row is not None:
                await self._tell(conn, row)
        return row is not None

    def message(self, payload: Mapping[str, str | int]) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a message, signed as it leaves. Sent again it has the same id."""
        metadata = {"merchantId": payload["merchantId"], "paymentId": payload["paymentId"]}
        body = orjson.dumps({**payload, "metadata": metadata})
        now = self._clock()
        headers = standard_webhooks.signed(self._secret, body, message_id=str(payload["eventId"]), now=now)
        return {**headers, "content-type": "application/json"}, body

    async def _decide(self, ref: str, state: str) -> bool:
        now = self._clock()
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(DECIDE_SQL, ref, state, now)
            if row is not None:
                await self._tell(conn, row)
        return row is not None

    async def _tell(self, conn: Conn, row: Row | None) -> None:
        """A message of how the payment stands now will arrive, if this transaction commits."""
        assert row is not None, "the payment is held"
        payload: dict[str, str | int] = {
            "eventId": f"evt_{uuid4().hex}",
            "ref": row["ref"],
            "state": row["state"],
            "amountMinor": row["amount_minor"],
            "currency": row["currency"],
            "refundedMinor": row["refunded_minor"],
            "dispute": row["dispute"] or "",
            **row["metadata"],
        }
        now = self._clock()
        await outbox.add(conn, topic=WEBHOOK_TOPIC, payload=payload, run_at=now, now=now)


def _seen(row: Row) -> Seen:
    return _seen_of(
        {
            "ref": row["ref"],
            "state": row["state"],
            "amountMinor": row["amount_minor"],
            "currency": row["currency"],
            "refundedMinor": row["refunded_minor"],
            "dispute": row["dispute"] or "",
        }
    )


def _seen_of(told: Mapping[str, str | int]) -> Seen:
    ref, state = str(told["ref"]), STATES[str(told["state"])]
    return Seen(
        state,
        ref,
        Money(Minor(int(told["amountMinor"])), str(told["currency"])),
        refunded_minor=int(told["refundedMinor"]),
        disputes=(Dispute(f"dispute_{ref}", won=told["dispute"] == "WON"),) if told["dispute"] else (),
        problem="declined" if state is SeenState.FAILED else None,
    )
