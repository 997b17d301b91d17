"""The mail to a customer who was enrolled at a counter, and the link in it that proves that they read this mailbox.

Anybody can give anybody's address at a counter, so a mailbox gets few such mails, however often it is enrolled. A link
may be used again: mail programs open links for people, and people open them twice. The good answer is the same.
"""

from datetime import datetime, timedelta

from auth import links, rate_limits
from auth.emails import Address
from auth.secrets import SecretBox
from wallet import outbox
from wallet.database import Conn
from wallet.values import CardId, CustomerId, MerchantId

MAIL_TOPIC = "mail.enrolment"
MAILS_WINDOW = timedelta(days=1)
MAILS_PER_ADDRESS_AND_MERCHANT = 1
MAILS_PER_ADDRESS = 5

LIFE = timedelta(days=30)
BATCH = 1000

INSERT_CONFIRMATION_SQL = """
    INSERT INTO email_confirmations (link_hash, customer_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4)
"""

CONFIRM_SQL = """
    UPDATE customers AS customer
    SET confirmed_at = COALESCE(customer.confirmed_at, $2)
    FROM email_confirmations AS confirmation
    WHERE confirmation.link_hash = $1 AND confirmation.expires_at > $2
      AND customer.customer_id = confirmation.customer_id
    RETURNING customer.customer_id
"""

SWEEP_CONFIRMATIONS_SQL = """
    DELETE FROM email_confirmations
    WHERE link_hash = ANY(ARRAY(
        SELECT link_hash
        FROM email_confirmations
        WHERE expires_at <= $1
        ORDER BY expires_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING link_hash
"""


async def mail(
    conn: Conn,
    *,
    box: SecretBox,
    email: Address,
    customer_id: CustomerId,
    merchant_id: MerchantId,
    card_id: CardId,
    now: datetime,
) -> bool:
    """Whether a mail is on its way that tells the customer of the card.

    One merchant has an address written to once in 24 hours, all merchants together 5 times; beyond that there is no
    mail, and nothing changes.
    """
    key, merchant = email.key.encode(), merchant_id.bytes
    by_merchant, in_all = box.keyed_hash("rate_limit", key, merchant), box.keyed_hash("rate_limit", key)
    if not await _take(conn, "enrolment_mail.merchant", by_merchant, MAILS_PER_ADDRESS_AND_MERCHANT, now):
        return False
    if not await _take(conn, "enrolment_mail.address", in_all, MAILS_PER_ADDRESS, now):
        # This merchant has not mailed, so nothing of its own keeps it from mailing once the address has room again.
        await rate_limits.give_back(conn, scope="enrolment_mail.merchant", subject=by_merchant, now=now)
        return False
    ids = {"customerId": str(customer_id), "merchantId": str(merchant_id), "cardId": str(card_id)}
    await outbox.add(conn, topic=MAIL_TOPIC, payload=ids, run_at=now, now=now)
    return True


async def _take(conn: Conn, scope: str, subject: bytes, limit: int, now: datetime) -> bool:
    return await rate_limits.take(conn, scope=scope, subject=subject, limit=limit, window=MAILS_WINDOW, now=now)


async def new_link(conn: Conn, *, customer_id: CustomerId, now: datetime) -> str:
    """A token (43 characters) to mail to the customer, good for 30 days. Earlier ones stay good for theirs."""
    link = links.new_link()
    await conn.execute(INSERT_CONFIRMATION_SQL, link.hash, customer_id, now, now + LIFE)
    return link.token


async def confirm(conn: Conn, *, token: str, now: datetime) -> bool:
    """Whether the token is a live link; if so, its customer is confirmed, since the first time that they were."""
    link_hash = links.hash_of(token)
    if link_hash is None:
        return False
    return await conn.fetchval(CONFIRM_SQL, link_hash, now) is not None


async def sweep(conn: Conn, *, now: datetime) -> int:
    """Up to a thousand links that are past their date are gone; how many. Call again until it is 0."""
    return len(await conn.fetch(SWEEP_CONFIRMATIONS_SQL, now, BATCH))
