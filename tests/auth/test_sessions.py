import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from auth import access_tokens, refresh_tokens, sessions
from auth.access_tokens import Audience
from auth.errors import SessionEnded
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from auth.viewers import Customer, SessionId, Terminal
from infra.pool import Pool
from tests.auth.racing import pid_of, race, until_blocked
from tests.database import StatementCounter
from tests.factories import make_customer, make_shop
from wallet.database import Conn
from wallet.errors import NotFound
from wallet.values import CustomerId

SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)

SESSION_SQL = """
    SELECT ended_at, ended_because, last_seen_at
    FROM sessions
    WHERE session_id = $1
"""

TOKENS_SQL = """
    SELECT seq, issued_at, expires_at, used_at, token_hash
    FROM refresh_tokens
    WHERE session_id = $1
    ORDER BY seq
"""


class Device:
    """A phone: keeps its tokens, and asks for new ones as the resolver does, each time in one transaction."""

    def __init__(self, conn: Conn, box: SecretBox, ring: KeyRing, tokens: SessionTokens) -> None:
        self.conn = conn
        self.box = box
        self.ring = ring
        self.tokens = tokens

    async def show(
        self,
        token: str,
        now: datetime,
        audience: Audience = Audience.CUSTOMER,
        *,
        lost_within: timedelta | None = sessions.LOST_ANSWER,
    ) -> SessionTokens | SessionEnded:
        async with self.conn.transaction():
            return await sessions.refresh(
                self.conn,
                box=self.box,
                ring=self.ring,
                refresh_token=token,
                audience=audience,
                lost_within=lost_within,
                now=now,
            )

    async def refresh(self, now: datetime, audience: Audience = Audience.CUSTOMER) -> SessionTokens:
        answer = await self.show(self.tokens.refresh, now, audience)
        assert isinstance(answer, SessionTokens)
        self.tokens = answer
        return answer

    async def state(self) -> tuple[datetime | None, str | None]:
        row = await self.conn.fetchrow(SESSION_SQL, self.tokens.session_id)
        assert row is not None
        return row["ended_at"], row["ended_because"]


@pytest.fixture
async def customer_id(conn: Conn, now: datetime) -> CustomerId:
    return await make_customer(conn, now=now)


@pytest.fixture
async def device(
    pool: Pool, conn: Conn, box: SecretBox, ring: KeyRing, customer_id: CustomerId, now: datetime
) -> AsyncIterator[Device]:
    async with pool.acquire() as own:
        tokens = await sessions.open_for_customer(
            own, box=box, ring=ring, customer_id=customer_id, device_name="Asha's phone", now=now
        )
        yield Device(own, box, ring, tokens)


@pytest.fixture
async def till(conn: Conn, box: SecretBox, ring: KeyRing, now: datetime) -> Device:
    shop = await make_shop(conn, now=now)
    tokens = await sessions.open_for_terminal(
        conn,
        box=box,
        ring=ring,
        merchant_id=shop.merchant_id,
        terminal_id=shop.terminal_id,
        device_name="Till",
        now=now,
    )
    return Device(conn, box, ring, tokens)


# ---------------------------------------------------------------- opening


async def test_a_customers_session_opens_with_two_tokens(
    device: Device, customer_id: CustomerId, ring: KeyRing, now: datetime
) -> None:
    tokens = device.tokens
    viewer = access_tokens.verify(ring, token=tokens.access.text, audience=Audience.CUSTOMER, now=now)
    assert viewer == Customer(customer_id, tokens.session_id, now + timedelta(minutes=10))

    [kept] = await device.conn.fetch(TOKENS_SQL, tokens.session_id)
    assert (kept["seq"], kept["used_at"], kept["expires_at"]) == (1, None, now + timedelta(days=90))
    assert kept["token_hash"] == refresh_tokens.hash_of(tokens.refresh)
    assert tokens.refresh not in repr(tokens)


async def test_a_terminals_session_opens_for_400_days(till: Device, ring: KeyRing, now: datetime) -> None:
    viewer = access_tokens.verify(ring, token=till.tokens.access.text, audience=Audience.POS, now=now)
    assert isinstance(viewer, Terminal)
    assert viewer.session_id == till.tokens.session_id

    [kept] = await till.conn.fetch(TOKENS_SQL, till.tokens.session_id)
    assert kept["expires_at"] == now + timedelta(days=400)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Asha's phone", "Asha's phone"),
        ("  two\n\tlines\x00\ud800\u202e ", "two lines"),
        ("x" * 200, "x" * 80),
        ("a" * 79 + " b", "a" * 79),
        ("", "?"),
        ("\u200b\x07", "?"),
        ("মিনির ফোন 📱", "মিনির ফোন 📱"),
    ],
)
async def test_any_device_name_can_be_kept_and_shown(
    conn: Conn, box: SecretBox, ring: KeyRing, customer_id: CustomerId, now: datetime, said: str, kept: str
) -> None:
    await sessions.open_for_customer(conn, box=box, ring=ring, customer_id=customer_id, device_name=said, now=now)

    [session] = await sessions.of_customer(conn, customer_id=customer_id, now=now)
    assert session.device_name == kept


# ---------------------------------------------------------------- refreshing


async def test_a_refresh_gives_new_tokens_and_uses_the_old_one_up(
    device: Device, customer_id: CustomerId, ring: KeyRing, now: datetime
) -> None:
    first = device.tokens
    later = now + timedelta(days=3)

    second = await device.refresh(later)

    assert second.session_id == first.session_id
    assert second.refresh != first.refresh
    viewer = access_tokens.verify(ring, token=second.access.text, audience=Audience.CUSTOMER, now=later)
    assert viewer == Customer(customer_id, first.session_id, later + timedelta(minutes=10))
    kept = await device.conn.fetch(TOKENS_SQL, first.session_id)
    assert [(row["seq"], row["used_at"], row["expires_at"]) for row in kept] == [
        (1, later, now + timedelta(days=90)),
        (2, None, later + timedelta(days=90)),
    ]
    [session] = await sessions.of_customer(device.conn, customer_id=customer_id, now=later)
    assert session.last_seen_at == later


async def test_a_terminal_refreshes_for_another_400_days(till: Device, ring: KeyRing, now: datetime) -> None:
    later = now + timedelta(days=399)

    tokens = await till.refresh(later, Audience.POS)

    viewer = access_tokens.verify(ring, token=tokens.access.text, audience=Audience.POS, now=later)
    assert isinstance(viewer, Terminal)
    kept = await till.conn.fetch(TOKENS_SQL, tokens.session_id)
    assert kept[-1]["expires_at"] == later + timedelta(days=400)


async def test_a_hundred_refreshes_in_a_row(device: Device, now: datetime) -> None:
    for n in range(100):
        await device.refresh(now + n * timedelta(days=80))
    assert await device.state() == (None, None)


@pytest.mark.parametrize("late", [timedelta(0), 10 * SECOND])
async def test_a_lost_answer_is_repeated_for_ten_seconds(device: Device, now: datetime, late: timedelta) -> None:
    # given an answer that never arrived
    first = device.tokens.refresh
    lost = await device.refresh(now)
    before = await device.conn.fetch(TOKENS_SQL, lost.session_id)

    # when the device tries again, twice
    again = [await device.show(first, now + late) for _ in range(2)]

    # then it gets the very same token, and nothing has changed
    assert all(isinstance(answer, SessionTokens) and answer.refresh == lost.refresh for answer in again)
    assert await device.conn.fetch(TOKENS_SQL, lost.session_id) == before
    assert await device.state() == (None, None)
    await device.refresh(now + 20 * SECOND)


async def test_a_moment_after_ten_seconds_the_old_token_ends_the_session(device: Device, now: datetime) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    late = now + 10 * SECOND + MOMENT

    assert isinstance(await device.show(first, late), SessionEnded)

    assert await device.state() == (late, "token_reused")
    assert isinstance(await device.show(device.tokens.refresh, late), SessionEnded)


async def test_asking_again_does_not_lengthen_the_ten_seconds(device: Device, now: datetime) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    for second in range(1, 11):
        assert isinstance(await device.show(first, now + second * SECOND), SessionTokens)

    assert isinstance(await device.show(first, now + 11 * SECOND), SessionEnded)


@pytest.mark.parametrize("late", [10 * SECOND + MOMENT, timedelta(days=89)])
async def test_an_answer_can_be_waited_for_without_a_limit(device: Device, now: datetime, late: timedelta) -> None:
    # given an answer that never arrived
    first = device.tokens.refresh
    lost = await device.refresh(now)
    before = await device.conn.fetch(TOKENS_SQL, lost.session_id)

    # when the device tries again, long after
    again = await device.show(first, now + late, lost_within=None)

    # then it gets the very same token, nothing has changed, and it goes on from there
    assert isinstance(again, SessionTokens)
    assert again.refresh == lost.refresh
    assert again.access.expires_at == (now + late + access_tokens.LIFE).replace(microsecond=0)
    assert await device.conn.fetch(TOKENS_SQL, lost.session_id) == before
    await device.refresh(now + late)


async def test_without_a_limit_too_an_old_token_ends_the_session_once_its_successor_was_used(
    device: Device, now: datetime
) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    await device.refresh(now + SECOND)

    assert isinstance(await device.show(first, now + 2 * SECOND, lost_within=None), SessionEnded)

    assert await device.state() == (now + 2 * SECOND, "token_reused")


async def test_an_answer_is_waited_for_no_longer_than_the_session_may_sleep(device: Device, now: datetime) -> None:
    # given an answer that was lost, and a successor that nobody used within its 90 days
    first = device.tokens.refresh
    await device.refresh(now)
    late = now + timedelta(days=90)

    # when the first token comes back
    answer = await device.show(first, late, lost_within=None)

    # then it gets nothing, as the successor would, and nobody is called a thief
    assert isinstance(answer, SessionEnded)
    assert await device.state() == (None, None)


async def test_a_session_that_was_replaced_is_over_and_the_others_are_not(
    device: Device, customer_id: CustomerId, now: datetime
) -> None:
    other = await sessions.open_for_customer(
        device.conn, box=device.box, ring=device.ring, customer_id=customer_id, device_name="Tablet", now=now
    )

    await sessions.replace(device.conn, session_id=device.tokens.session_id, now=now + SECOND)
    await sessions.replace(device.conn, session_id=device.tokens.session_id, now=now + 2 * SECOND)

    assert await device.state() == (now + SECOND, "replaced")
    left = await sessions.of_customer(device.conn, customer_id=customer_id, now=now)
    assert [session.session_id for session in left] == [other.session_id]


async def test_an_old_token_ends_the_session_once_its_successor_was_used(device: Device, now: datetime) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    await device.refresh(now + SECOND)

    assert isinstance(await device.show(first, now + 2 * SECOND), SessionEnded)

    assert await device.state() == (now + 2 * SECOND, "token_reused")


async def test_the_token_before_the_last_one_ends_the_session_even_at_once(device: Device, now: datetime) -> None:
    first = device.tokens.refresh
    for _ in range(2):
        await device.refresh(now)

    assert isinstance(await device.show(first, now), SessionEnded)

    assert await device.state() == (now, "token_reused")


async def test_a_token_whose_row_is_gone_ends_the_session(device: Device, now: datetime) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    await device.conn.execute("DELETE FROM refresh_tokens WHERE seq = 1")

    assert isinstance(await device.show(first, now), SessionEnded)

    assert await device.state() == (now, "token_reused")


async def test_a_reused_token_ends_its_own_session_and_no_other(
    device: Device, customer_id: CustomerId, now: datetime
) -> None:
    other = await sessions.open_for_customer(
        device.conn, box=device.box, ring=device.ring, customer_id=customer_id, device_name="Tablet", now=now
    )
    first = device.tokens.refresh
    await device.refresh(now)

    await device.show(first, now + 11 * SECOND)

    left = await sessions.of_customer(device.conn, customer_id=customer_id, now=now + 11 * SECOND)
    assert [session.session_id for session in left] == [other.session_id]


async def test_a_forged_token_ends_nothing_and_asks_the_database_nothing(
    device: Device, box: SecretBox, now: datetime, statements: StatementCounter
) -> None:
    session_id = device.tokens.session_id
    stranger = SecretBox(bytes(32))
    forged = [
        "",
        "x" * 70,
        device.tokens.access.text,
        device.tokens.refresh[:-1] + ("A" if device.tokens.refresh[-1] != "A" else "Q"),
        refresh_tokens.make(stranger, session_id=session_id, seq=1),
    ]
    async with statements.counted() as said:
        for token in forged:
            assert isinstance(await device.show(token, now), SessionEnded)

    assert set(said) == {"BEGIN;", "COMMIT;"}
    assert await device.state() == (None, None)
    await device.refresh(now)


async def test_a_token_of_a_session_that_never_was_is_refused(device: Device, box: SecretBox, now: datetime) -> None:
    token = refresh_tokens.make(box, session_id=SessionId(uuid4()), seq=1)
    assert isinstance(await device.show(token, now), SessionEnded)


async def test_a_token_shown_to_the_other_api_is_refused_and_ends_nothing(
    device: Device, till: Device, now: datetime
) -> None:
    assert isinstance(await device.show(device.tokens.refresh, now, Audience.POS), SessionEnded)
    assert isinstance(await till.show(till.tokens.refresh, now, Audience.CUSTOMER), SessionEnded)

    assert await device.state() == await till.state() == (None, None)
    await device.refresh(now)
    await till.refresh(now, Audience.POS)


async def test_a_device_that_was_away_for_ninety_days_signs_in_again(device: Device, now: datetime) -> None:
    assert isinstance(await device.show(device.tokens.refresh, now + timedelta(days=90)), SessionEnded)
    assert await device.state() == (None, None)

    await device.refresh(now + timedelta(days=90) - MOMENT)


async def test_no_token_refreshes_a_session_that_has_ended(
    device: Device, customer_id: CustomerId, now: datetime
) -> None:
    first = device.tokens.refresh
    await device.refresh(now)
    await sessions.end(device.conn, customer_id=customer_id, session_id=device.tokens.session_id, now=now)

    for token in (first, device.tokens.refresh):
        assert isinstance(await device.show(token, now), SessionEnded)
    assert await device.state() == (now, "signed_out")


async def test_a_refresh_costs_three_statements_and_its_transaction(
    device: Device, now: datetime, statements: StatementCounter
) -> None:
    first = device.tokens.refresh
    async with statements.counted() as refreshed:
        await device.refresh(now)
    async with statements.counted() as repeated:
        await device.show(first, now)
    async with statements.counted() as reused:
        await device.show(first, now + timedelta(minutes=1))

    assert [len(said) for said in (refreshed, repeated, reused)] == [5, 5, 6]


# ---------------------------------------------------------------- racing


async def test_two_who_refresh_with_one_token_get_the_same_successor(
    pool: Pool, device: Device, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    for n in range(10):
        shown, moment = device.tokens.refresh, now + n * timedelta(minutes=1)

        async def refresh(conn: Conn, shown: str = shown, moment: datetime = moment) -> SessionTokens | SessionEnded:
            return await sessions.refresh(
                conn, box=box, ring=ring, refresh_token=shown, audience=Audience.CUSTOMER, now=moment
            )

        answers = await race(pool, 8, refresh)

        tokens = [answer for answer in answers if isinstance(answer, SessionTokens)]
        assert len(tokens) == 8
        assert len({answer.refresh for answer in tokens}) == 1
        device.tokens = tokens[0]
    assert len(await device.conn.fetch(TOKENS_SQL, device.tokens.session_id)) == 11
    assert await device.state() == (None, None)


async def test_the_second_of_two_waits_and_sees_what_the_first_one_left(
    pool: Pool, device: Device, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    async with pool.acquire() as other, pool.acquire() as observer:
        # given a refresh that has not committed
        first = device.tokens.refresh
        await device.conn.execute("BEGIN")
        one = await sessions.refresh(
            device.conn, box=box, ring=ring, refresh_token=first, audience=Audience.CUSTOMER, now=now
        )

        # when the same token comes on another connection
        pid = await pid_of(other)
        second = asyncio.create_task(Device(other, box, ring, device.tokens).show(first, now))
        await until_blocked(observer, pid)
        await device.conn.execute("COMMIT")

        # then
        answer = await second
        assert isinstance(one, SessionTokens)
        assert isinstance(answer, SessionTokens)
        assert answer.refresh == one.refresh


async def test_a_refresh_that_rolled_back_leaves_the_token_good(
    pool: Pool, device: Device, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    async with pool.acquire() as other, pool.acquire() as observer:
        await device.conn.execute("BEGIN")
        await sessions.refresh(
            device.conn,
            box=box,
            ring=ring,
            refresh_token=device.tokens.refresh,
            audience=Audience.CUSTOMER,
            now=now,
        )
        pid = await pid_of(other)
        second = asyncio.create_task(Device(other, box, ring, device.tokens).refresh(now + timedelta(minutes=1)))
        await until_blocked(observer, pid)
        await device.conn.execute("ROLLBACK")

        device.tokens = await second
        await device.refresh(now + timedelta(minutes=2))


async def test_a_thief_and_the_owner_cannot_both_stay(device: Device, now: datetime) -> None:
    """Both go on from one token in the ten seconds: whoever uses the successor first makes a reuser of the other."""
    first = device.tokens.refresh
    owner = await device.refresh(now)
    thief = await device.show(first, now + SECOND)
    assert isinstance(thief, SessionTokens)
    await device.refresh(now + timedelta(minutes=9))

    assert isinstance(await device.show(thief.refresh, now + timedelta(minutes=10)), SessionEnded)

    assert thief.refresh == owner.refresh
    assert (await device.state())[1] == "token_reused"


async def test_signing_out_while_refreshing_leaves_no_live_session(
    pool: Pool, device: Device, box: SecretBox, ring: KeyRing, customer_id: CustomerId, now: datetime
) -> None:
    async with pool.acquire() as other, pool.acquire() as observer:
        pid = await pid_of(other)
        await device.conn.execute("BEGIN")
        await sessions.end(device.conn, customer_id=customer_id, session_id=device.tokens.session_id, now=now)
        refreshing = asyncio.create_task(Device(other, box, ring, device.tokens).show(device.tokens.refresh, now))
        await until_blocked(observer, pid)
        await device.conn.execute("COMMIT")

        assert isinstance(await refreshing, SessionEnded)
        assert len(await device.conn.fetch(TOKENS_SQL, device.tokens.session_id)) == 1


async def lose_answers(device: Device, now: datetime, rounds: int) -> int:
    """How often a device that loses its answer, and asks again within ten seconds, is signed out."""
    signed_out = 0
    for n in range(rounds):
        moment = now + n * timedelta(minutes=9)
        await device.show(device.tokens.refresh, moment)
        retried = await device.show(device.tokens.refresh, moment + (n % 11) * SECOND)
        if isinstance(retried, SessionEnded):
            signed_out += 1
        else:
            device.tokens = retried
    return signed_out


async def test_lost_answers_sign_nobody_out(device: Device, now: datetime) -> None:
    assert await lose_answers(device, now, 50) == 0
    assert await device.state() == (None, None)


@pytest.mark.soak
async def test_a_thousand_lost_answers_sign_nobody_out(
    device: Device, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_out = await lose_answers(device, now, 1000)
    with capsys.disabled():
        sys.stdout.write(f"\nrefresh: 1000 lost answers, {signed_out} false sign-outs\n")
    assert signed_out == 0
    assert await device.state() == (None, None)


# ---------------------------------------------------------------- ending and listing


async def test_a_customer_signs_a_device_out(device: Device, customer_id: CustomerId, now: datetime) -> None:
    await sessions.require_live(device.conn, session_id=device.tokens.session_id, now=now)

    await sessions.end(device.conn, customer_id=customer_id, session_id=device.tokens.session_id, now=now)

    assert await device.state() == (now, "signed_out")
    assert await sessions.of_customer(device.conn, customer_id=customer_id, now=now) == []
    with pytest.raises(SessionEnded):
        await sessions.require_live(device.conn, session_id=device.tokens.session_id, now=now)
    with pytest.raises(NotFound):
        await sessions.end(device.conn, customer_id=customer_id, session_id=device.tokens.session_id, now=now)


async def test_nobody_elses_device_can_be_found_or_signed_out(
    device: Device, till: Device, customer_id: CustomerId, now: datetime
) -> None:
    stranger = await make_customer(device.conn, now=now)
    for owner, session_id in (
        (stranger, device.tokens.session_id),
        (customer_id, till.tokens.session_id),
        (customer_id, SessionId(uuid4())),
    ):
        assert await sessions.find(device.conn, customer_id=owner, session_id=session_id, now=now) is None
        with pytest.raises(NotFound):
            await sessions.end(device.conn, customer_id=owner, session_id=session_id, now=now)

    assert await device.state() == await till.state() == (None, None)


async def test_devices_are_listed_last_seen_first(device: Device, customer_id: CustomerId, now: datetime) -> None:
    tablet = await sessions.open_for_customer(
        device.conn,
        box=device.box,
        ring=device.ring,
        customer_id=customer_id,
        device_name="Tablet",
        now=now + timedelta(days=1),
    )
    later = now + timedelta(days=2)

    async def names(moment: datetime) -> list[str]:
        return [one.device_name for one in await sessions.of_customer(device.conn, customer_id=customer_id, now=moment)]

    assert await names(later) == ["Tablet", "Asha's phone"]
    await device.refresh(later)
    assert await names(later) == ["Asha's phone", "Tablet"]
    found = await sessions.find(device.conn, customer_id=customer_id, session_id=tablet.session_id, now=later)
    listed = await sessions.of_customer(device.conn, customer_id=customer_id, now=later)
    assert found == listed[1]


async def test_a_device_that_can_refresh_no_more_is_neither_listed_nor_live(
    device: Device, customer_id: CustomerId, now: datetime
) -> None:
    for away, listed in ((timedelta(days=90) - MOMENT, 1), (timedelta(days=90), 0)):
        assert len(await sessions.of_customer(device.conn, customer_id=customer_id, now=now + away)) == listed
        found = await sessions.find(
            device.conn, customer_id=customer_id, session_id=device.tokens.session_id, now=now + away
        )
        assert (found is not None) == bool(listed)
    with pytest.raises(SessionEnded):
        await sessions.require_live(device.conn, session_id=device.tokens.session_id, now=now + timedelta(days=90))


async def test_a_terminal_is_live_for_400_days(till: Device, now: datetime) -> None:
    session_id = till.tokens.session_id
    await sessions.require_live(till.conn, session_id=session_id, now=now + timedelta(days=400) - MOMENT)
    with pytest.raises(SessionEnded):
        await sessions.require_live(till.conn, session_id=session_id, now=now + timedelta(days=400))


async def test_an_unknown_session_is_not_live(conn: Conn, now: datetime) -> None:
    with pytest.raises(SessionEnded):
        await sessions.require_live(conn, session_id=SessionId(uuid4()), now=now)
