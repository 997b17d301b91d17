"""A voucher that is not used: cancelled by its owner, or lapsed when its time is over. What it cost comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import fingerprint, ledger
from wallet.database import Conn
from wallet.errors import NotFound, VoucherNotUsable
from wallet.ledger import Cause, LockedCard, StampMove
from wallet.rewards import requests, voucher
from wallet.rewards.reading import find_voucher
from wallet.rewards.stock import put_back_stock
from wallet.rewards.voucher import Voucher
from wallet.values import CustomerId, MerchantId, Phrase, VoucherId, VoucherOrigin, VoucherState

# What came as a gift cost its owner nothing, so that nothing could come back: it stays to be used.
CANCEL_VOUCHER_SQL = """
    UPDATE vouchers
    SET state = 'CANCELLED', closed_at = $3
    WHERE merchant_id = $1 AND voucher_id = $2 AND state = 'USABLE' AND origin <> 'GIFT'
      AND (usable_until IS NULL OR usable_until > $3)
    RETURNING voucher_id
"""

# A card that somebody holds waits for the next time: its voucher is perhaps being used. The rewards are joined last:
# with them inside, the plan may look for the cards by the merchant alone.
DUE_VOUCHERS_SQL = """
    SELECT v.merchant_id, v.voucher_id, v.card_id, v.origin, v.state, v.points, v.stamps, v.account_id, v.redeemed_seq,
           v.voucher_made_at, v.usable_until, v.used_at, v.used_sale_id, NULL::text AS store_name,
           r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days
    FROM (
        SELECT d.merchant_id, d.voucher_id, d.card_id, d.reward_id, d.origin, d.state, d.points, d.stamps,
               d.account_id, d.redeemed_seq, d.created_at AS voucher_made_at, d.usable_until, d.used_at, d.used_sale_id
        FROM vouchers AS d
        JOIN cards AS c ON c.merchant_id = d.merchant_id AND c.card_id = d.card_id
        WHERE d.state = 'USABLE' AND d.usable_until <= $1
        ORDER BY d.usable_until
        LIMIT $2
        FOR NO KEY UPDATE OF c SKIP LOCKED
    ) AS v
    CROSS JOIN LATERAL (
        SELECT w.reward_id, w.program_id, w.slug, w.name, w.description, w.kind, w.amount_minor, w.percent,
               w.ceiling_minor, w.categories, w.skus, w.cost_points, w.cost_stamps, w.stock, w.per_member, w.tiers,
               w.store_ids, w.claimable_from, w.claimable_until, w.voucher_days
        FROM rewards AS w
        WHERE w.merchant_id = v.merchant_id AND w.reward_id = v.reward_id
        LIMIT 1
    ) AS r
    ORDER BY v.usable_until
"""

# A statement of its own: what was due may have been used, cancelled or swept before its card was ours.
LAPSE_VOUCHERS_SQL = """
    UPDATE vouchers
    SET state = 'LAPSED', closed_at = $3
    WHERE merchant_id = $1 AND voucher_id = ANY($2::uuid[]) AND state = 'USABLE' AND usable_until <= $3
    RETURNING voucher_id
"""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The voucher as it is now. The card changed unless it is `replayed`."""

    voucher: Voucher
    replayed: bool


async def cancel(
    conn: Conn,
    *,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    voucher_id: VoucherId,
    idempotency_key: UUID,
    now: datetime,
) -> Cancelled:
    """The points are back in the lots they came from, with their own dates, or the stamps on the punch card; there is
    one more of the reward. Raises NotFound, VoucherNotUsable, IdempotencyKeyReused.
    """
    begun = await requests.begin(
        conn,
        kind="CANCELLED",
        merchant_id=merchant_id,
        customer_id=customer_id,
        voucher_id=voucher_id,
        idempotency_key=idempotency_key,
        input_hash=fingerprint.of("cancelVoucher", {"voucherId": str(voucher_id)}),
        now=now,
    )
    found = await _own(conn, customer_id, merchant_id, begun.voucher_id, now=now)
    if not begun.replayed:
        locked = await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[found.card_id], now=now)
        if await conn.fetchval(CANCEL_VOUCHER_SQL, merchant_id, voucher_id, now) is None:
            raise VoucherNotUsable(merchant_id, voucher_id)
        await _give_back(conn, found, locked[found.card_id], VoucherState.CANCELLED, now=now)
        if found.counts_in_stock:
            await put_back_stock(conn, merchant_id=merchant_id, rewards=[found.reward])
        found = await _own(conn, customer_id, merchant_id, voucher_id, now=now)
    return Cancelled(found, begun.replayed)


async def hold_due(conn: Conn, *, limit: int, now: datetime) -> list[Voucher]:
    """At most `limit` vouchers whose time was over by `now`. This transaction holds their cards; those of a card that
    somebody else holds wait for the next time.
    """
    return [voucher.from_row(row) for row in await conn.fetch(DUE_VOUCHERS_SQL, now, limit)]


async def lapse(conn: Conn, due: Sequence[Voucher], *, now: datetime) -> list[Voucher]:
    """Those of the vouchers that still could, all of one card that is held, are LAPSED and are returned.

    What they cost is back on the card; but a full punch card that was turned into one is gone. Their stock is for
    `put_back`, once no other card is wanted.
    """
    merchant_id, card_id = due[0].merchant_id, due[0].card_id
    rows = await conn.fetch(LAPSE_VOUCHERS_SQL, merchant_id, [each.voucher_id for each in due], now)
    lapsed = [each for each in due if each.voucher_id in {row["voucher_id"] for row in rows}]
    card = (await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now))[card_id]
    for each in lapsed:
        card = await _give_back(conn, each, card, VoucherState.LAPSED, now=now)
    return lapsed


async def put_back(conn: Conn, lapsed: Sequence[Voucher]) -> None:
    """There is one more of each reward that they had taken. Rewards come after all cards, in one order over all
    merchants.
    """
    for merchant_id in sorted({each.merchant_id for each in lapsed}):
        rewards = [each.reward for each in lapsed if each.merchant_id == merchant_id and each.counts_in_stock]
        await put_back_stock(conn, merchant_id=merchant_id, rewards=rewards)


async def _own(
    conn: Conn, customer_id: CustomerId, merchant_id: MerchantId, voucher_id: VoucherId, *, now: datetime
) -> Voucher:
    found = await find_voucher(conn, customer_id=customer_id, merchant_id=merchant_id, voucher_id=voucher_id, now=now)
    if found is None:
        raise NotFound
    return found


async def _give_back(
    conn: Conn, closed: Voucher, card: LockedCard, state: VoucherState, *, now: datetime
) -> LockedCard:
    code = "voucher_cancelled" if state is VoucherState.CANCELLED else "voucher_lapsed"
    reasons = (Phrase(code, {"reward": closed.reward.name}),)
    cause = Cause(occurred_at=now, reasons=reasons, voucher_id=closed.voucher_id)
    if closed.points:
        assert closed.account_id is not None, "points were paid into its account"
        assert closed.redeemed_seq is not None, "by an entry"
        posted = await ledger.release_voucher(
            conn,
            card,
            account_id=closed.account_id,
            redeemed_seq=closed.redeemed_seq,
            voucher_id=closed.voucher_id,
            cause=cause,
            now=now,
        )
        return posted.card
    if closed.origin is VoucherOrigin.GIFT or (closed.origin is VoucherOrigin.STAMPS and state is VoucherState.LAPSED):
        return card
    moves = [StampMove("GIVEN_BACK", closed.stamps, closed.voucher_id)]
    return await ledger.move_stamps(conn, card, moves=moves, cause=cause, now=now)
