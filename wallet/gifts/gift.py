"""A gift as its sender sees it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from wallet.database import Row
from wallet.gifts.plain_text import sender_name
from wallet.values import (
    AccountId,
    CardId,
    CustomerId,
    DesignId,
    GiftCardId,
    GiftId,
    GiftKind,
    GiftStatus,
    MerchantId,
    Minor,
    Money,
    Points,
    ProgramId,
    RewardId,
    VoucherState,
)


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
    FAILED_BEFORE = "failed_before"
    """Earlier mail to this mailbox came back, so that none was sent."""
    NOT_MAILED = "not_mailed"
    """The operator has said that this mailbox is not written to."""


@dataclass(frozen=True, slots=True)
class Gift:
    """An e-gift. Of points, and of a reward, `account_id` holds the points while it is open, and `sent_seq` is the
    sender's entry; a reward's are what it cost. Money (`value`) stands on a gift card that names the gift.

    `held_until`: its mail waits until then, because it is a large first gift. `spent`: how much of the money is not on
    the claimed gift card any more. `received`: it is seen by whoever claimed it, and not by its sender; only then it is
    told who sent it, and on which gift card the money stands.
    """

    merchant_id: MerchantId
    gift_id: GiftId
    program_id: ProgramId
    sender_customer_id: CustomerId
    card_id: CardId
    kind: GiftKind
    sent_seq: int | None
    account_id: AccountId | None
    points: Points
    value: Money | None
    reward_id: RewardId | None
    design_id: DesignId | None
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
    claimed_by: CustomerId | None
    held_until: datetime | None
    thanks: str | None
    spent: Money | None = None
    received: bool = False
    sender_name: str | None = None
    gift_card_id: GiftCardId | None = None

    @property
    def leaves_at(self) -> datetime:
        """Before this its mail does not leave: the moment that its sender chose, or the end of the time it is held."""
        return max(self.deliver_at, self.held_until or self.deliver_at)

    @property
    def claimed_at(self) -> datetime | None:
        return self.closed_at if self.claimed_card_id else None

    @property
    def escrow(self) -> tuple[AccountId, int]:
        """Of a gift that holds points: where they stand, and by which entry they left the sender's card."""
        assert self.account_id is not None, "points stand in an account of the gift's"
        assert self.sent_seq is not None, "by an entry"
        return self.account_id, self.sent_seq


def from_row(row: Row) -> Gift:
    return Gift(
        merchant_id=row["merchant_id"],
        gift_id=row["gift_id"],
        program_id=row["program_id"],
        sender_customer_id=row["sender_customer_id"],
        card_id=row["sender_card_id"],
        kind=GiftKind(row["kind"]),
        sent_seq=row["sent_seq"],
        account_id=row["account_id"],
        points=row["points"] or Points(0),
        value=Money(row["value_minor"], row["currency"]) if row["currency"] else None,
        reward_id=row["reward_id"],
        design_id=row["design_id"],
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
        claimed_by=row["claimed_by_customer_id"],
        held_until=row["held_until"],
        thanks=row["thanks"],
    )


def shown(row: Row) -> Gift:
    """As its sender sees it, from a row that also has what is left of it: `left_minor` on its gift card,
    `voucher_state` of its voucher.
    """
    gift = from_row(row)
    if gift.claimed_card_id is None:
        return gift
    over = row["voucher_state"] == VoucherState.USED.value
    spent = None
    if gift.value is not None:
        # What was put on the card besides is not the gift's.
        left = min(gift.value.amount_minor, row["left_minor"])
        over, spent = left == 0, Money(Minor(gift.value.amount_minor - left), gift.value.currency)
    return replace(gift, status=GiftStatus.SPENT if over else gift.status, spent=spent)


def shown_to_claimant(row: Row) -> Gift:
    """As whoever claimed it sees it: the row also has its sender's name and address, and its `gift_card_id`."""
    name = sender_name(row["sender_name"], row["sender_email"])
    return replace(shown(row), received=True, sender_name=name, gift_card_id=row["gift_card_id"])
