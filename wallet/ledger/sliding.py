"""Points that lapse for want of activity: every purchase of the card gives all of them a new date."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet.database import Conn
from wallet.ledger.cards import LockedCard
from wallet.ledger.posting import Posted
from wallet.rules.expiry import months_later

TOUCH_SQL = """
    UPDATE lots AS l SET expires_at = s.expires_at, notice_at = s.expires_at - make_interval(days => l.notice_days)
    FROM unnest($3::smallint[], $4::timestamptz[]) AS s (months, expires_at)
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND l.sliding_months = s.months
      AND l.expires_at < s.expires_at
"""

SLIDING_LOTS_SQL = """
    SELECT l.lot_id, l.activates_at, l.sliding_months, l.expires_at, m.timezone, s.last_bought_at
    FROM lots AS l
    JOIN merchants AS m ON m.merchant_id = l.merchant_id
    CROSS JOIN LATERAL (
        SELECT MAX(o.occurred_at) AS last_bought_at
        FROM sales AS o
        WHERE o.merchant_id = l.merchant_id AND o.card_id = l.card_id AND NOT o.wholly_returned
          AND o.review IS DISTINCT FROM 'REFUSED'
    ) AS s
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND l.sliding_months IS NOT NULL
"""

SET_EXPIRIES_SQL = """
    UPDATE lots AS l SET expires_at = c.expires_at, notice_at = c.expires_at - make_interval(days => l.notice_days)
    FROM unnest($3::uuid[], $4::timestamptz[]) AS c (lot_id, expires_at)
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.lot_id = c.lot_id
"""


async def touch(conn: Conn, card: LockedCard, *, at: datetime, zone: ZoneInfo) -> None:
    """The card was used at `at`: none of its sliding points lapses before so many months have passed from then.

    No statement where it has none.
    """
    if card.sliding_months:
        dates = [months_later(at, months, to_month_end=False, zone=zone) for months in card.sliding_months]
        await conn.execute(TOUCH_SQL, card.merchant_id, card.card_id, list(card.sliding_months), dates)


async def untouch(conn: Conn, card: LockedCard) -> None:
    """The dates of the card's sliding points are what its sales that are not wholly returned make them: so many months
    after the last of those, or after the points became spendable if that is later.

    For when a sale has come back wholly, and says so: the state is as if it had never been.
    """
    if not card.sliding_months:
        return
    changed = []
    for lot in await conn.fetch(SLIDING_LOTS_SQL, card.merchant_id, card.card_id):
        used_at = max(lot["activates_at"], lot["last_bought_at"] or lot["activates_at"])
        zone = ZoneInfo(lot["timezone"])
        expires_at = months_later(used_at, lot["sliding_months"], to_month_end=False, zone=zone)
        if expires_at != lot["expires_at"]:
            changed.append((lot["lot_id"], expires_at))
    if changed:
        await conn.execute(
            SET_EXPIRIES_SQL, card.merchant_id, card.card_id, [lot for lot, _ in changed], [at for _, at in changed]
        )


async def given_back(conn: Conn, posted: Posted, *, sliding_months: Iterable[int | None]) -> Posted:
    """Points that came back to their lots live as long as they would have lived there: purchases that were made while
    they were away count for them too.

    `sliding_months` are those of the lots. No statement where none of them slides.
    """
    months = {each for each in sliding_months if each is not None}
    if not months:
        return posted
    card = replace(posted.card, sliding_months=tuple(sorted({*posted.card.sliding_months, *months})))
    await untouch(conn, card)
    return Posted(card, posted.seq)
