"""The list of mailboxes that get no gift mail: why, until when, and what takes them off it."""

from datetime import datetime, timedelta

from wallet.database import Conn
from wallet.mail import suppressions
from wallet.mail.suppressions import BOUNCED_FOR, Suppression

ASHA = suppressions.hash_of("asha@example.com")
RAVI = suppressions.hash_of("ravi@example.com")


async def of(conn: Conn, email_hash: bytes, now: datetime) -> set[Suppression]:
    return set(await suppressions.of_mailbox(conn, email_hash=email_hash, now=now))


async def test_mailbox_that_bounced_is_tried_again_after_a_while_and_any_other_is_not(
    conn: Conn, now: datetime
) -> None:
    for reason in Suppression:
        await suppressions.add(conn, email_hash=ASHA, reason=reason, now=now)

    assert await of(conn, ASHA, now + BOUNCED_FOR - timedelta(seconds=1)) == set(Suppression)
    assert await of(conn, ASHA, now + BOUNCED_FOR) == set(Suppression) - {Suppression.BOUNCED}
    assert await of(conn, RAVI, now) == set()


async def test_mailbox_that_bounces_again_stays_on_the_list_for_longer(conn: Conn, now: datetime) -> None:
    later = now + timedelta(days=60)
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.BOUNCED, now=now)
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.BOUNCED, now=later)
    # An earlier one that is heard of later makes it no shorter.
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.BOUNCED, now=now)

    [found] = await suppressions.listed(conn, limit=10, now=now)
    assert (found.since, found.until) == (now, later + BOUNCED_FOR)


async def test_what_is_removed_is_one_reason_and_the_others_stay(conn: Conn, now: datetime) -> None:
    for reason in (Suppression.BOUNCED, Suppression.UNWANTED):
        await suppressions.add(conn, email_hash=ASHA, reason=reason, now=now)

    removed = await suppressions.remove(
        conn, email_hash=ASHA, reasons=[Suppression.BOUNCED, Suppression.MANUAL, Suppression.COMPLAINED]
    )

    assert removed == [Suppression.BOUNCED]
    assert await of(conn, ASHA, now) == {Suppression.UNWANTED}


async def test_mail_that_arrives_ends_only_a_bounce_of_before_it_left(conn: Conn, now: datetime) -> None:
    for mailbox in (ASHA, RAVI):
        await suppressions.add(conn, email_hash=mailbox, reason=Suppression.BOUNCED, now=now)
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.COMPLAINED, now=now)

    await suppressions.works_again(conn, email_hash=ASHA, mailed_at=now + timedelta(seconds=1))
    await suppressions.works_again(conn, email_hash=RAVI, mailed_at=now - timedelta(seconds=1))

    assert await of(conn, ASHA, now) == {Suppression.COMPLAINED}
    assert await of(conn, RAVI, now) == {Suppression.BOUNCED}


async def test_list_has_the_newest_first_and_nothing_that_is_over(conn: Conn, now: datetime) -> None:
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.BOUNCED, now=now - BOUNCED_FOR)
    await suppressions.add(conn, email_hash=RAVI, reason=Suppression.MANUAL, now=now)
    await suppressions.add(conn, email_hash=ASHA, reason=Suppression.COMPLAINED, now=now + timedelta(hours=1))

    found = await suppressions.listed(conn, limit=10, now=now)
    assert [(each.email_hash, each.reason) for each in found] == [
        (ASHA, Suppression.COMPLAINED),
        (RAVI, Suppression.MANUAL),
    ]
    assert len(await suppressions.listed(conn, limit=1, now=now)) == 1
    assert len(await suppressions.listed_for(conn, email_hash=RAVI, now=now)) == 1
    # and what is over is forgotten
    assert await suppressions.forget(conn, limit=10, now=now) == 1
    assert await conn.fetchval("SELECT count(*) FROM mail_suppressions") == 2
