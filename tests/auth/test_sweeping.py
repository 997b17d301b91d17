from datetime import datetime, timedelta
from typing import Any

import pytest

from auth import emails, rate_limits, sessions, sign_in, sweeping, terminals
from auth.access_tokens import Audience
from auth.errors import SessionEnded
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from infra.pool import Pool
from tests.factories import make_customer, make_shop
from wallet.database import Conn

DAY = timedelta(days=1)
TABLES = ("rate_limits", "sign_in_attempts", "activation_codes", "refresh_tokens")


async def counts(conn: Conn) -> dict[str, Any]:
    return {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


@pytest.fixture
async def tokens(conn: Conn, box: SecretBox, ring: KeyRing, now: datetime) -> SessionTokens:
    """A session, and one row of everything that ends, but two counters."""
    shop = await make_shop(conn, now=now)
    await terminals.new_activation_code(
        conn, box=box, merchant_id=shop.merchant_id, terminal_id=shop.terminal_id, now=now
    )
    address = emails.normalise("asha@example.com", field="email")
    await sign_in.request_code(conn, box=box, email=address, locale="en", client=None, now=now)
    customer_id = await make_customer(conn, now=now)
    return await sessions.open_for_customer(
        conn, box=box, ring=ring, customer_id=customer_id, device_name="Phone", now=now
    )


@pytest.mark.usefixtures("tokens")
async def test_what_is_not_over_for_a_day_stays(conn: Conn, now: datetime) -> None:
    before = await counts(conn)
    assert before == {"rate_limits": 2, "sign_in_attempts": 1, "activation_codes": 1, "refresh_tokens": 1}

    assert await sweeping.sweep(conn, now=now + DAY) == 0

    assert await counts(conn) == before


@pytest.mark.usefixtures("tokens")
async def test_each_goes_a_day_after_its_end(conn: Conn, now: datetime) -> None:
    assert await sweeping.sweep(conn, now=now + DAY + timedelta(minutes=10)) == 1
    assert (await counts(conn))["sign_in_attempts"] == 0
    assert await sweeping.sweep(conn, now=now + DAY + timedelta(minutes=15)) == 1
    assert (await counts(conn))["activation_codes"] == 0
    assert await sweeping.sweep(conn, now=now + DAY + timedelta(hours=1)) == 2
    assert (await counts(conn))["rate_limits"] == 0
    assert await sweeping.sweep(conn, now=now + 91 * DAY) == 1
    assert (await counts(conn))["refresh_tokens"] == 0
    assert await conn.fetchval("SELECT count(*) FROM customers") == 1


async def test_a_live_session_goes_on_and_an_old_token_still_ends_it(
    conn: Conn, box: SecretBox, ring: KeyRing, tokens: SessionTokens, now: datetime
) -> None:
    async def refresh(shown: SessionTokens, moment: datetime) -> SessionTokens | SessionEnded:
        return await sessions.refresh(
            conn, box=box, ring=ring, refresh_token=shown.refresh, audience=Audience.CUSTOMER, now=moment
        )

    # given a session that has gone on for a long time
    second = await refresh(tokens, now + 80 * DAY)
    assert isinstance(second, SessionTokens)
    assert await sweeping.sweep(conn, now=now + 100 * DAY) == 5

    # then it can go on
    third = await refresh(second, now + 100 * DAY)
    assert isinstance(third, SessionTokens)

    # and the token whose row is gone ends it
    assert isinstance(await refresh(tokens, now + 101 * DAY), SessionEnded)
    assert isinstance(await refresh(third, now + 101 * DAY), SessionEnded)


async def test_much_is_swept_by_the_thousand(conn: Conn, now: datetime) -> None:
    for n in range(2100):
        await rate_limits.hit(
            conn, scope="test", subject=n.to_bytes(4, "big"), limit=1, window=timedelta(minutes=1), now=now
        )

    assert [await sweeping.sweep(conn, now=now + 2 * DAY) for _ in range(4)] == [1000, 1000, 100, 0]


async def test_a_row_in_use_is_left_for_the_next_time(pool: Pool, now: datetime) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        for subject in (b"busy", b"idle"):
            await rate_limits.hit(one, scope="test", subject=subject, limit=1, window=timedelta(minutes=1), now=now)
        await one.execute("BEGIN")
        await one.execute("SELECT 1 FROM rate_limits WHERE subject = $1 FOR UPDATE", b"busy")

        assert await sweeping.sweep(other, now=now + 2 * DAY) == 1

        await one.execute("COMMIT")
        assert await sweeping.sweep(other, now=now + 2 * DAY) == 1
