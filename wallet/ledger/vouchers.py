"""Points that buy rewards: reserved while a voucher can be used, spent when it is, back in their own lots if it is not.

A voucher's points stand in an account of its own. What is bought and used in one go at a till needs none.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.gifts import Reserved, release, reserve
from wallet.ledger.posting import Cause, Change, Move, Posted, post
from wallet.ledger.sliding import given_back
from wallet.ledger.spending import lots_to_spend
from wallet.values import AccountId, EntryKind, LotId, Points, VoucherId

# By way of the lots, which know all that happened to them: a card may have entries without end.
SPENT_LOTS_SQL = """
    SELECT m.lot_id, -m.points AS spent, l.sliding_months,
           (-m.points - COALESCE((
               SELECT SUM(b.points)
               FROM lot_movements AS b
               JOIN entries AS e ON e.merchant_id = b.merchant_id AND e.card_id = b.card_id AND e.seq = b.seq
               WHERE b.merchant_id = m.merchant_id AND b.lot_id = m.lot_id AND b.card_id = m.card_id AND b.seq > m.seq
                 AND e.kind = 'RETURNED' AND e.reverses_seq = m.seq
           ), 0))::bigint AS outstanding
    FROM lot_movements AS m
    JOIN lots AS l ON l.merchant_id = m.merchant_id AND l.lot_id = m.lot_id
    WHERE m.merchant_id = $1 AND m.card_id = $2 AND m.seq = $3
    ORDER BY l.expires_at DESC NULLS FIRST, m.lot_id DESC
"""


async def reserve_for_voucher(
    conn: Conn, card: LockedCard, *, points: Points, voucher_id: VoucherId, cause: Cause, now: datetime
) -> Reserved:
    """`points` (> 0) have left the active balance, soonest to expire first, and stand in the voucher's new account.

    Raises InsufficientPoints.
    """
    return await reserve(
        conn,
        card,
        account_kind="voucher",
        entry_kind=EntryKind.REDEEMED,
        points=points,
        cause=replace(cause, voucher_id=voucher_id),
        now=now,
    )


async def release_voucher(
    conn: Conn,
    card: LockedCard,
    *,
    account_id: AccountId,
    redeemed_seq: int,
    voucher_id: VoucherId,
    cause: Cause,
    now: datetime,
) -> Posted:
    """The points of the voucher's account are back in the lots that entry `redeemed_seq` took them from, with their own
    dates.
    """
    return await release(
        conn,
        card,
        account_id=account_id,
        taken_seq=redeemed_seq,
        entry_kind=EntryKind.RETURNED,
        cause=replace(cause, voucher_id=voucher_id, reverses_seq=redeemed_seq, reverses_wholly=True),
        now=now,
    )


async def redeem(
    conn: Conn,
    card: LockedCard,
    *,
    spot: Points,
    used: Sequence[tuple[AccountId, Points]],
    cause: Cause,
    now: datetime,
) -> Posted | None:
    """`spot` points have left the active balance, soonest to expire first, and with the points of the `used` vouchers'
    accounts they are the program's again. One entry; None where nothing of it costs points.

    Raises InsufficientPoints.
    """
    moves = [Move(account, card.redeemed_account_id, points) for account, points in used if points]
    reserved = sum(move.points for move in moves)
    if not spot and not reserved:
        return None
    lots: dict[LotId, int] = {}
    if spot:
        lots = await lots_to_spend(conn, card, points=spot)
        moves.append(Move(card.active_account_id, card.redeemed_account_id, spot))
    change = Change(
        kind=EntryKind.REDEEMED if spot else EntryKind.VOUCHER_USED,
        moves=moves,
        points=-spot,
        reserved=-reserved,
        lots=lots,
    )
    return await post(conn, card, change, cause=cause, now=now)


async def unredeem(
    conn: Conn,
    card: LockedCard,
    *,
    spot: Sequence[tuple[int, Points]],
    used: Sequence[tuple[AccountId, Points]],
    cause: Cause,
    now: datetime,
) -> Posted | None:
    """What `redeem` did is undone, for a part of it or for all: the points of each `spot` (the entry that spent them,
    the same for all, and how many) are back in lots that it took them from, and the accounts of the `used` vouchers
    hold theirs again. One entry; None where nothing of it cost points.

    Of a part the longest-lived lots get theirs back first; once all has come back, every lot has its own.
    """
    points = sum(each for _, each in spot)
    moves = [Move(card.redeemed_account_id, account, each) for account, each in used if each]
    reserved = sum(move.points for move in moves)
    if not points and not reserved:
        return None
    lots, sliding = dict[LotId, int](), list[int | None]()
    if points:
        [seq] = {seq for seq, each in spot if each}
        lots, sliding, wholly = await _lots_to_restore(conn, card, seq=seq, points=points)
        moves.append(Move(card.redeemed_account_id, card.active_account_id, Points(points)))
        cause = replace(cause, reverses_seq=seq, reverses_wholly=wholly)
    change = Change(
        kind=EntryKind.RETURNED if points else EntryKind.VOUCHER_REOPENED,
        moves=moves,
        points=points,
        reserved=reserved,
        lots=lots,
    )
    return await given_back(conn, await post(conn, card, change, cause=cause, now=now), sliding_months=sliding)


async def _lots_to_restore(
    conn: Conn, card: LockedCard, *, seq: int, points: int
) -> tuple[dict[LotId, int], list[int | None], bool]:
    """What goes back into which lot, which of them slide, and whether that is all that the entry ever took."""
    rows = await conn.fetch(SPENT_LOTS_SQL, card.merchant_id, card.card_id, seq)
    left, lots, sliding = points, dict[LotId, int](), list[int | None]()
    for row in rows:
        part = min(left, row["outstanding"])
        if part:
            lots[row["lot_id"]] = part
            sliding.append(row["sliding_months"])
            left -= part
    assert left == 0, "no more is given back than was spent"
    return lots, sliding, points == sum(row["spent"] for row in rows)
