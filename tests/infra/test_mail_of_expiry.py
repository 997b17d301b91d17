"""The reminder that points expire, from the midnight that makes it due into a mailbox, and out of it by one click."""

import re
from datetime import datetime, timedelta

import pytest

from auth import notice_links
from infra.mail.smtp import Relay
from infra.mailbox import catch
from infra.pool import Pool
from infra.sweeps import sweeps, write_reminders
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.infra.posting import BOX, PUBLIC_URL, all_handlers, drained
from tests.infra.working import JOBS_SQL, HandClock, until, until_empty, working
from tests.wallet.ledger.midnight import KOLKATA, there
from wallet.database import Conn
from wallet.values import CardId

A_DAY = timedelta(days=1)
STOP_LINK = re.compile(rf"{re.escape(PUBLIC_URL)}/n/([A-Za-z0-9_-]{{43}})/stop")


@pytest.fixture
async def shop(conn: Conn, now: datetime) -> Shop:
    return await make_shop(conn, now=now)


async def member(conn: Conn, shop: Shop, *, locale: str = "en-IN", now: datetime) -> CardId:
    """Somebody with 40 beans until the end of the year, and 60 for ever."""
    customer_id = await make_customer(conn, email="asha@example.com", name="Asha", locale=locale, now=now)
    card_id = await make_card(conn, shop, customer_id, now=now)
    await make_points(conn, shop, card_id, 40, expires_at=there(KOLKATA, 2027, 1, 1), notice_days=14, now=now)
    await make_points(conn, shop, card_id, 60, now=now)
    return card_id


async def test_member_hears_in_time_and_once(pool: Pool, conn: Conn, shop: Shop, now: datetime) -> None:
    await member(conn, shop, now=now)
    clock = HandClock(there(KOLKATA, 2026, 12, 17))

    async with catch() as mailbox:
        relay = Relay("127.0.0.1", mailbox.port, security="none")
        async with working(pool, clock, all_handlers(pool, clock, relay), sweeps=sweeps()):
            await settled_down(conn)
            assert mailbox.messages == []
            for days in (1, 3, 9, 20):
                clock.at = there(KOLKATA, 2026, 12, 17) + days * A_DAY

                async def arrived() -> bool:
                    return len(mailbox.messages) == 1

                await until(arrived)
                await settled_down(conn)
        [mail] = mailbox.messages

    merchant = shop.terminal.merchant_name
    assert (mail.to, mail.subject) == ("asha@example.com", f"Use them in time: 40 beans at {merchant}")
    assert mail.message["From"] == f"{merchant} <hello@shop.example>"
    assert "40 beans, until the end of 31 December 2026" in mail.text
    assert "You have 100 beans in all" in mail.text
    found = STOP_LINK.search(mail.text)
    assert found is not None
    assert mail.message["List-Unsubscribe"].strip() == f"<{found[0]}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # and the link is the member's
    async with conn.transaction():
        await notice_links.stop_notices(conn, box=BOX, token=found[1], now=now)
    assert await conn.fetchval("SELECT notices_stopped_at FROM customers WHERE email = 'asha@example.com'") == now


async def settled_down(conn: Conn) -> None:
    """The worker has gone through its sweeps, and nothing is left to mail."""
    await until_empty(conn)


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE customers SET notices_stopped_at = created_at",
        "UPDATE lots SET remaining = 0 WHERE expires_at IS NOT NULL",
        "UPDATE lots SET expires_at = expires_at + interval '1 year', sliding_months = 12 WHERE expires_at IS NOT NULL",
    ],
)
async def test_reminder_that_nobody_needs_any_more_is_not_mailed(
    pool: Pool, conn: Conn, shop: Shop, now: datetime, meanwhile: str
) -> None:
    await member(conn, shop, now=now)
    clock = HandClock(there(KOLKATA, 2026, 12, 20))
    async with conn.transaction():
        await write_reminders(conn, limit=10, now=clock())
    assert len(await conn.fetch(JOBS_SQL)) == 1
    await conn.execute(meanwhile)

    async with catch() as mailbox:
        await drained(conn, pool, clock, Relay("127.0.0.1", mailbox.port, security="none"))
        assert mailbox.messages == []


async def test_reminder_is_in_the_members_language(pool: Pool, conn: Conn, shop: Shop, now: datetime) -> None:
    await member(conn, shop, locale="hi-IN", now=now)
    clock = HandClock(there(KOLKATA, 2026, 12, 20))
    async with conn.transaction():
        await write_reminders(conn, limit=10, now=clock())
    async with catch() as mailbox:
        await drained(conn, pool, clock, Relay("127.0.0.1", mailbox.port, security="none"))
        [mail] = mailbox.messages
    assert mail.message["Content-Language"] == "hi-IN"
    assert "31 दिसंबर 2026" in mail.text
