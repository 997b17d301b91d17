"""Sales that a till made without a network, and tells us of later. It checked the code's signature by itself."""

from datetime import UTC, datetime
from uuid import UUID

from wallet import baskets, fingerprint
from wallet.baskets import Basket, moment_problems
from wallet.database import Conn
from wallet.errors import CodeInvalid, InvalidInput
from wallet.sales import recording, serving
from wallet.sales.offers import NOTHING
from wallet.sales.recording import Recorded
from wallet.sales.request import Request
from wallet.sales.serving import CustomerRef
from wallet.values import CheckInPurpose, OperatorId, Phrase, SignedCode, Terminal


async def settle(
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    scanned_at: datetime,
    operator_id: OperatorId | None = None,
    doubt: Phrase | None = None,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """The offline sale is recorded as a checkout at `scanned_at` would have been: the code had to be good then, and the
    rules of then judge. Of two sales with one code the first to be settled has it; the points of the other wait until
    the merchant has looked at it, and so do those of a sale that is in `doubt`.

    Only a signed EARN code counts: what a till cannot check by itself it cannot accept by itself. The same key with the
    same input returns the sale again, however late.

    Raises InvalidInput (also where `scanned_at` is more than 72 hours old), CodeInvalid, CodeExpired,
    IdempotencyKeyReused.
    """
    request = _asked(customer, basket, scanned_at, operator_id, doubt, idempotency_key, now=now)
    try:
        _check(terminal, customer, basket, scanned_at, now=now)
    except (InvalidInput, CodeInvalid) as refusal:
        return await recording.replay(refusal, conn, terminal=terminal, request=request, now=now)
    return await recording.record(conn, terminal=terminal, request=request, now=now)


async def replay_or(
    refusal: Exception,
    conn: Conn,
    *,
    terminal: Terminal,
    customer: CustomerRef,
    basket: Basket,
    scanned_at: datetime,
    idempotency_key: UUID,
    now: datetime,
) -> Recorded:
    """As wallet.sales.replay_or, for what `settle` has recorded."""
    request = _asked(customer, basket, scanned_at, None, None, idempotency_key, now=now)
    return await recording.replay(refusal, conn, terminal=terminal, request=request, now=now)


def _asked(
    customer: CustomerRef,
    basket: Basket,
    scanned_at: datetime,
    operator_id: OperatorId | None,
    doubt: Phrase | None,
    idempotency_key: UUID,
    *,
    now: datetime,
) -> Request:
    said = {
        "customer": serving.facts(customer),
        "basket": baskets.facts(basket),
        "scannedAt": scanned_at.astimezone(UTC).isoformat(),
    }
    return Request(
        customer=customer,
        basket=basket,
        wanted=NOTHING,
        quote_id=None,
        operator_id=operator_id,
        shown_at=scanned_at,
        occurred_at=min(basket.occurred_at or scanned_at, now),
        offline=True,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("settleOffline", said),
        doubt=doubt,
    )


def _check(terminal: Terminal, customer: CustomerRef, basket: Basket, scanned_at: datetime, *, now: datetime) -> None:
    problems = moment_problems("scannedAt", scanned_at, now=now)
    if problems:
        raise InvalidInput(problems)
    baskets.check(basket, currency=terminal.currency, now=now)
    if any(line.is_gift_card for line in basket.lines):
        raise InvalidInput.of("lines", "offline_no_gift_cards")
    if not isinstance(customer, SignedCode):
        raise InvalidInput.of("customer", "offline_needs_signed_code")
    if customer.purpose is not CheckInPurpose.EARN:
        raise CodeInvalid
