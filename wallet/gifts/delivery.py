"""What the worker does with a gift: make its link, mail it, and note what became of the mail.

Between making and noting the worker talks to a mail server and may die. Then the job comes back and mails again, with a
fresh link; the earlier one stays good, since its mail may have arrived.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet.database import Conn
from wallet.gifts import events
from wallet.gifts.gift import DeliveryProblem
from wallet.gifts.locking import lock
from wallet.gifts.plain_text import sender_name
from wallet.values import GiftId, GiftStatus, MerchantId, Points

INSERT_LINK_SQL = """
    INSERT INTO gift_links (link_hash, merchant_id, gift_id, email_hash, created_at)
    SELECT $1, merchant_id, gift_id, sha256(convert_to(recipient_email_key, 'UTF8')), $4
    FROM gifts
    WHERE merchant_id = $2 AND gift_id = $3
"""

MAIL_FACTS_SQL = """
    SELECT g.recipient_name, g.recipient_email, g.message, g.points, COALESCE(r.locale, g.locale) AS locale,
           s.name AS sender_name, s.email AS sender_email, p.point_name, p.point_name_plural,
           m.name AS merchant_name, m.timezone,
           EXISTS (
               SELECT FROM gift_mail_refusals AS f
               WHERE f.email_hash = sha256(convert_to(g.recipient_email_key, 'UTF8'))
           ) AS unwanted
    FROM gifts AS g
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    JOIN programs AS p ON p.merchant_id = g.merchant_id AND p.program_id = g.program_id
    JOIN merchants AS m ON m.merchant_id = g.merchant_id
    LEFT JOIN customers AS r ON r.email_key = g.recipient_email_key
    WHERE g.merchant_id = $1 AND g.gift_id = $2
"""

# A gift that was claimed or cancelled while its mail was under way keeps its status, but the mail did leave.
RECORD_SENT_SQL = """
    UPDATE gifts
    SET sent_at = $4, delivery_problem = NULL,
        status = CASE WHEN closed_at IS NULL THEN 'SENT' ELSE status END,
        claimable_until = CASE
            WHEN closed_at IS NULL THEN $4::timestamptz + return_days * INTERVAL '24 hours'
            ELSE claimable_until
        END
    WHERE merchant_id = $1 AND gift_id = $2 AND delivery = $3 AND sent_at IS NULL
    RETURNING gift_id
"""

RECORD_BOUNCED_SQL = """
    UPDATE gifts
    SET status = 'BOUNCED', delivery_problem = $4
    WHERE merchant_id = $1 AND gift_id = $2 AND delivery = $3 AND status = 'SCHEDULED'
    RETURNING gift_id
"""

# The mailbox of the link, which is not always the gift's: its address may have been corrected since.
REFUSE_MAIL_SQL = """
    INSERT INTO gift_mail_refusals (email_hash, refused_at)
    SELECT email_hash, $2
    FROM gift_links
    WHERE link_hash = $1
    ON CONFLICT (email_hash) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class GiftMail:
    """All that the mail of a gift says, and to whom. `locale` is the recipient's if we know it, else the sender's."""

    recipient_email: str
    recipient_name: str
    sender_name: str
    message: str | None
    points: Points
    point_name: str
    point_name_plural: str
    merchant_name: str
    timezone: str
    locale: str
    claimable_until: datetime


async def prepare_delivery(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, link_hash: bytes, now: datetime
) -> GiftMail | None:
    """The link is good, and its mail can be written.

    None if this delivery has nothing to mail: it was mailed or refused already, a later one took its place, or the gift
    is closed or about to go back. None too if the recipient wants no such mail; then the gift says so, as bounced.
    """
    gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
    if gift is None or gift.status is not GiftStatus.SCHEDULED or gift.delivery != delivery:
        return None
    if gift.claimable_until <= now:
        return None
    row = await conn.fetchrow(MAIL_FACTS_SQL, merchant_id, gift_id)
    assert row is not None, "a gift has a sender, a program and a merchant"
    if row["unwanted"]:
        problem = DeliveryProblem.UNWANTED
        await record_bounced(
            conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=now
        )
        return None
    await conn.execute(INSERT_LINK_SQL, link_hash, merchant_id, gift_id, now)
    return GiftMail(
        recipient_email=row["recipient_email"],
        recipient_name=row["recipient_name"],
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        message=row["message"],
        points=row["points"],
        point_name=row["point_name"],
        point_name_plural=row["point_name_plural"],
        merchant_name=row["merchant_name"],
        timezone=row["timezone"],
        locale=row["locale"],
        claimable_until=now + timedelta(days=gift.return_days),
    )


async def record_sent(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, now: datetime) -> bool:
    """The mail of this delivery has left, and an open gift can be claimed for its days from now on.

    False, and nothing changed, if that was noted before or a later delivery took its place.
    """
    if await conn.fetchval(RECORD_SENT_SQL, merchant_id, gift_id, delivery, now) is None:
        return False
    await events.note(conn, kind="SENT", merchant_id=merchant_id, gift_id=gift_id, now=now)
    return True


async def record_bounced(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, problem: DeliveryProblem, now: datetime
) -> bool:
    """The mail of this delivery did not arrive, and the gift says why. It stays open, to be sent again or cancelled.

    False, and nothing changed, if this delivery is over or was overtaken.
    """
    if await conn.fetchval(RECORD_BOUNCED_SQL, merchant_id, gift_id, delivery, problem.value) is None:
        return False
    await events.note(conn, kind="BOUNCED", merchant_id=merchant_id, gift_id=gift_id, now=now)
    return True


async def refuse_mail(conn: Conn, *, link_hash: bytes, now: datetime) -> None:
    """The mailbox that the link was sent to gets no gift mail any more. Nothing happens for a link that is none.

    Any link that was ever mailed will do, whatever became of its gift and wherever that was sent later. Gifts that were
    mailed stay as they are.
    """
    await conn.execute(REFUSE_MAIL_SQL, link_hash, now)
