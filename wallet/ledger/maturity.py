"""What time does to a card: points become spendable, tiers are kept or fall, points expire. Nothing else changes a card
by itself.

All of it happens at moments that are written down: the dates of the lots, and the day on which the tier is reviewed,
midnights of the merchant's all. A card is settled moment by moment, in their order, and at each in the order: points
become spendable, tier, points expire, tier. Whoever locks the card does it; what is done is marked where it was due (a
lot is active, or empty; the review has a new day), so it is done once, however often somebody tries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import tiers
from wallet.database import Conn, Row
from wallet.ledger.cards import LockedCard
from wallet.ledger.noting import set_standing
from wallet.ledger.posting import Cause, Change, Move, post
from wallet.rules import Rules, TierRules
from wallet.tiers import NO_TIER, Standing
from wallet.values import CardId, EntryKind, LotId, MerchantId, Phrase, Points, ProgramId, SaleId, StoreId

DUE_LOTS_SQL = """
    SELECT l.lot_id, l.remaining, l.activates_at, l.activated_at, l.expires_at, l.sale_id,
           e.store_id, e.occurred_at AS earned_at, n.posted_at AS last_posted_at
    FROM lots AS l
    JOIN entries AS n ON n.merchant_id = l.merchant_id AND n.card_id = l.card_id AND n.seq = $4
    JOIN entries AS e ON e.merchant_id = l.merchant_id AND e.card_id = l.card_id AND e.seq = l.source_seq
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND NOT l.held
      AND (l.expires_at <= $3 OR (l.activated_at IS NULL AND l.activates_at <= $3))
    ORDER BY l.activates_at, l.lot_id
"""

# As everywhere, the newest of the revisions that had begun, else the first.
RULES_AT_SQL = """
    SELECT m.timezone, v.rules
    FROM program_revisions AS v
    JOIN merchants AS m ON m.merchant_id = v.merchant_id
    WHERE v.merchant_id = $1 AND v.program_id = $2 AND (v.valid_from <= $3 OR v.revision = 1)
    ORDER BY v.valid_from DESC, v.revision DESC
    LIMIT 1
"""

TIER_INPUT_SQL = """
    SELECT COALESCE(SUM(kept_points), 0)::bigint AS points, COALESCE(SUM(kept_minor), 0)::bigint AS spend
    FROM sales
    WHERE merchant_id = $1 AND card_id = $2 AND occurred_at >= $3 AND occurred_at < $4
      AND (review IS NULL OR review = 'RELEASED')
"""

CARDS_DUE_SQL = """
    SELECT DISTINCT d.merchant_id, d.card_id
    FROM (
        (SELECT merchant_id, card_id FROM lots
         WHERE activated_at IS NULL AND remaining > 0 AND NOT held AND activates_at <= $1
         ORDER BY activates_at LIMIT $2)
        UNION ALL
        (SELECT merchant_id, card_id FROM lots
         WHERE remaining > 0 AND NOT held AND expires_at IS NOT NULL AND expires_at <= $1
         ORDER BY expires_at LIMIT $2)
        UNION ALL
        (SELECT merchant_id, card_id FROM cards
         WHERE tier_review_at IS NOT NULL AND tier_review_at <= $1
         ORDER BY tier_review_at LIMIT $2)
    ) AS d
"""


@dataclass(frozen=True, slots=True)
class DueCard:
    merchant_id: MerchantId
    card_id: CardId


@dataclass(frozen=True, slots=True)
class DueLot:
    """A lot that activates or expires, or first the one and then the other, by the moment that is settled for."""

    lot_id: LotId
    remaining: Points
    activates_at: datetime
    pending: bool
    expires_at: datetime | None
    sale_id: SaleId | None
    store_id: StoreId | None
    earned_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> "DueLot":
        return cls(
            lot_id=row["lot_id"],
            remaining=row["remaining"],
            activates_at=row["activates_at"],
            pending=row["activated_at"] is None,
            expires_at=row["expires_at"],
            sale_id=row["sale_id"],
            store_id=row["store_id"],
            earned_at=row["earned_at"],
        )


async def cards_due(conn: Conn, *, limit: int, now: datetime) -> list[DueCard]:
    """Some of the cards on which something is due by `now`: up to `limit` for points that become spendable, as many for
    points that expire, and as many whose tier is to be reviewed.

    To lock such a card is to settle it.
    """
    rows = await conn.fetch(CARDS_DUE_SQL, now, limit)
    return [DueCard(row["merchant_id"], row["card_id"]) for row in rows]


async def settle_due(
    conn: Conn, card: LockedCard, *, judged_until: datetime | None = None, now: datetime
) -> LockedCard:
    """All that was due on the card by `now` has happened, as if each had happened at its own moment.

    The tier is not judged again for moments before `judged_until`, of which the caller knows that it was.

    One entry for each lot that becomes spendable, since each has its own purchase; one for all that expires at one
    moment. A tier that changes makes one where nothing else does.
    """
    due = await _due(conn, card.merchant_id, card.card_id, card.revision, judged_until=judged_until, now=now)
    while (at := due.next_moment(card.standing)) is not None:
        # What one moment brings is the same whenever somebody looks, so it is told of by itself.
        card = replace(card, found_at=card.revision)
        judge = _TierJudge(conn, card.merchant_id, card.card_id, card.program_id, at)
        for lot in due.lots:
            if lot.pending and lot.activates_at == at:
                card = await _activate(conn, card, lot, now=now)
        judges = due.judges(card.standing, at)
        if judges:
            card = await set_standing(conn, card, await judge.judged(card.standing), at=at, now=now)
        over = [lot for lot in due.lots if lot.expires_at == at]
        if over:
            card = await _expire(conn, card, over, at=at, now=now)
        if judges:
            card = await set_standing(conn, card, await judge.judged(card.standing), at=at, now=now)
    return card


async def standing_due(
    conn: Conn,
    *,
    merchant_id: MerchantId,
    card_id: CardId,
    program_id: ProgramId,
    revision: int,
    standing: Standing,
    now: datetime,
) -> Standing:
    """The tier that the card would have once all that was due by `now` had happened. Writes nothing.

    Points that become spendable or expire count for no tier: their moments are days on which it is looked at.
    """
    due = await _due(conn, merchant_id, card_id, revision, judged_until=None, now=now)
    while (at := due.next_moment(standing)) is not None:
        if due.judges(standing, at):
            standing = await _TierJudge(conn, merchant_id, card_id, program_id, at).judged(standing)
    return standing


async def raise_tier(conn: Conn, card: LockedCard, *, at: datetime, now: datetime) -> LockedCard:
    """The tier is the one that the card's sales before `at` reach under the rules of then, if that is a higher one.

    For what makes sales count all at once: a sale that was held and is released.
    """
    judge = _TierJudge(conn, card.merchant_id, card.card_id, card.program_id, at)
    return await set_standing(conn, card, await judge.raised(card.standing), at=at, now=now)


@dataclass(slots=True)
class _Due:
    """What is due on a card by `now`: the lots, and the moments of it that are still to come, but for reviews."""

    lots: Sequence[DueLot]
    moments: set[datetime]
    judged_until: datetime | None
    now: datetime

    def next_moment(self, standing: Standing) -> datetime | None:
        """The next moment at which something is due, which is over by that; None once all is done."""
        review_at = standing.review_at
        reviews = [review_at] if review_at is not None and review_at <= self.now else []
        at = min([*self.moments, *reviews], default=None)
        self.moments -= {at}
        return at

    def judges(self, standing: Standing, at: datetime) -> bool:
        """Whether the tier is judged at this moment."""
        return self.judged_until is None or at >= self.judged_until or _review_due(standing, at)


async def _due(
    conn: Conn,
    merchant_id: MerchantId,
    card_id: CardId,
    revision: int,
    *,
    judged_until: datetime | None,
    now: datetime,
) -> _Due:
    rows = await conn.fetch(DUE_LOTS_SQL, merchant_id, card_id, now, revision)
    lots = [DueLot.from_row(row) for row in rows]
    # Who posted the last entry had settled the card: a lot that is due at an earlier moment got its points back after
    # that, and the tier was judged then. Judged again it could rise to what it was before it fell.
    known = [judged_until] if judged_until is not None else []
    judged_until = max([*known, *(row["last_posted_at"] for row in rows)], default=None)
    moments = {lot.activates_at for lot in lots if lot.pending}
    moments |= {lot.expires_at for lot in lots if lot.expires_at is not None and lot.expires_at <= now}
    return _Due(lots, moments, judged_until, now)


def _review_due(standing: Standing, at: datetime) -> bool:
    return standing.review_at is not None and standing.review_at <= at


@dataclass(slots=True)
class _TierJudge:
    """Judges the tier of one card at one moment. What it has read it keeps, so to judge again asks nothing again."""

    conn: Conn
    merchant_id: MerchantId
    card_id: CardId
    program_id: ProgramId
    at: datetime
    rules: Rules | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    inputs: dict[datetime, int] = field(default_factory=dict)

    async def judged(self, standing: Standing) -> Standing:
        """Up at once; else, on the day of the review, kept or down by one level."""
        standing = await self.raised(standing)
        if not _review_due(standing, self.at):
            return standing
        levels = await self._levels()
        if levels is None:
            return NO_TIER
        counted = await self._input(levels, tiers.review_window_start(levels, standing, self.zone))
        return tiers.reviewed(levels, standing, counted=counted, zone=self.zone)

    async def raised(self, standing: Standing) -> Standing:
        levels = await self._levels()
        if levels is None:
            return standing
        counted = await self._input(levels, tiers.window_start(levels, self.at, self.zone))
        return tiers.raised(levels, standing, counted=counted, at=self.at, zone=self.zone) or standing

    async def _levels(self) -> TierRules | None:
        if self.rules is None:
            row = await self.conn.fetchrow(RULES_AT_SQL, self.merchant_id, self.program_id, self.at)
            assert row is not None, "every program has a first revision"
            self.rules, self.zone = Rules.from_json(row["rules"]), ZoneInfo(row["timezone"])
        return self.rules.tiers

    async def _input(self, levels: TierRules, since: datetime) -> int:
        if since not in self.inputs:
            row = await self.conn.fetchrow(TIER_INPUT_SQL, self.merchant_id, self.card_id, since, self.at)
            assert row is not None, "a sum has a row"
            self.inputs[since] = row[levels.basis]
        return self.inputs[since]


async def _activate(conn: Conn, card: LockedCard, lot: DueLot, *, now: datetime) -> LockedCard:
    change = Change(
        kind=EntryKind.ACTIVATED,
        moves=[Move(card.pending_account_id, card.active_account_id, lot.remaining)],
        points=lot.remaining,
        pending=-lot.remaining,
        activated=[lot.lot_id],
    )
    reason = Phrase("activated", {"earned_at": lot.earned_at.isoformat()})
    cause = Cause(occurred_at=lot.activates_at, reasons=(reason,), store_id=lot.store_id, sale_id=lot.sale_id)
    return (await post(conn, card, change, cause=cause, now=now)).card


async def _expire(conn: Conn, card: LockedCard, over: Sequence[DueLot], *, at: datetime, now: datetime) -> LockedCard:
    points = Points(sum(lot.remaining for lot in over))
    change = Change(
        kind=EntryKind.EXPIRED,
        moves=[Move(card.active_account_id, card.expired_account_id, points)],
        points=-points,
        lots={lot.lot_id: -lot.remaining for lot in over},
    )
    oldest = min(lot.earned_at for lot in over)
    reason = Phrase("expired", {"points": points, "earned_at": oldest.isoformat()})
    return (await post(conn, card, change, cause=Cause(occurred_at=at, reasons=(reason,)), now=now)).card
