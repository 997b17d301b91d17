"""A gift before it is sent: what its mail and its page would show. Nothing is written, and nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wallet import programs, rewards
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, NotFound
from wallet.gifts import designs
from wallet.gifts.checking import Worth, problems_of, worth_problems
from wallet.gifts.designs import DesignKey
from wallet.gifts.plain_text import clean, clean_name, sender_name
from wallet.gifts.reading import Preview
from wallet.values import CardId, CustomerId, DesignId, GiftKind, MerchantId, Minor, Money, Points, RewardId

DRAFTED_SQL = """
    SELECT c.program_id, u.name AS sender_name, u.email AS sender_email, m.timezone
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    JOIN merchants AS m ON m.merchant_id = c.merchant_id
    WHERE c.merchant_id = $1 AND c.card_id = $2 AND c.customer_id = $3
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sender has typed, cleaned. `deliver_at` is when its mail would leave."""

    customer_id: CustomerId
    merchant_id: MerchantId
    card_id: CardId
    worth: Worth
    design_id: DesignId | None
    recipient_name: str
    message: str | None
    deliver_at: datetime

    def to_facts(self) -> dict[str, str | int | None]:
        """As JSON has it."""
        return {
            "customerId": str(self.customer_id),
            "merchantId": str(self.merchant_id),
            "cardId": str(self.card_id),
            "points": self.worth.points,
            "valueMinor": self.worth.value_minor,
            "rewardId": str(self.worth.reward_id) if self.worth.reward_id else None,
            "designId": str(self.design_id) if self.design_id else None,
            "recipientName": self.recipient_name,
            "message": self.message,
            "deliverAt": self.deliver_at.isoformat(),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, str | int | None]) -> "Draft":
        """What `to_facts` made."""
        reward_id, design_id, message = facts["rewardId"], facts["designId"], facts["message"]
        points, value_minor = facts["points"], facts["valueMinor"]
        return cls(
            customer_id=CustomerId(UUID(str(facts["customerId"]))),
            merchant_id=MerchantId(UUID(str(facts["merchantId"]))),
            card_id=CardId(UUID(str(facts["cardId"]))),
            worth=Worth(
                points=None if points is None else Points(int(points)),
                value_minor=None if value_minor is None else Minor(int(value_minor)),
                reward_id=None if reward_id is None else RewardId(UUID(str(reward_id))),
            ),
            design_id=None if design_id is None else DesignId(UUID(str(design_id))),
            recipient_name=str(facts["recipientName"]),
            message=None if message is None else str(message),
            deliver_at=datetime.fromisoformat(str(facts["deliverAt"])),
        )


async def check(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    worth: Worth,
    design_id: DesignId | None,
    recipient_name: str,
    message: str | None,
    deliver_at: datetime | None,
    now: datetime,
) -> Draft:
    """The draft, if it can be shown. Whether it may be sent, and is paid for, is said when it is sent.

    Raises InvalidInput, NotFound for a card that is not the customer's and for a reward that is not its program's.
    """
    problems = problems_of(recipient_name=recipient_name, message=message, deliver_at=deliver_at, now=now)
    if problems := [*worth_problems(worth, None), *problems]:
        raise InvalidInput(problems)
    row = await conn.fetchrow(DRAFTED_SQL, merchant_id, card_id, customer_id)
    if row is None:
        raise NotFound
    if worth.reward_id is not None:
        reward = await rewards.find_reward_of_merchant(conn, merchant_id=merchant_id, reward_id=worth.reward_id)
        if reward is None or reward.program_id != row["program_id"]:
            raise NotFound
    if design_id is not None and not await designs.can_be_chosen(
        conn, merchant_id=merchant_id, program_id=row["program_id"], design_id=design_id
    ):
        raise InvalidInput.of("designId", "unknown_design")
    return Draft(
        customer_id=customer_id,
        merchant_id=merchant_id,
        card_id=card_id,
        worth=worth,
        design_id=design_id,
        recipient_name=clean_name(recipient_name),
        message=clean(message or "") or None,
        deliver_at=max(deliver_at or now, now),
    )


async def show(conn: Conn, draft: Draft, *, now: datetime) -> Preview | None:
    """The gift as the holder of its link would see it; None if the card or the reward is not there any more."""
    row = await conn.fetchrow(DRAFTED_SQL, draft.merchant_id, draft.card_id, draft.customer_id)
    return None if row is None else await _shown(conn, draft, row, now)


async def _shown(conn: Conn, draft: Draft, row: Row, now: datetime) -> Preview | None:
    merchant_id, worth, reward = draft.merchant_id, draft.worth, None
    if worth.reward_id is not None:
        reward = await rewards.find_reward_of_merchant(conn, merchant_id=merchant_id, reward_id=worth.reward_id)
        if reward is None:
            return None
    program = await programs.get(conn, merchant_id=merchant_id, program_id=row["program_id"], now=now)
    amount = worth.value_minor
    return Preview(
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        recipient_name=draft.recipient_name,
        message=draft.message,
        kind=GiftKind.REWARD if reward else GiftKind.POINTS if amount is None else GiftKind.VALUE,
        points=worth.points or Points(0),
        value=None if amount is None else Money(amount, program.currency),
        reward=reward,
        design=DesignKey(merchant_id, draft.design_id) if draft.design_id else None,
        program=program,
        claimable_until=draft.deliver_at + timedelta(days=program.rules.gifts.return_days),
        timezone=row["timezone"],
    )
