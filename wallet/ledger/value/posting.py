"""Activities, written in one statement with the balances that they leave. Everything that moves money ends here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.chain import follow
from wallet.ledger.value.card import LockedGiftCard
from wallet.ledger.value.chain import Link, canonical
from wallet.values import (
    MINOR_MAX,
    ActivityKind,
    GiftCardId,
    GiftId,
    Minor,
    OperatorId,
    PaymentId,
    RefundId,
    SaleId,
    StoreId,
)

# The gift cards are locked, so this cannot run into another posting of the same one. The revision and the balance in
# the last part's WHERE, and the CHECKs of both tables, are the last wall.
POST_ACTIVITIES_SQL = """
    WITH moved AS (
        SELECT m.gift_card_id, m.seq, m.kind, m.amount_minor, m.balance_minor, m.other_gift_card_id, m.other_seq,
               m.hash, m.state, m.expires_at
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::uuid[], $8::bigint[],
                    $9::bytea[], $10::text[], $11::timestamptz[])
            AS m (gift_card_id, seq, kind, amount_minor, balance_minor, other_gift_card_id, other_seq, hash, state,
                  expires_at)
    ), activity AS (
        INSERT INTO gift_card_activities (merchant_id, gift_card_id, seq, kind, amount_minor, balance_after_minor,
                                          other_gift_card_id, other_seq, reverses_seq, sale_id, refund_id, gift_id,
                                          payment_id, store_id, operator_id, reason, occurred_at, posted_at, hash)
        SELECT $1, m.gift_card_id, m.seq, m.kind, m.amount_minor, m.balance_minor, m.other_gift_card_id, m.other_seq,
               $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, m.hash
        FROM moved AS m
    )
    UPDATE gift_cards AS g
    SET balance_minor = m.balance_minor, state = m.state, expires_at = m.expires_at, revision = m.seq, chain = m.hash
    FROM moved AS m
    WHERE g.merchant_id = $1 AND g.gift_card_id = m.gift_card_id AND g.revision = m.seq - 1
      AND g.balance_minor = m.balance_minor - m.amount_minor
    RETURNING g.gift_card_id
"""


@dataclass(frozen=True, slots=True)
class ValueCause:
    """Why an activity is made, and for what."""

    occurred_at: datetime
    reason: str | None = None
    """Words of the merchant's, 1 to 200 characters. Who adjusts, blocks or unblocks has to say it."""
    store_id: StoreId | None = None
    operator_id: OperatorId | None = None
    sale_id: SaleId | None = None
    refund_id: RefundId | None = None
    gift_id: GiftId | None = None
    payment_id: PaymentId | None = None
    reverses_seq: int | None = None


@dataclass(frozen=True, slots=True)
class PostedActivity:
    """The gift card as it is after the activity, and the activity's number on it."""

    card: LockedGiftCard
    seq: int


@dataclass(frozen=True, slots=True)
class Move:
    """What happens to a card: `amount` is signed, in minor units. `other`: of a transfer the card and the activity on
    its other side.
    """

    card: LockedGiftCard
    kind: ActivityKind
    amount: int
    other: tuple[GiftCardId, int] | None = None


async def post_activity(
    conn: Conn, card: LockedGiftCard, *, kind: ActivityKind, amount: int, cause: ValueCause, now: datetime
) -> PostedActivity:
    """As `post_activities`, of one card."""
    [posted] = await post_activities(conn, [Move(card, kind, amount)], cause=cause, now=now)
    return posted


async def post_activities(
    conn: Conn, moves: Sequence[Move], *, cause: ValueCause, now: datetime
) -> list[PostedActivity]:
    """The activities, one of each card, are written, and balance, revision and chain have moved with them.

    Each card has the state and the date that it has in its move, which the caller has set as they are to be. All are of
    one merchant.
    """
    links = [_link(move, cause, now) for move in moves]
    after = [_after(move, link) for move, link in zip(moves, links, strict=True)]
    rows = await conn.fetch(
        POST_ACTIVITIES_SQL,
        after[0].merchant_id,
        [card.gift_card_id for card in after],
        [link.seq for link in links],
        [link.kind for link in links],
        [link.amount_minor for link in links],
        [link.balance_after_minor for link in links],
        [link.other_gift_card_id for link in links],
        [link.other_seq for link in links],
        [card.chain for card in after],
        [card.state.value for card in after],
        [card.expires_at for card in after],
        cause.reverses_seq,
        cause.sale_id,
        cause.refund_id,
        cause.gift_id,
        cause.payment_id,
        cause.store_id,
        cause.operator_id,
        cause.reason,
        cause.occurred_at,
        now,
    )
    assert len(rows) == len(moves), "a gift card was changed by somebody who did not hold it"
    return [PostedActivity(card, card.revision) for card in after]


def _after(move: Move, link: Link) -> LockedGiftCard:
    balance, chain = Minor(link.balance_after_minor), follow(move.card.chain, canonical(link))
    return replace(move.card, balance=balance, revision=link.seq, chain=chain)


def _link(move: Move, cause: ValueCause, now: datetime) -> Link:
    balance = move.card.balance + move.amount
    assert 0 <= balance <= MINOR_MAX, "whoever moves money has seen to it that it can be moved"
    other_gift_card_id, other_seq = move.other or (None, None)
    return Link(
        seq=move.card.revision + 1,
        kind=move.kind.value,
        amount_minor=move.amount,
        balance_after_minor=balance,
        occurred_at=cause.occurred_at,
        posted_at=now,
        other_gift_card_id=other_gift_card_id,
        other_seq=other_seq,
        reverses_seq=cause.reverses_seq,
        sale_id=cause.sale_id,
        refund_id=cause.refund_id,
        gift_id=cause.gift_id,
        payment_id=cause.payment_id,
        store_id=cause.store_id,
        operator_id=cause.operator_id,
        reason=cause.reason,
    )
