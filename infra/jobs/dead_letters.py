"""What it means for the business that a job is tried again after all, or never."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from auth import confirmations, sign_in
from infra.jobs import gift_mail
from wallet import notices
from wallet.database import Conn
from wallet.gifts import news, paying, reminding, sending
from wallet.outbox import Job

GIVEN_UP: Mapping[str, str] = {
    sending.MAIL_TOPIC: "The mail of a gift. The gift says that it could not be delivered, and stays to be sent again.",
    reminding.MAIL_TOPIC: "The mail that reminds somebody of a gift. The gift stays, and its first mail with it.",
    news.MAIL_TOPIC: "A mail to the sender of a gift. The app shows what became of it.",
    sign_in.MAIL_TOPIC: "A sign-in code. Whoever waits for it asks for another.",
    confirmations.MAIL_TOPIC: "The mail that tells somebody of their new card. The card stays.",
    notices.MAIL_TOPIC: "A reminder of points that expire.",
    paying.DISPUTE_TOPIC: "The mail that tells the merchant of a disputed payment. The payment stays disputed.",
    paying.REFUND_FAILED_TOPIC: "The mail that tells the merchant of money that did not arrive. It stays owed.",
}

GIVE_UPS: Mapping[str, Callable[[Conn, Job, datetime], Awaitable[None]]] = {sending.MAIL_TOPIC: gift_mail.give_up}
REVIVALS: Mapping[str, Callable[[Conn, Job, datetime], Awaitable[None]]] = {sending.MAIL_TOPIC: gift_mail.revive}


async def revived(conn: Conn, job: Job, now: datetime) -> None:
    """What the job is about waits for it again, as it did before it was given up."""
    if job.topic in REVIVALS:
        await REVIVALS[job.topic](conn, job, now)


async def dropped(conn: Conn, job: Job, now: datetime) -> str:
    """What the job is about waits for it no longer. Returns what was given up, in a sentence."""
    if job.topic in GIVE_UPS:
        await GIVE_UPS[job.topic](conn, job, now)
    return GIVEN_UP.get(job.topic, f"A job of the kind {job.topic}.")
