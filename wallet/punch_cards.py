"""The punch card: stamps that sales collect and refunds take back, and the vouchers that a full card becomes."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import ledger, rewards
from wallet.database import Conn
from wallet.ledger import Cause, LockedCard, StampMove
from wallet.rules import Rules
from wallet.values import RefundId, RewardId, VoucherId

ISSUE_SQL = """
    INSERT INTO vouchers (merchant_id, card_id, reward_id, origin, state, stamps, created_at, usable_until)
    SELECT $1, $2, $3, 'STAMPS', 'USABLE', $4, $5, $6
    FROM generate_series(1, $7)
    RETURNING voucher_id
"""

PUNCH_CARD_SQL = """
    SELECT w.reward_id, w.voucher_days, m.timezone
    FROM rewards AS w
    JOIN merchants AS m ON m.merchant_id = w.merchant_id
    WHERE w.merchant_id = $1 AND w.program_id = $2 AND w.slug = $3
"""

# The newest goes first. One whose time is over is as good as closed, whether the sweep has come or not. Where the
# newest is one that the sale itself used, and whose goods are not back yet, none goes: it will when they are, and so
# the same vouchers are left whichever part of the sale comes back first.
CANCEL_NEWEST_SQL = """
    UPDATE vouchers
    SET state = 'CANCELLED', closed_at = $4
    WHERE merchant_id = $1 AND state = 'USABLE' AND voucher_id = (
        SELECT v.voucher_id
        FROM vouchers AS v
        WHERE v.merchant_id = $1 AND v.card_id = $2 AND v.origin = 'STAMPS'
          AND (v.state = 'USABLE' AND (v.usable_until IS NULL OR v.usable_until > $4) OR v.used_sale_id = $3)
        ORDER BY v.created_at DESC, v.voucher_id DESC
        LIMIT 1
    )
    RETURNING voucher_id, stamps
"""


@dataclass(frozen=True, slots=True)
class PunchCard:
    """How many stamps fill it, and what it gives then: a voucher for the reward, good for so many days."""

    needed: int
    reward_id: RewardId
    voucher_days: int

    def filled_by(self, stamps: int) -> tuple[int, int]:
        """How many cards so many stamps fill, and the stamps on the next one."""
        return divmod(stamps, self.needed) if stamps >= self.needed else (0, stamps)


async def collect(
    conn: Conn,
    card: LockedCard,
    *,
    collected: int,
    spent: int,
    punch_card: PunchCard | None,
    cause: Cause,
    zone: ZoneInfo,
    now: datetime,
) -> LockedCard:
    """The sale's stamps are on the punch card, what was bought with stamps is off it, and each full one is a voucher.

    At most three statements, none for a sale that has to do with no stamps.
    """
    moves = [StampMove("SPENT", -spent)] if spent else []
    if collected:
        moves.append(StampMove("COLLECTED", collected))
        moves.extend(await _issue(conn, card, card.stamps - spent + collected, punch_card, zone=zone, now=now))
    return await ledger.move_stamps(conn, card, moves=moves, cause=cause, now=now)


async def take_back(
    conn: Conn,
    card: LockedCard,
    *,
    refund_id: RefundId | None = None,
    stamps: int,
    awaited: int = 0,
    cause: Cause,
    now: datetime,
) -> LockedCard:
    """So many stamps are off the punch card. Where they had filled it, the newest voucher for it that can still be used
    is off with them; what was used already leaves the card below zero.

    `awaited` stamps will come back with rewards of the same sale: no voucher has to go for those.
    """
    moves = [StampMove("TAKEN_BACK", -stamps)] if stamps else []
    left = card.stamps - stamps
    while left + awaited < 0:
        row = await conn.fetchrow(CANCEL_NEWEST_SQL, card.merchant_id, card.card_id, cause.sale_id, now)
        if row is None:
            break
        moves.append(StampMove("GIVEN_BACK", row["stamps"], VoucherId(row["voucher_id"])))
        left += row["stamps"]
    return await ledger.move_stamps(conn, card, moves=moves, refund_id=refund_id, cause=cause, now=now)


async def fill(
    conn: Conn, card: LockedCard, *, rules: Rules, refund_id: RefundId, cause: Cause, now: datetime
) -> LockedCard:
    """Stamps that came back and fill the punch card of the rules have become vouchers."""
    if rules.stamps is None or card.stamps < rules.stamps.needed:
        return card
    row = await conn.fetchrow(PUNCH_CARD_SQL, card.merchant_id, card.program_id, rules.stamps.reward)
    if row is None:
        return card
    punch_card = PunchCard(rules.stamps.needed, row["reward_id"], row["voucher_days"])
    moves = await _issue(conn, card, card.stamps, punch_card, zone=ZoneInfo(row["timezone"]), now=now)
    return await ledger.move_stamps(conn, card, moves=moves, refund_id=refund_id, cause=cause, now=now)


async def _issue(
    conn: Conn, card: LockedCard, stamps: int, punch_card: PunchCard | None, *, zone: ZoneInfo, now: datetime
) -> list[StampMove]:
    """A voucher for each card that the stamps fill, and what takes those stamps off."""
    full = punch_card.filled_by(stamps)[0] if punch_card else 0
    if punch_card is None or not full:
        return []
    rows = await conn.fetch(
        ISSUE_SQL,
        card.merchant_id,
        card.card_id,
        punch_card.reward_id,
        punch_card.needed,
        now,
        rewards.usable_until(punch_card.voucher_days, issued_at=now, zone=zone),
        full,
    )
    return [StampMove("SPENT", -punch_card.needed, VoucherId(row["voucher_id"])) for row in rows]
