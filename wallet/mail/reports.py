"""What is done about a report on one of our mails, whoever it comes from: the gift says so, the mailbox is spared."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet.database import Conn
from wallet.gifts import reporting
from wallet.gifts.gift import DeliveryProblem
from wallet.mail import deliveries, suppressions
from wallet.mail.deliveries import Delivery
from wallet.mail.suppressions import Suppression
from wallet.values import CardId, MerchantId


class Fate(StrEnum):
    """What became of a mail."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Report:
    """Of a mail that bounced: why, and whether the mailbox does not exist (`hard`), so that it is not written to."""

    fate: Fate
    problem: DeliveryProblem | None = None
    hard: bool = False


async def take_in(conn: Conn, *, delivery: Delivery, report: Report, now: datetime) -> tuple[MerchantId, CardId] | None:
    """What the report says is so: of the gift, if this is its latest mail and nobody saw it; of the mailbox.

    Twice, late or out of order ends in the same place. Returns the card of the sender whose gift changed.
    """
    changed = None
    match report.fate:
        case Fate.DELIVERED:
            changed = await _delivered(conn, delivery, now=now)
            await suppressions.works_again(conn, email_hash=delivery.email_hash, mailed_at=delivery.created_at)
        case Fate.BOUNCED:
            changed = await _bounced(conn, delivery, report.problem or DeliveryProblem.REFUSED, now=now)
            if await deliveries.note_bounced(conn, delivery, now=now) and report.hard:
                await suppressions.add(conn, email_hash=delivery.email_hash, reason=Suppression.BOUNCED, now=now)
        case Fate.COMPLAINED:
            if await deliveries.note_complained(conn, delivery, now=now):
                await suppressions.add(conn, email_hash=delivery.email_hash, reason=Suppression.COMPLAINED, now=now)
    return changed


async def _delivered(conn: Conn, delivery: Delivery, *, now: datetime) -> tuple[MerchantId, CardId] | None:
    gift = delivery.gift
    if gift is None:
        return None
    card_id = await reporting.record_delivered(
        conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=gift.number, now=now
    )
    return (gift.merchant_id, card_id) if card_id else None


async def _bounced(
    conn: Conn, delivery: Delivery, problem: DeliveryProblem, *, now: datetime
) -> tuple[MerchantId, CardId] | None:
    gift = delivery.gift
    if gift is None:
        return None
    card_id = await reporting.record_returned(
        conn, merchant_id=gift.merchant_id, gift_id=gift.gift_id, delivery=gift.number, problem=problem, now=now
    )
    return (gift.merchant_id, card_id) if card_id else None
