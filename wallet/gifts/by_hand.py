"""A gift card that its merchant changes by hand, and the gift that it came with: paid money stays in one place."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from wallet import payments
from wallet.database import Conn
from wallet.gifts.gift import Gift
from wallet.gifts.locking import lock
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard
from wallet.payments import Payment, PaymentState
from wallet.values import GiftCardId, GiftId, MerchantId

GIFT_OF_CARD_SQL = """
    SELECT gift_id
    FROM gift_cards
    WHERE merchant_id = $1 AND gift_card_id = $2
"""


class Obstacle(Enum):
    """Why a hand must not do it."""

    UNCLAIMED = 1
    """What stands on the card is what somebody can claim, or gets back."""
    DISPUTED = 2
    PAID_BACK = 3
    """The payment has gone back, or is going."""


@dataclass(frozen=True, slots=True)
class InHand:
    """A gift card that this transaction holds, and where it came with a gift that one too, with its payment."""

    card: LockedGiftCard
    gift: Gift | None
    payment: Payment | None

    @property
    def against_moving(self) -> Obstacle | None:
        """Why what stands on it must not change."""
        unclaimed = self.gift is not None and self.gift.closed_at is None
        return Obstacle.UNCLAIMED if unclaimed else None

    @property
    def against_unblocking(self) -> Obstacle | None:
        """Why it must stay blocked."""
        if self.payment is None:
            return None
        if self.payment.disputed_at is not None:
            return Obstacle.DISPUTED
        return None if self.payment.state is PaymentState.PAID else Obstacle.PAID_BACK


async def hold(conn: Conn, *, merchant_id: MerchantId, gift_card_id: GiftCardId, now: datetime) -> InHand:
    """The gift first, since whatever moves its money holds it, then the card. Raises NotFound for no such card."""
    gift_id: GiftId | None = await conn.fetchval(GIFT_OF_CARD_SQL, merchant_id, gift_card_id)
    gift = payment = None
    if gift_id is not None:
        gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
        payment = await payments.of_gift(conn, merchant_id=merchant_id, gift_id=gift_id)
    held = await value.lock_gift_cards(conn, merchant_id=merchant_id, gift_card_ids=[gift_card_id], now=now)
    return InHand(held[gift_card_id], gift, payment)
