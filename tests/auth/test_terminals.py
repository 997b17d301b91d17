import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from auth import access_tokens, sessions, terminals
from auth.access_tokens import Audience
from auth.errors import ActivationCodeRejected, SessionEnded
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from auth.terminals import Activated
from auth.viewers import Terminal
from infra.pool import Pool
from tests.auth.racing import pid_of, race, until_blocked
from tests.factories import Shop, make_shop
from wallet import stores
from wallet.database import Conn
from wallet.errors import NotFound, TooManyAttempts
from wallet.values import MerchantId, TerminalId

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
TILL = b"203.0.113.9"

CODES_SQL = """
    SELECT code_hash, merchant_id, terminal_id, expires_at, used_at
    FROM activation_codes
    ORDER BY created_at
"""

TERMINAL_SQL = """
    SELECT activated_at, revoked_at
    FROM terminals
    WHERE merchant_id = $1 AND terminal_id = $2
"""

LIVE_SESSIONS_SQL = """
    SELECT session_id
    FROM sessions
    WHERE merchant_id = $1 AND terminal_id = $2 AND ended_at IS NULL
"""

ENDED_SQL = """
    SELECT ended_at, ended_because
    FROM sessions
    WHERE session_id = $1
"""


class Counter:
    """A shop's counter: gets codes from the merchant, types them into a till, each in one transaction."""

    def __init__(self, conn: Conn, box: SecretBox, ring: KeyRing, shop: Shop) -> None:
        self.conn = conn
        self.box = box
        self.ring = ring
        self.shop = shop

    async def new_code(self, now: datetime) -> str:
        async with self.conn.transaction():
            return await terminals.new_activation_code(
                self.conn,
                box=self.box,
                merchant_id=self.shop.merchant_id,
                terminal_id=self.shop.terminal_id,
                now=now,
            )

    async def type(self, code: str, now: datetime, client: bytes = TILL) -> Activated | ActivationCodeRejected:
        async with self.conn.transaction():
            return await terminals.activate(
                self.conn, box=self.box, ring=self.ring, code=code, device_name="Front till", client=client, now=now
            )

    async def activated(self, code: str, now: datetime) -> Activated:
        answer = await self.type(code, now)
        assert isinstance(answer, Activated)
        return answer

    async def rejects(self, code: str, now: datetime, client: bytes = TILL) -> bool:
        return isinstance(await self.type(code, now, client), ActivationCodeRejected)

    async def revoke(self, now: datetime) -> None:
        async with self.conn.transaction():
            await terminals.revoke(
                self.conn, merchant_id=self.shop.merchant_id, terminal_id=self.shop.terminal_id, now=now
            )

    async def refresh(self, tokens: SessionTokens, now: datetime) -> SessionTokens | SessionEnded:
        async with self.conn.transaction():
            return await sessions.refresh(
                self.conn,
                box=self.box,
                ring=self.ring,
                refresh_token=tokens.refresh,
                audience=Audience.POS,
                now=now,
            )

    async def live(self) -> list[object]:
        rows = await self.conn.fetch(LIVE_SESSIONS_SQL, self.shop.merchant_id, self.shop.terminal_id)
        return [row["session_id"] for row in rows]

    async def moments(self) -> tuple[datetime | None, datetime | None]:
        row = await self.conn.fetchrow(TERMINAL_SQL, self.shop.merchant_id, self.shop.terminal_id)
        assert row is not None
        return row["activated_at"], row["revoked_at"]


@pytest.fixture
async def counter(conn: Conn, box: SecretBox, ring: KeyRing, now: datetime) -> Counter:
    return Counter(conn, box, ring, await make_shop(conn, now=now))


async def ended_because(conn: Conn, session_id: object) -> tuple[datetime | None, str | None]:
    row = await conn.fetchrow(ENDED_SQL, session_id)
    assert row is not None
    return row["ended_at"], row["ended_because"]


# ---------------------------------------------------------------- activating


async def test_a_code_makes_a_device_the_terminal(counter: Counter, ring: KeyRing, now: datetime) -> None:
    code = await counter.new_code(now)
    later = now + 15 * MINUTE - MOMENT

    activated = await counter.activated(code.lower().replace("-", " "), later)

    shop = counter.shop
    assert (activated.merchant_id, activated.terminal_id) == (shop.merchant_id, shop.terminal_id)
    viewer = access_tokens.verify(ring, token=activated.tokens.access.text, audience=Audience.POS, now=later)
    assert viewer == Terminal(
        shop.merchant_id, shop.terminal_id, activated.tokens.session_id, activated.tokens.access.expires_at
    )
    assert await counter.moments() == (later, None)
    loaded = await stores.load_terminal(
        counter.conn,
        merchant_id=shop.merchant_id,
        terminal_id=shop.terminal_id,
        session_id=activated.tokens.session_id,
        now=later,
    )
    assert loaded == shop.terminal


async def test_a_code_is_kept_as_a_keyed_hash(counter: Counter, box: SecretBox, now: datetime) -> None:
    code = await counter.new_code(now)

    [kept] = await counter.conn.fetch(CODES_SQL)
    assert kept["code_hash"] == box.keyed_hash("activation_code", code.replace("-", "").encode())
    assert (kept["expires_at"], kept["used_at"]) == (now + 15 * MINUTE, None)


async def test_a_code_is_good_once(counter: Counter, now: datetime) -> None:
    code = await counter.new_code(now)
    activated = await counter.activated(code, now)

    assert await counter.rejects(code, now)

    assert await counter.live() == [activated.tokens.session_id]


async def test_a_code_is_good_for_fifteen_minutes(counter: Counter, now: datetime) -> None:
    code = await counter.new_code(now)
    before = await counter.live()

    assert await counter.rejects(code, now + 15 * MINUTE)

    assert await counter.live() == before
    assert await counter.moments() == (None, None)


async def test_a_new_code_kills_the_earlier_one(counter: Counter, now: datetime) -> None:
    earlier = await counter.new_code(now)
    later = await counter.new_code(now + MINUTE)

    assert await counter.rejects(earlier, now + MINUTE)
    await counter.activated(later, now + MINUTE)


async def test_a_new_code_leaves_other_terminals_codes_alone(counter: Counter, now: datetime) -> None:
    shop = counter.shop
    second = await stores.create_terminal(
        counter.conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name="Till 2", now=now
    )
    code = await counter.new_code(now)

    await terminals.new_activation_code(
        counter.conn, box=counter.box, merchant_id=shop.merchant_id, terminal_id=second, now=now
    )

    assert (await counter.activated(code, now)).terminal_id == shop.terminal_id


async def test_an_activation_ends_the_terminals_earlier_sessions(counter: Counter, now: datetime) -> None:
    # given a till that works, and another shop's
    first = await counter.activated(await counter.new_code(now), now)
    other = await make_shop(counter.conn, now=now)
    code = await counter.new_code(now + MINUTE)
    assert isinstance(await counter.refresh(first.tokens, now + MINUTE), SessionTokens)

    # when another device takes its place
    second = await counter.activated(code, now + 2 * MINUTE)

    # then the first one is out
    assert await counter.live() == [second.tokens.session_id]
    assert await ended_because(counter.conn, first.tokens.session_id) == (now + 2 * MINUTE, "replaced")
    assert await ended_because(counter.conn, other.session_id) == (None, None)
    assert isinstance(await counter.refresh(first.tokens, now + 2 * MINUTE), SessionEnded)


@pytest.mark.parametrize("code", ["", "BCDF-GHJK", "AAAA-AAAA", "BCDFGHJ", "\ud800", "\x00" * 8, "B" * 5000])
async def test_what_is_no_live_code_is_rejected(counter: Counter, now: datetime, code: str) -> None:
    before = await counter.live()

    assert await counter.rejects(code, now)

    assert await counter.live() == before
    assert await counter.conn.fetchval("SELECT hits FROM rate_limits") == 1


async def test_ten_wrong_codes_in_ten_minutes_lock_a_client_out(counter: Counter, now: datetime) -> None:
    # given ten wrong codes
    code = await counter.new_code(now)
    for n in range(10):
        assert await counter.rejects("BCDF-GHJK", now + n * timedelta(seconds=30))

    # when the right one comes from there
    with pytest.raises(TooManyAttempts) as refused:
        await counter.type(code, now + 9 * MINUTE)

    # then it is refused, and is still good from elsewhere and later
    assert refused.value.retry_at == now + 10 * MINUTE
    assert await counter.moments() == (None, None)
    assert isinstance(await counter.type(code, now + 9 * MINUTE, b"elsewhere"), Activated)
    code = await counter.new_code(now + 10 * MINUTE)
    await counter.activated(code, now + 10 * MINUTE)


async def test_right_codes_are_not_counted(counter: Counter, now: datetime) -> None:
    for _ in range(15):
        await counter.activated(await counter.new_code(now), now)
    assert await counter.conn.fetchval("SELECT hits FROM rate_limits") == 0


async def test_there_is_no_code_for_an_unknown_terminal(counter: Counter, now: datetime) -> None:
    shop = counter.shop
    for merchant_id, terminal_id in (
        (shop.merchant_id, TerminalId(uuid4())),
        (MerchantId(uuid4()), shop.terminal_id),
    ):
        with pytest.raises(NotFound):
            await terminals.new_activation_code(
                counter.conn, box=counter.box, merchant_id=merchant_id, terminal_id=terminal_id, now=now
            )
        with pytest.raises(NotFound):
            await terminals.revoke(counter.conn, merchant_id=merchant_id, terminal_id=terminal_id, now=now)
    assert await counter.conn.fetch(CODES_SQL) == []


# ---------------------------------------------------------------- revoking


async def test_a_revoked_terminal_can_do_nothing(counter: Counter, now: datetime) -> None:
    # given a till that works, and a code that nobody has used
    activated = await counter.activated(await counter.new_code(now), now)
    code = await counter.new_code(now)

    # when
    await counter.revoke(now + MINUTE)

    # then
    assert await counter.live() == []
    assert await counter.moments() == (now, now + MINUTE)
    assert await ended_because(counter.conn, activated.tokens.session_id) == (now + MINUTE, "revoked")
    assert isinstance(await counter.refresh(activated.tokens, now + MINUTE), SessionEnded)
    assert await counter.rejects(code, now + MINUTE)
    with pytest.raises(NotFound):
        await counter.new_code(now + MINUTE)
    with pytest.raises(NotFound):
        await counter.revoke(now + 2 * MINUTE)
    assert await counter.moments() == (now, now + MINUTE)


async def test_revoking_one_terminal_leaves_the_others(counter: Counter, now: datetime) -> None:
    other = await make_shop(counter.conn, now=now)

    await counter.revoke(now)

    assert await ended_because(counter.conn, other.session_id) == (None, None)


# ---------------------------------------------------------------- racing


async def test_of_many_devices_with_one_code_one_becomes_the_terminal(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    for _ in range(5):
        code = await counter.new_code(now)
        clients = [bytes([n]) for n in range(8)]

        async def activate(
            conn: Conn, code: str = code, clients: list[bytes] = clients
        ) -> Activated | ActivationCodeRejected:
            return await terminals.activate(
                conn, box=box, ring=ring, code=code, device_name="", client=clients.pop(), now=now
            )

        answers = await race(pool, 8, activate)

        winners = [answer for answer in answers if isinstance(answer, Activated)]
        assert len(winners) == 1
        assert sum(isinstance(answer, ActivationCodeRejected) for answer in answers) == 7
        assert await counter.live() == [winners[0].tokens.session_id]
        await counter.conn.execute("DELETE FROM rate_limits")


async def test_racers_have_ten_wrong_codes_between_them(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    async def activate(conn: Conn) -> Activated | ActivationCodeRejected:
        return await terminals.activate(
            conn, box=box, ring=ring, code="BCDF-GHJK", device_name="", client=TILL, now=now
        )

    answers = await race(pool, 16, activate)

    assert sum(isinstance(answer, ActivationCodeRejected) for answer in answers) == 10
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 6


async def test_a_revocation_that_comes_first_leaves_no_session(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    code = await counter.new_code(now)
    async with pool.acquire() as other, pool.acquire() as observer:
        pid = await pid_of(other)
        await counter.conn.execute("BEGIN")
        await terminals.revoke(
            counter.conn, merchant_id=counter.shop.merchant_id, terminal_id=counter.shop.terminal_id, now=now
        )
        activating = asyncio.create_task(Counter(other, box, ring, counter.shop).type(code, now))
        await until_blocked(observer, pid)
        await counter.conn.execute("COMMIT")

        assert isinstance(await activating, ActivationCodeRejected)
        assert await counter.live() == []


async def test_a_revocation_that_comes_second_ends_the_new_session(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    code = await counter.new_code(now)
    async with pool.acquire() as other, pool.acquire() as observer:
        pid = await pid_of(other)
        await counter.conn.execute("BEGIN")
        activated = await terminals.activate(
            counter.conn, box=box, ring=ring, code=code, device_name="", client=TILL, now=now
        )
        revoking = asyncio.create_task(Counter(other, box, ring, counter.shop).revoke(now + MINUTE))
        await until_blocked(observer, pid)
        await counter.conn.execute("COMMIT")
        await revoking

        assert isinstance(activated, Activated)
        assert await counter.live() == []
        assert await ended_because(counter.conn, activated.tokens.session_id) == (now + MINUTE, "revoked")


async def test_two_new_codes_at_once_leave_one_that_is_good(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    async def new_code(conn: Conn) -> str:
        return await Counter(conn, box, ring, counter.shop).new_code(now)

    codes = await race(pool, 6, new_code)

    assert len(set(codes)) == 6
    [kept] = await counter.conn.fetch(CODES_SQL)
    hashes = [box.keyed_hash("activation_code", str(code).replace("-", "").encode()) for code in codes]
    assert kept["code_hash"] in hashes


async def test_a_new_code_and_an_activation_never_wait_for_each_other_in_a_ring(
    pool: Pool, counter: Counter, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    """A deadlock would make one of them raise."""
    for n in range(10):
        moment = now + n * timedelta(hours=1)
        code = await counter.new_code(moment)
        turns = ["activate", "renew"] * 4

        async def work(
            conn: Conn, code: str = code, moment: datetime = moment, turns: list[str] = turns
        ) -> str | Activated | ActivationCodeRejected:
            own = Counter(conn, box, ring, counter.shop)
            return await (own.type(code, moment) if turns.pop() == "activate" else own.new_code(moment))

        answers = await race(pool, 8, work)

        assert all(isinstance(answer, str | Activated | ActivationCodeRejected) for answer in answers)
        assert sum(isinstance(answer, Activated) for answer in answers) <= 1
