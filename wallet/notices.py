"""Notices: members are told of points before they expire, in time to use them, and not every day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wallet import ledger, outbox
from wallet.database import Conn, Row
from wallet.values import CardId, CustomerId, LotId, MerchantId, Points

MAIL_TOPIC = "mail.expiring"
A_DAY = timedelta(days=1)

CARDS_TO_NOTICE_SQL = """
    SELECT DISTINCT d.merchant_id, d.card_id
    FROM (
        SELECT merchant_id, card_id
        FROM lots
        WHERE notice_at IS NOT NULL AND notice_at <= $1 AND remaining > 0 AND activated_at IS NOT NULL
        ORDER BY notice_at
        LIMIT $2
    ) AS d
"""

# The day is the merchant's last one on which the points are good: they go at the midnight that ends it.
NEAR_LOTS_SQL = """
    SELECT l.lot_id, l.remaining, l.expires_at, l.notice_days, d.expires_on,
           EXISTS (
               SELECT FROM expiry_notices AS n
               WHERE n.merchant_id = l.merchant_id AND n.card_id = l.card_id AND n.expires_on = d.expires_on
           ) AS told,
           u.email IS NOT NULL AND u.confirmed_at IS NOT NULL AND u.notices_stopped_at IS NULL AS reachable,
           (
               SELECT MAX(n.noticed_at)
               FROM expiry_notices AS n
               WHERE n.merchant_id = l.merchant_id AND n.card_id = l.card_id
           ) AS last_noticed_at
    FROM lots AS l
    JOIN merchants AS m ON m.merchant_id = l.merchant_id
    JOIN cards AS c ON c.merchant_id = l.merchant_id AND c.card_id = l.card_id
    JOIN customers AS u ON u.customer_id = c.customer_id
    CROSS JOIN LATERAL (
        SELECT ((l.expires_at - interval '1 microsecond') AT TIME ZONE m.timezone)::date AS expires_on
    ) AS d
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND l.activated_at IS NOT NULL
      AND l.notice_at IS NOT NULL AND l.expires_at > $3
      AND l.expires_at <= $3 + make_interval(days => l.notice_days)
    ORDER BY l.expires_at, l.lot_id
"""

INSERT_NOTICES_SQL = """
    INSERT INTO expiry_notices (merchant_id, card_id, expires_on, points, noticed_at)
    SELECT $1, $2, d.expires_on, d.points, $3
    FROM unnest($4::date[], $5::bigint[]) AS d (expires_on, points)
"""

SET_NOTICE_SQL = """
    UPDATE lots SET notice_at = CASE WHEN $4::timestamptz < expires_at THEN $4 END
    WHERE merchant_id = $1 AND card_id = $2 AND lot_id = ANY($3::uuid[])
"""

EXPIRING_OF_CARD_SQL = """
    SELECT ((l.expires_at - interval '1 microsecond') AT TIME ZONE m.timezone)::date AS expires_on,
           SUM(l.remaining)::bigint AS points
    FROM lots AS l
    JOIN merchants AS m ON m.merchant_id = l.merchant_id
    WHERE l.merchant_id = $1 AND l.card_id = $2 AND l.remaining > 0 AND l.activated_at IS NOT NULL
      AND l.expires_at > $3
      AND ((l.expires_at - interval '1 microsecond') AT TIME ZONE m.timezone)::date <= $4
    GROUP BY 1
    ORDER BY 1
"""

# Asked again when the mail is made: meanwhile they may have said that they want none.
ADDRESSEE_SQL = """
    SELECT u.customer_id, u.email, u.name, u.locale, m.name AS merchant_name, p.name AS program_name, p.point_name,
           p.point_name_plural, a.balance AS active
    FROM cards AS c
    JOIN customers AS u ON u.customer_id = c.customer_id
    JOIN merchants AS m ON m.merchant_id = c.merchant_id
    JOIN programs AS p ON p.merchant_id = c.merchant_id AND p.program_id = c.program_id
    JOIN accounts AS a ON a.merchant_id = c.merchant_id AND a.account_id = c.active_account_id
    WHERE c.merchant_id = $1 AND c.card_id = $2
      AND u.email IS NOT NULL AND u.confirmed_at IS NOT NULL AND u.notices_stopped_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class NearLot:
    """A lot that expires within its notice days, and what is known of its owner."""

    lot_id: LotId
    remaining: Points
    expires_at: datetime
    notice_days: int
    expires_on: date
    told: bool
    reachable: bool
    last_noticed_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> "NearLot":
        return cls(
            lot_id=row["lot_id"],
            remaining=row["remaining"],
            expires_at=row["expires_at"],
            notice_days=row["notice_days"],
            expires_on=row["expires_on"],
            told=row["told"],
            reachable=row["reachable"],
            last_noticed_at=row["last_noticed_at"],
        )


@dataclass(frozen=True, slots=True)
class ExpiringDay:
    """Points whose last good day this is."""

    day: date
    points: Points


@dataclass(frozen=True, slots=True)
class Notice:
    """What a member is told, and where. `active` is all that they can spend, what expires included."""

    customer_id: CustomerId
    email: str
    name: str | None
    locale: str
    merchant_name: str
    program_name: str
    point_name: str
    point_name_plural: str
    active: Points
    days: tuple[ExpiringDay, ...]

    @classmethod
    def from_rows(cls, row: Row, days: Sequence[Row]) -> "Notice":
        return cls(
            customer_id=row["customer_id"],
            email=row["email"],
            name=row["name"],
            locale=row["locale"],
            merchant_name=row["merchant_name"],
            program_name=row["program_name"],
            point_name=row["point_name"],
            point_name_plural=row["point_name_plural"],
            active=row["active"],
            days=tuple(ExpiringDay(day["expires_on"], day["points"]) for day in days),
        )


async def cards_due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MerchantId, CardId]]:
    """Some of the cards whose owner may have to be told of points that expire: those of up to `limit` lots."""
    return [(row["merchant_id"], row["card_id"]) for row in await conn.fetch(CARDS_TO_NOTICE_SQL, now, limit)]


async def write(conn: Conn, *, merchant_id: MerchantId, card_id: CardId, now: datetime) -> bool:
    """Whether a mail to the card's owner is on its way. If so it tells of all points that expire within their notice
    days and of which no mail has told. Asked again, it does nothing until more points come near their end.

    Only confirmed customers with an address who have not stopped such mail are told; for others it is asked again a day
    later. Who was mailed within half the notice days is told later too, unless points would be gone before the other
    half is over: whoever earns every day would else be mailed every day. So every date is told of at least half the
    notice days ahead. Raises NotFound.
    """
    await ledger.lock_cards(conn, merchant_id=merchant_id, card_ids=[card_id], now=now)
    lots = [NearLot.from_row(row) for row in await conn.fetch(NEAR_LOTS_SQL, merchant_id, card_id, now)]
    untold = [lot for lot in lots if not lot.told]
    look_again = _look_again(untold, now) if untold else None
    if look_again is not None or not untold:
        await conn.execute(SET_NOTICE_SQL, merchant_id, card_id, [lot.lot_id for lot in lots], look_again)
        return False
    points = defaultdict[date, int](int)
    for lot in untold:
        points[lot.expires_on] += lot.remaining
    await conn.execute(INSERT_NOTICES_SQL, merchant_id, card_id, now, list(points), list(points.values()))
    await conn.execute(SET_NOTICE_SQL, merchant_id, card_id, [lot.lot_id for lot in lots], None)
    payload = {"merchantId": str(merchant_id), "cardId": str(card_id), "until": max(points).isoformat()}
    await outbox.add(conn, topic=MAIL_TOPIC, payload=payload, run_at=now, now=now)
    return True


def _look_again(untold: Sequence[NearLot], now: datetime) -> datetime | None:
    """When to ask again; None if now is the time to tell."""
    if not untold[0].reachable:
        return now + A_DAY
    half = max(lot.notice_days for lot in untold) * A_DAY / 2
    last = untold[0].last_noticed_at
    if last is not None and last + half > now and all(lot.expires_at > now + half for lot in untold):
        return last + half
    return None


async def read(conn: Conn, *, merchant_id: MerchantId, card_id: CardId, until: date, now: datetime) -> Notice | None:
    """What there is still to tell of points whose last good day is `until` or before; None if there is nothing, or
    nobody who wants to be told.
    """
    row = await conn.fetchrow(ADDRESSEE_SQL, merchant_id, card_id)
    if row is None:
        return None
    days = await conn.fetch(EXPIRING_OF_CARD_SQL, merchant_id, card_id, now, until)
    return Notice.from_rows(row, days) if days else None
