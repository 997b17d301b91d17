"""What the worker does with a gift: make its link, mail it, and note what became of the mail. So too for its reminder.

Between making and noting the worker talks to a mail server and may die. Then the job comes back and mails again, with a
fresh link; the earlier one stays good, since its mail may have arrived.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from wallet import outbox
from wallet.database import Conn, Row
from wallet.gifts import events
from wallet.gifts.gift import DeliveryProblem
from wallet.gifts.locking import lock, opens
from wallet.gifts.plain_text import sender_name
from wallet.gifts.sending import MAIL_TOPIC
from wallet.mail import suppressions
from wallet.mail.suppressions import Suppression
from wallet.values import CardId, GiftId, GiftKind, GiftStatus, MerchantId, Money, Points

WAITING = frozenset({GiftStatus.SENT, GiftStatus.DELIVERED, GiftStatus.VIEWED})
"""Its mail has left, and nobody has claimed it."""

INSERT_LINK_SQL = """
    INSERT INTO gift_links (link_hash, merchant_id, gift_id, email_hash, created_at)
    SELECT $1, merchant_id, gift_id, sha256(convert_to(recipient_email_key, 'UTF8')), $4
    FROM gifts
    WHERE merchant_id = $2 AND gift_id = $3
"""

MAIL_FACTS_SQL = """
    SELECT g.recipient_name, g.recipient_email, g.recipient_email_key, g.message, g.kind, g.points, g.value_minor,
           g.currency, w.name AS reward_name, g.claimable_until, d.media_type, d.image, d.alt_text,
           COALESCE(r.locale, g.locale) AS locale, s.name AS sender_name, s.email AS sender_email, g.sender_card_id,
           p.point_name, p.point_name_plural, m.name AS merchant_name, m.timezone
    FROM gifts AS g
    JOIN customers AS s ON s.customer_id = g.sender_customer_id
    JOIN programs AS p ON p.merchant_id = g.merchant_id AND p.program_id = g.program_id
    JOIN merchants AS m ON m.merchant_id = g.merchant_id
    LEFT JOIN customers AS r ON r.email_key = g.recipient_email_key
    LEFT JOIN rewards AS w ON w.merchant_id = g.merchant_id AND w.reward_id = g.reward_id
    LEFT JOIN gift_designs AS d ON d.merchant_id = g.merchant_id AND d.design_id = g.design_id
    WHERE g.merchant_id = $1 AND g.gift_id = $2
"""

# A gift that was claimed or cancelled while its mail was under way keeps its status, but the mail did leave. So does
# one whose mail came back before it was noted that it left; if it was only given up as unreachable, it got through.
RECORD_SENT_SQL = """
    UPDATE gifts
    SET sent_at = $4,
        status = CASE
            WHEN status = 'SCHEDULED' OR status = 'BOUNCED' AND delivery_problem = 'unreachable' THEN 'SENT'
            ELSE status
        END,
        delivery_problem = NULLIF(delivery_problem, 'unreachable'),
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
    INSERT INTO mail_suppressions (email_hash, reason, since)
    SELECT email_hash, 'UNWANTED', $2
    FROM gift_links
    WHERE link_hash = $1
    ON CONFLICT (email_hash, reason) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class MailedDesign:
    """The picture that comes with a mail."""

    media_type: str
    content: bytes
    alt_text: str


@dataclass(frozen=True, slots=True)
class GiftMail:
    """All that the mail of a gift says, and to whom. It is worth a `value`, a reward of this name, or else `points`.

    `locale` is the recipient's if we know it, else the sender's.
    """

    sender_card_id: CardId
    recipient_email: str
    recipient_name: str
    sender_name: str
    message: str | None
    points: Points
    value: Money | None
    reward_name: str | None
    design: MailedDesign | None
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
    is closed or about to go back. None while its money is blocked: whoever ends that sends it on. None before its
    moment, for which the mail is on its way again. None too if no gift mail goes to this mailbox; then the gift says
    so, as bounced.
    """
    gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
    if gift is None or gift.status is not GiftStatus.SCHEDULED or gift.delivery != delivery:
        return None
    if gift.claimable_until <= now or not await opens(conn, gift):
        return None
    if now < gift.leaves_at:
        await outbox.add(
            conn,
            topic=MAIL_TOPIC,
            payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": delivery},
            run_at=gift.leaves_at,
            now=now,
        )
        return None
    row = await conn.fetchrow(MAIL_FACTS_SQL, merchant_id, gift_id)
    assert row is not None, "a gift has a sender, a program and a merchant"
    email_hash = suppressions.hash_of(row["recipient_email_key"])
    problem = problem_of(await suppressions.of_mailbox(conn, email_hash=email_hash, now=now))
    if problem is not None:
        await record_bounced(
            conn, merchant_id=merchant_id, gift_id=gift_id, delivery=delivery, problem=problem, now=now
        )
        return None
    await conn.execute(INSERT_LINK_SQL, link_hash, merchant_id, gift_id, now)
    return _mail(row, claimable_until=now + timedelta(days=gift.return_days))


async def prepare_reminder(
    conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId, delivery: int, link_hash: bytes, now: datetime
) -> GiftMail | None:
    """The link is good, besides the earlier ones, and the mail that reminds the recipient can be written.

    None, and nothing changed, if there is nothing to remind of: the gift is closed or its time over, its mail came back
    or is being sent again, its money is disputed; or if no gift mail goes to this mailbox.
    """
    gift = await lock(conn, merchant_id=merchant_id, gift_id=gift_id)
    if gift is None or gift.status not in WAITING or gift.delivery != delivery or gift.claimable_until <= now:
        return None
    if not await opens(conn, gift):
        return None
    row = await conn.fetchrow(MAIL_FACTS_SQL, merchant_id, gift_id)
    assert row is not None, "a gift has a sender, a program and a merchant"
    email_hash = suppressions.hash_of(row["recipient_email_key"])
    if problem_of(await suppressions.of_mailbox(conn, email_hash=email_hash, now=now)) is not None:
        return None
    await conn.execute(INSERT_LINK_SQL, link_hash, merchant_id, gift_id, now)
    return _mail(row, claimable_until=gift.claimable_until)


async def show_mail(conn: Conn, *, merchant_id: MerchantId, gift_id: GiftId) -> GiftMail | None:
    """What the mail of the gift says, or said, and nothing changes. None if there is no such gift."""
    row = await conn.fetchrow(MAIL_FACTS_SQL, merchant_id, gift_id)
    return _mail(row, claimable_until=row["claimable_until"]) if row else None


def _mail(row: Row, *, claimable_until: datetime) -> GiftMail:
    return GiftMail(
        sender_card_id=row["sender_card_id"],
        recipient_email=row["recipient_email"],
        recipient_name=row["recipient_name"],
        sender_name=sender_name(row["sender_name"], row["sender_email"]),
        message=row["message"],
        points=row["points"] or Points(0),
        value=Money(row["value_minor"], row["currency"]) if row["kind"] == GiftKind.VALUE else None,
        reward_name=row["reward_name"],
        design=MailedDesign(row["media_type"], bytes(row["image"]), row["alt_text"]) if row["media_type"] else None,
        point_name=row["point_name"],
        point_name_plural=row["point_name_plural"],
        merchant_name=row["merchant_name"],
        timezone=row["timezone"],
        locale=row["locale"],
        claimable_until=claimable_until,
    )


def problem_of(reasons: Collection[Suppression]) -> DeliveryProblem | None:
    """What a sender is told of a mailbox that gets no gift mail for these reasons: not that it called a mail spam."""
    if Suppression.UNWANTED in reasons or Suppression.COMPLAINED in reasons:
        return DeliveryProblem.UNWANTED
    if Suppression.MANUAL in reasons:
        return DeliveryProblem.NOT_MAILED
    return DeliveryProblem.FAILED_BEFORE if Suppression.BOUNCED in reasons else None


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
