"""What the sender of a gift is told of it by mail: that it waits, was declined, came back, was thanked for.

Everything else they see in the app, and did themselves or saw at once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wallet import outbox
from wallet.database import Conn, Row
from wallet.gifts.gift import DeliveryProblem
from wallet.values import CustomerId, GiftId, GiftKind, GiftStatus, MerchantId, Money, Points

MAIL_TOPIC = "mail.gift_news"

UNCLAIMED = frozenset({GiftStatus.SENT, GiftStatus.DELIVERED, GiftStatus.VIEWED, GiftStatus.BOUNCED})

# An address that was never confirmed may be anybody's. Money that is disputed, or never came, does not go back.
NEWS_SQL = """
    SELECT g.kind, g.status, g.points, g.value_minor, g.currency, g.recipient_name, g.claimable_until, g.thanks,
           g.delivery_problem, g.reminded_at, w.name AS reward_name, u.customer_id, u.email, u.name, u.locale,
           u.notices_stopped_at, p.point_name, p.point_name_plural, m.name AS merchant_name, m.timezone,
           (SELECT y.state IN ('REFUNDING', 'REFUNDED') FROM payments AS y
            WHERE y.merchant_id = g.merchant_id AND y.gift_id = g.gift_id) AS refunded
    FROM gifts AS g
    JOIN customers AS u ON u.customer_id = g.sender_customer_id
    JOIN programs AS p ON p.merchant_id = g.merchant_id AND p.program_id = g.program_id
    JOIN merchants AS m ON m.merchant_id = g.merchant_id
    LEFT JOIN rewards AS w ON w.merchant_id = g.merchant_id AND w.reward_id = g.reward_id
    WHERE g.merchant_id = $1 AND g.gift_id = $2 AND u.email IS NOT NULL AND u.confirmed_at IS NOT NULL
"""


class News(StrEnum):
    """What there is to tell of a gift."""

    WAITING = "WAITING"
    """Nobody has claimed it, and it goes back soon."""
    DECLINED = "DECLINED"
    RETURNED = "RETURNED"
    THANKED = "THANKED"


@dataclass(frozen=True, slots=True)
class GiftNews:
    """What the sender is told, and where. It was worth a `value`, a reward of this name that cost `points`, or these.

    `problem`: why its mail did not arrive.
    """

    news: News
    customer_id: CustomerId
    email: str
    name: str | None
    locale: str
    timezone: str
    merchant_name: str
    recipient_name: str
    points: Points
    value: Money | None
    reward_name: str | None
    point_name: str
    point_name_plural: str
    status: GiftStatus
    claimable_until: datetime
    problem: DeliveryProblem | None
    thanks: str | None

    @classmethod
    def from_row(cls, row: Row, news: News) -> "GiftNews":
        return cls(
            news=news,
            customer_id=row["customer_id"],
            email=row["email"],
            name=row["name"],
            locale=row["locale"],
            timezone=row["timezone"],
            merchant_name=row["merchant_name"],
            recipient_name=row["recipient_name"],
            points=row["points"] or Points(0),
            value=Money(row["value_minor"], row["currency"]) if row["kind"] == GiftKind.VALUE else None,
            reward_name=row["reward_name"],
            point_name=row["point_name"],
            point_name_plural=row["point_name_plural"],
            status=GiftStatus(row["status"]),
            claimable_until=row["claimable_until"],
            problem=DeliveryProblem(row["delivery_problem"]) if row["delivery_problem"] else None,
            thanks=row["thanks"],
        )


async def tell(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, news: News, now: datetime) -> None:
    """A mail to the sender is on its way, if this transaction commits."""
    payload = {"merchantId": str(merchant_id), "giftId": str(gift_id), "news": news.value}
    await outbox.add(conn, topic=MAIL_TOPIC, payload=payload, run_at=now, now=now)


async def read(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, news: News, now: datetime) -> GiftNews | None:
    """What there is to tell by now; None if it is not so any more, or if the sender has no confirmed address. Who has
    stopped reminders gets none of gifts either.
    """
    row = await conn.fetchrow(NEWS_SQL, merchant_id, gift_id)
    if row is None or not _is_so(row, news, now):
        return None
    return GiftNews.from_row(row, news)


def _is_so(row: Row, news: News, now: datetime) -> bool:
    status = GiftStatus(row["status"])
    match news:
        case News.WAITING:
            waits = status in UNCLAIMED and row["reminded_at"] is not None and row["claimable_until"] > now
            return waits and row["notices_stopped_at"] is None
        case News.THANKED:
            return row["thanks"] is not None
        case News.DECLINED | News.RETURNED:
            return status.value == news.value and (row["kind"] != GiftKind.VALUE or bool(row["refunded"]))
