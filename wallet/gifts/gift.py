"""A gift as its sender sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet.database import Row
from wallet.values import AccountId, CardId, CustomerId, GiftId, GiftStatus, MerchantId, Points, ProgramId


class DeliveryProblem(StrEnum):
    """Why a gift's mail did not arrive. With `delivery.` before it, each is the code of a phrase."""

    MAILBOX_UNKNOWN = "mailbox_unknown"
    MAILBOX_CLOSED = "mailbox_closed"
    MAILBOX_FULL = "mailbox_full"
    DOMAIN_UNKNOWN = "domain_unknown"
    BLOCKED = "blocked"
    UNWANTED = "unwanted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Gift:
    """An e-gift of points. `account_id` holds the points while it is open; `sent_seq` is the sender's entry."""

    merchant_id: MerchantId
    gift_id: GiftId
    program_id: ProgramId
    sender_customer_id: CustomerId
    card_id: CardId
    sent_seq: int
    account_id: AccountId
    points: Points
    recipient_name: str
    recipient_email: str
    message: str | None
    status: GiftStatus
    delivery: int
    return_days: int
    created_at: datetime
    deliver_at: datetime
    claimable_until: datetime
    sent_at: datetime | None
    closed_at: datetime | None
    problem: DeliveryProblem | None
    claimed_card_id: CardId | None

    @property
    def claimed_at(self) -> datetime | None:
        return self.closed_at if self.status is GiftStatus.CLAIMED else None


def from_row(row: Row) -> Gift:
    return Gift(
        merchant_id=row["merchant_id"],
        gift_id=row["gift_id"],
        program_id=row["program_id"],
        sender_customer_id=row["sender_customer_id"],
        card_id=row["sender_card_id"],
        sent_seq=row["sent_seq"],
        account_id=row["account_id"],
        points=row["points"],
        recipient_name=row["recipient_name"],
        recipient_email=row["recipient_email"],
        message=row["message"],
        status=GiftStatus(row["status"]),
        delivery=row["delivery"],
        return_days=row["return_days"],
        created_at=row["created_at"],
        deliver_at=row["deliver_at"],
        claimable_until=row["claimable_until"],
        sent_at=row["sent_at"],
        closed_at=row["closed_at"],
        problem=DeliveryProblem(row["delivery_problem"]) if row["delivery_problem"] else None,
        claimed_card_id=row["claimed_card_id"],
    )
