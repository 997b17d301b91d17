"""Both hear of a gift before it goes back: whoever it waits for, and whoever sent it."""

from datetime import datetime, timedelta

from wallet import outbox
from wallet.database import Conn
from wallet.gifts import events, news
from wallet.gifts.news import News
from wallet.values import CardId, GiftId, GiftStatus, MerchantId

MAIL_TOPIC = "mail.gift_reminder"

REMIND_BEFORE = timedelta(days=7)
"""So long before it goes back. One that has fewer than 14 days in all is not reminded of: its mail is fresh enough."""

# A gift that somebody holds waits for the next time: they may be ending it. Nobody is reminded of one that opens for
# nobody, because its money is disputed. The limited part is found once: as a plain join, it might run for each row.
REMIND_SQL = """
    WITH due AS MATERIALIZED (
        SELECT g.merchant_id, g.gift_id
        FROM gifts AS g
        WHERE g.closed_at IS NULL AND g.reminded_at IS NULL AND g.return_days >= 14
          AND g.status IN ('SENT', 'DELIVERED', 'VIEWED', 'BOUNCED')
          AND g.claimable_until > $1 AND g.claimable_until <= $2
          AND (g.kind <> 'VALUE' OR 'ACTIVE' = (
              SELECT v.state FROM gift_cards AS v WHERE v.merchant_id = g.merchant_id AND v.gift_id = g.gift_id
          ))
        ORDER BY g.claimable_until
        LIMIT $3
        FOR UPDATE OF g SKIP LOCKED
    )
    UPDATE gifts AS g
    SET reminded_at = $1
    FROM due AS d
    WHERE g.merchant_id = d.merchant_id AND g.gift_id = d.gift_id AND g.closed_at IS NULL AND g.reminded_at IS NULL
    RETURNING g.merchant_id, g.gift_id, g.sender_card_id, g.delivery, g.status
"""


async def remind_due(conn: Conn, *, limit: int, now: datetime) -> list[tuple[MerchantId, CardId]]:
    """At most `limit` gifts that go back within seven days are REMINDED of, and a mail to the recipient and one to the
    sender are on their way. Once for a gift, or once more after it was sent again.

    One whose mail came back is told to its sender alone. Returns the cards of the senders.
    """
    rows = await conn.fetch(REMIND_SQL, now, now + REMIND_BEFORE, limit)
    for row in rows:
        merchant_id, gift_id = MerchantId(row["merchant_id"]), GiftId(row["gift_id"])
        await events.note(conn, kind="REMINDED", merchant_id=merchant_id, gift_id=gift_id, now=now)
        if row["status"] != GiftStatus.BOUNCED:
            await outbox.add(
                conn,
                topic=MAIL_TOPIC,
                payload={"merchantId": str(merchant_id), "giftId": str(gift_id), "delivery": row["delivery"]},
                run_at=now,
                now=now,
            )
        await news.tell(conn, merchant_id=merchant_id, gift_id=gift_id, news=News.WAITING, now=now)
    return [(row["merchant_id"], row["sender_card_id"]) for row in rows]
