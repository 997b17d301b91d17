import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from auth import access_tokens, emails, sessions, sign_in
from auth.access_tokens import Audience
from auth.errors import SignInCodeRejected
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.sign_in import AttemptId, MadeCode, Requested, SignedIn
from auth.viewers import Customer
from infra.pool import Pool
from tests.auth.racing import pid_of, race, until_blocked
from tests.database import StatementCounter
from tests.factories import make_customer
from wallet.database import Conn
from wallet.errors import InvalidInput, TooManyAttempts
from wallet.values import CustomerId

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
PHONE = b"203.0.113.7"

ATTEMPT_SQL = """
    SELECT email, email_key, locale, code_hash, tries_left, expires_at, consumed_at
    FROM sign_in_attempts
    WHERE attempt_id = $1
"""

CUSTOMERS_SQL = """
    SELECT customer_id, email, email_key, name, locale, confirmed_at, created_at
    FROM customers
    ORDER BY created_at, customer_id
"""


class Desk:
    """Asks for codes, makes them as the worker does, and signs in as the resolver does, each in one transaction."""

    def __init__(self, conn: Conn, box: SecretBox, ring: KeyRing) -> None:
        self.conn = conn
        self.box = box
        self.ring = ring

    async def request(
        self, email: str, now: datetime, *, client: bytes | None = PHONE, locale: str = "en-IN"
    ) -> Requested:
        address = emails.normalise(email, field="email")
        async with self.conn.transaction():
            return await sign_in.request_code(
                self.conn, box=self.box, email=address, locale=locale, client=client, now=now
            )

    async def mail(self, attempt_id: AttemptId, now: datetime) -> MadeCode | None:
        return await sign_in.make_code(self.conn, box=self.box, attempt_id=attempt_id, now=now)

    async def attempt(self, email: str, now: datetime) -> tuple[AttemptId, str]:
        """An attempt whose code has been mailed, and the code."""
        requested = await self.request(email, now, client=None)
        made = await self.mail(requested.attempt_id, now)
        assert made is not None
        return requested.attempt_id, made.code

    async def try_code(self, attempt_id: AttemptId, code: str, now: datetime) -> SignedIn | SignInCodeRejected:
        async with self.conn.transaction():
            return await sign_in.sign_in(
                self.conn,
                box=self.box,
                ring=self.ring,
                attempt_id=attempt_id,
                code=code,
                device_name="Asha's phone",
                now=now,
            )

    async def signed_in(self, attempt_id: AttemptId, code: str, now: datetime) -> SignedIn:
        answer = await self.try_code(attempt_id, code, now)
        assert isinstance(answer, SignedIn)
        return answer

    async def tries_left(self, attempt_id: AttemptId, code: str, now: datetime) -> int:
        answer = await self.try_code(attempt_id, code, now)
        assert isinstance(answer, SignInCodeRejected)
        return answer.attempts_left


@pytest.fixture
def desk(conn: Conn, box: SecretBox, ring: KeyRing) -> Desk:
    return Desk(conn, box, ring)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def counted(conn: Conn, table: str) -> int:
    return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))


# ---------------------------------------------------------------- asking for a code


async def test_a_request_leaves_an_attempt_and_a_mail_for_the_worker(desk: Desk, now: datetime) -> None:
    requested = await desk.request("  Asha@Example.com ", now, locale="ml-IN")

    assert requested.expires_at == now + 10 * MINUTE
    attempt = await desk.conn.fetchrow(ATTEMPT_SQL, requested.attempt_id)
    assert attempt is not None
    assert (attempt["email"], attempt["email_key"], attempt["locale"]) == (
        "Asha@example.com",
        "asha@example.com",
        "ml-IN",
    )
    assert (attempt["code_hash"], attempt["tries_left"], attempt["consumed_at"]) == (None, 5, None)
    [job] = await desk.conn.fetch("SELECT topic, payload, run_at FROM outbox")
    assert (job["topic"], job["payload"], job["run_at"]) == (
        "mail.sign_in",
        {"attemptId": str(requested.attempt_id)},
        now,
    )


async def test_known_and_unknown_addresses_take_the_same_statements(
    desk: Desk, now: datetime, statements: StatementCounter
) -> None:
    await make_customer(desk.conn, email="known@example.com", now=now)
    await make_customer(desk.conn, email="enrolled@example.com", now=now)
    await desk.conn.execute("UPDATE customers SET confirmed_at = NULL WHERE email_key = 'enrolled@example.com'")
    said: list[list[str]] = []
    for email in ("known@example.com", "enrolled@example.com", "unknown@example.com"):
        async with statements.counted() as seen:
            await desk.request(email, now)
        said.append(seen)

    assert said[0] == said[1] == said[2]
    assert len(said[0]) == 7  # BEGIN, three counters, the attempt, the mail, COMMIT
    assert not any("customers" in statement for statement in said[0])


async def test_one_client_has_an_address_written_to_five_times_an_hour(desk: Desk, now: datetime) -> None:
    for n in range(5):
        await desk.request("Asha@example.com" if n % 2 else "asha@EXAMPLE.com", now + n * MINUTE)

    with pytest.raises(TooManyAttempts) as refused:
        await desk.request("asha@example.com", now + 59 * MINUTE)

    assert refused.value.retry_at == now + 60 * MINUTE
    assert await counted(desk.conn, "sign_in_attempts") == await counted(desk.conn, "outbox") == 5
    await desk.request("asha@example.com", now + 59 * MINUTE, client=b"the owner's own")
    await desk.request("asha@example.com", now + 60 * MINUTE)


async def test_all_clients_together_have_an_address_written_to_thirty_times_an_hour(desk: Desk, now: datetime) -> None:
    for n in range(30):
        await desk.request("asha@example.com", now, client=bytes([n]))

    with pytest.raises(TooManyAttempts):
        await desk.request("asha@example.com", now + 59 * MINUTE, client=b"another")

    assert await counted(desk.conn, "outbox") == 30


async def test_wrong_codes_of_a_stranger_do_not_lock_the_owner_out(desk: Desk, now: datetime) -> None:
    # given: a stranger who has used up what one place may get wrong in a day
    for n in range(6):
        strange = await desk.request("asha@example.com", now + n * 13 * MINUTE, client=b"a stranger's")
        made = await desk.mail(strange.attempt_id, now + n * 13 * MINUTE)
        assert made is not None
        for _ in range(5):
            await desk.try_code(strange.attempt_id, wrong(made.code), now + n * 13 * MINUTE)
    later = now + 80 * MINUTE
    # when
    own = await desk.request("asha@example.com", later)
    made = await desk.mail(own.attempt_id, later)
    assert made is not None
    # then
    assert isinstance(await desk.try_code(own.attempt_id, made.code, later), SignedIn)


async def test_a_client_may_ask_thirty_times_an_hour(desk: Desk, now: datetime) -> None:
    for n in range(30):
        await desk.request(f"customer{n}@example.com", now)

    with pytest.raises(TooManyAttempts) as refused:
        await desk.request("customer30@example.com", now)

    assert refused.value.retry_at == now + 60 * MINUTE
    assert await counted(desk.conn, "sign_in_attempts") == await counted(desk.conn, "outbox") == 30
    await desk.request("customer30@example.com", now, client=b"another")
    await desk.request("customer31@example.com", now, client=None)


async def test_counters_hold_no_address(desk: Desk, now: datetime) -> None:
    await desk.request("asha@example.com", now)

    rows = await desk.conn.fetch("SELECT scope, subject FROM rate_limits ORDER BY scope")
    assert [row["scope"] for row in rows] == ["sign_in.address", "sign_in.client", "sign_in.pair"]
    assert all(len(row["subject"]) == 32 for row in rows)


@pytest.mark.parametrize(
    "locale", ["", "e", "englishlanguage", "en_IN", "en--IN", "en-IN\n", "en-" + "x" * 33, "മ", "\x00"]
)
async def test_a_locale_that_is_none_is_refused(desk: Desk, now: datetime, locale: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await desk.request("asha@example.com", now, locale=locale)

    assert [(problem.field, problem.phrase.code) for problem in refused.value.problems] == [("locale", "not_a_locale")]
    assert await counted(desk.conn, "sign_in_attempts") == await counted(desk.conn, "rate_limits") == 0


# ---------------------------------------------------------------- the code


async def test_a_code_is_six_digits_of_which_a_keyed_hash_is_kept(desk: Desk, box: SecretBox, now: datetime) -> None:
    requested = await desk.request("asha@example.com", now)

    made = await desk.mail(requested.attempt_id, now + MINUTE)

    assert made is not None
    assert (made.email, made.locale, made.expires_at) == ("asha@example.com", "en-IN", now + 10 * MINUTE)
    assert len(made.code) == 6
    assert made.code.isascii()
    assert made.code.isdecimal()
    assert made.code not in repr(made)
    attempt = await desk.conn.fetchrow(ATTEMPT_SQL, requested.attempt_id)
    assert attempt is not None
    assert attempt["code_hash"] == box.keyed_hash("sign_in_code", requested.attempt_id.bytes, made.code.encode())


async def test_codes_differ_and_keep_their_leading_zeros(desk: Desk, now: datetime) -> None:
    requested = await desk.request("asha@example.com", now)
    codes = set()
    for _ in range(100):
        made = await desk.mail(requested.attempt_id, now)
        assert made is not None
        codes.add(made.code)

    assert len(codes) >= 99
    assert {len(code) for code in codes} == {6}


async def test_a_code_mailed_again_replaces_the_first_and_gives_no_new_tries(desk: Desk, now: datetime) -> None:
    attempt_id, first = await desk.attempt("asha@example.com", now)
    assert await desk.tries_left(attempt_id, wrong(first), now) == 4
    made = await desk.mail(attempt_id, now)
    while made is not None and made.code == first:
        made = await desk.mail(attempt_id, now)

    assert made is not None
    assert await desk.tries_left(attempt_id, first, now) == 3
    await desk.signed_in(attempt_id, made.code, now)


async def test_no_code_is_made_for_an_attempt_that_is_over(desk: Desk, now: datetime) -> None:
    expired = (await desk.request("one@example.com", now)).attempt_id
    used, code = await desk.attempt("two@example.com", now)
    await desk.signed_in(used, code, now)
    dead, code = await desk.attempt("three@example.com", now)
    for _ in range(5):
        await desk.try_code(dead, wrong(code), now)

    assert await desk.mail(expired, now + 10 * MINUTE) is None
    assert await desk.mail(used, now) is None
    assert await desk.mail(dead, now) is None
    assert await desk.mail(AttemptId(uuid4()), now) is None


# ---------------------------------------------------------------- signing in


async def test_the_right_code_signs_a_new_customer_in(desk: Desk, ring: KeyRing, now: datetime) -> None:
    attempt_id, code = await desk.attempt("Asha@example.com", now)
    later = now + 10 * MINUTE - MOMENT

    signed_in = await desk.signed_in(attempt_id, code, later)

    [customer] = await desk.conn.fetch(CUSTOMERS_SQL)
    assert customer["customer_id"] == signed_in.customer_id
    assert (customer["email"], customer["email_key"]) == ("Asha@example.com", "asha@example.com")
    assert (customer["name"], customer["locale"], customer["confirmed_at"]) == (None, "en-IN", later)
    viewer = access_tokens.verify(ring, token=signed_in.tokens.access.text, audience=Audience.CUSTOMER, now=later)
    assert isinstance(viewer, Customer)
    assert viewer.customer_id == signed_in.customer_id
    [session] = await sessions.of_customer(desk.conn, customer_id=signed_in.customer_id, now=later)
    assert (session.session_id, session.device_name) == (signed_in.tokens.session_id, "Asha's phone")
    assert await counted(desk.conn, "rate_limits WHERE scope = 'sign_in.wrong' AND hits > 0") == 0


async def test_a_known_customer_is_found_however_the_address_is_spelt(desk: Desk, now: datetime) -> None:
    known = await make_customer(desk.conn, email="asha@example.com", name="Asha", locale="ml-IN", now=now)
    before = await desk.conn.fetch(CUSTOMERS_SQL)
    attempt_id, code = await desk.attempt("ASHA@Example.com", now + MINUTE)

    signed_in = await desk.signed_in(attempt_id, code, now + MINUTE)

    assert signed_in.customer_id == known
    assert await desk.conn.fetch(CUSTOMERS_SQL) == before


async def test_a_customer_enrolled_at_a_counter_is_confirmed(desk: Desk, now: datetime) -> None:
    enrolled = await make_customer(desk.conn, email="asha@example.com", name="Asha", now=now)
    await desk.conn.execute("UPDATE customers SET confirmed_at = NULL")
    attempt_id, code = await desk.attempt("asha@example.com", now + MINUTE)

    signed_in = await desk.signed_in(attempt_id, code, now + 2 * MINUTE)

    [customer] = await desk.conn.fetch(CUSTOMERS_SQL)
    assert (signed_in.customer_id, customer["name"], customer["confirmed_at"]) == (enrolled, "Asha", now + 2 * MINUTE)


@pytest.mark.parametrize(
    "spell",
    [
        lambda code: f" {code[:3]} {code[3:]}\n",
        lambda code: f"{code[:3]}-{code[3:]}",
        lambda code: code.translate({ord(str(n)): chr(0x0966 + n) for n in range(10)}),  # Devanagari
        lambda code: code.translate({ord(str(n)): chr(0x0E50 + n) for n in range(10)}),  # Thai
    ],
)
async def test_a_code_may_be_typed_as_people_type_digits(
    desk: Desk, now: datetime, spell: Callable[[str], str]
) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    await desk.signed_in(attempt_id, spell(code), now)


async def test_a_code_is_good_once(desk: Desk, now: datetime) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    await desk.signed_in(attempt_id, code, now)

    assert await desk.tries_left(attempt_id, code, now) == 0

    assert await counted(desk.conn, "sessions") == 1


async def test_after_five_wrong_codes_the_right_one_is_refused(desk: Desk, now: datetime) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)

    assert [await desk.tries_left(attempt_id, wrong(code), now) for _ in range(5)] == [4, 3, 2, 1, 0]

    assert await desk.tries_left(attempt_id, code, now) == 0
    assert await counted(desk.conn, "customers") == await counted(desk.conn, "sessions") == 0


async def test_the_fifth_try_may_still_be_right(desk: Desk, now: datetime) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    for _ in range(4):
        await desk.try_code(attempt_id, wrong(code), now)

    await desk.signed_in(attempt_id, code, now)


async def test_a_wrong_code_changes_the_count_and_nothing_else(desk: Desk, now: datetime) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    before = await desk.conn.fetchrow(ATTEMPT_SQL, attempt_id)

    await desk.try_code(attempt_id, wrong(code), now)

    after = await desk.conn.fetchrow(ATTEMPT_SQL, attempt_id)
    assert before is not None
    assert after is not None
    assert {**dict(before), "tries_left": 4} == dict(after)  # type: ignore[call-overload]  # a Record is a mapping
    assert await counted(desk.conn, "customers") == await counted(desk.conn, "sessions") == 0


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\x00", "\ud800", "½½½½½½", "9" * 10000, "¹²³⁴⁵⁶"])
async def test_what_cannot_be_a_code_is_a_wrong_code(desk: Desk, now: datetime, code: str) -> None:
    attempt_id, _ = await desk.attempt("asha@example.com", now)
    assert await desk.tries_left(attempt_id, code, now) == 4


async def test_after_ten_minutes_the_right_code_is_refused(desk: Desk, now: datetime) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    assert await desk.tries_left(attempt_id, code, now + 10 * MINUTE) == 0


async def test_no_code_is_right_before_one_was_mailed(desk: Desk, now: datetime) -> None:
    requested = await desk.request("asha@example.com", now)
    assert await desk.tries_left(requested.attempt_id, "000000", now) == 4


async def test_an_unknown_attempt_is_refused_like_one_that_is_over(desk: Desk, now: datetime) -> None:
    assert await desk.tries_left(AttemptId(UUID(int=0)), "000000", now) == 0


async def test_a_code_belongs_to_its_attempt(desk: Desk, now: datetime) -> None:
    one, code_of_one = await desk.attempt("asha@example.com", now)
    other, code_of_other = await desk.attempt("asha@example.com", now)
    while code_of_other == code_of_one:
        made = await desk.mail(other, now)
        assert made is not None
        code_of_other = made.code

    assert await desk.tries_left(one, code_of_other, now) == 4
    await desk.signed_in(other, code_of_other, now)
    await desk.signed_in(one, code_of_one, now)


async def test_thirty_wrong_codes_a_day_are_all_that_an_address_takes(desk: Desk, now: datetime) -> None:
    # given six attempts of one address, all wasted
    for n in range(6):
        moment = now + n * timedelta(hours=1)
        attempt_id, code = await desk.attempt("asha@example.com", moment)
        for _ in range(5):
            await desk.try_code(attempt_id, wrong(code), moment)
    moment = now + timedelta(hours=7)
    attempt_id, code = await desk.attempt("asha@example.com", moment)

    # when the right code comes
    with pytest.raises(TooManyAttempts) as refused:
        await desk.try_code(attempt_id, code, moment)

    # then it costs no try, nobody else is affected, and tomorrow is another day
    assert refused.value.retry_at == now + timedelta(hours=24)
    attempt = await desk.conn.fetchrow(ATTEMPT_SQL, attempt_id)
    assert attempt is not None
    assert (attempt["tries_left"], attempt["consumed_at"]) == (5, None)
    other, code = await desk.attempt("binu@example.com", moment)
    await desk.signed_in(other, code, moment)
    tomorrow = now + timedelta(hours=24)
    attempt_id, code = await desk.attempt("asha@example.com", tomorrow)
    await desk.signed_in(attempt_id, code, tomorrow)


async def test_signing_in_rightly_never_uses_the_day_up(desk: Desk, now: datetime) -> None:
    for n in range(35):
        moment = now + n * timedelta(minutes=15)
        attempt_id, code = await desk.attempt("asha@example.com", moment)
        await desk.signed_in(attempt_id, code, moment)


# ---------------------------------------------------------------- racing


async def test_of_many_who_send_the_right_code_one_is_signed_in(
    pool: Pool, desk: Desk, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    for n in range(5):
        attempt_id, code = await desk.attempt(f"customer{n}@example.com", now)

        async def attempt(
            conn: Conn, attempt_id: AttemptId = attempt_id, code: str = code
        ) -> SignedIn | SignInCodeRejected:
            return await sign_in.sign_in(
                conn, box=box, ring=ring, attempt_id=attempt_id, code=code, device_name="", now=now
            )

        answers = await race(pool, 8, attempt)

        assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
        assert sum(isinstance(answer, SignInCodeRejected) for answer in answers) == 7
        assert await counted(desk.conn, "sessions") == await counted(desk.conn, "customers") == n + 1


async def test_racers_have_five_tries_between_them(
    pool: Pool, desk: Desk, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)

    async def attempt(conn: Conn) -> SignedIn | SignInCodeRejected:
        return await sign_in.sign_in(
            conn, box=box, ring=ring, attempt_id=attempt_id, code=wrong(code), device_name="", now=now
        )

    answers = await race(pool, 16, attempt)

    left = [answer.attempts_left for answer in answers if isinstance(answer, SignInCodeRejected)]
    assert sorted(left) == [0] * 12 + [1, 2, 3, 4]
    tried = await desk.conn.fetchval("SELECT hits FROM rate_limits WHERE scope = 'sign_in.wrong'")
    assert tried == 5


async def test_a_second_sender_of_the_right_code_waits_and_is_refused(
    pool: Pool, desk: Desk, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    attempt_id, code = await desk.attempt("asha@example.com", now)
    async with pool.acquire() as other, pool.acquire() as observer:
        pid = await pid_of(other)
        await desk.conn.execute("BEGIN")
        first = await sign_in.sign_in(
            desk.conn, box=box, ring=ring, attempt_id=attempt_id, code=code, device_name="", now=now
        )
        second = asyncio.create_task(Desk(other, box, ring).try_code(attempt_id, code, now))
        await until_blocked(observer, pid)
        await desk.conn.execute("COMMIT")

        assert isinstance(first, SignedIn)
        answer = await second
        assert isinstance(answer, SignInCodeRejected)
        assert answer.attempts_left == 0


async def test_two_attempts_of_a_new_address_make_one_customer(
    pool: Pool, desk: Desk, box: SecretBox, ring: KeyRing, now: datetime
) -> None:
    attempts = [await desk.attempt("asha@example.com", now) for _ in range(4)]

    async def attempt(conn: Conn) -> CustomerId:
        attempt_id, code = attempts.pop()
        answer = await sign_in.sign_in(
            conn, box=box, ring=ring, attempt_id=attempt_id, code=code, device_name="", now=now
        )
        assert isinstance(answer, SignedIn)
        return answer.customer_id

    customers = await race(pool, 4, attempt)

    assert len(set(customers)) == 1
    assert await counted(desk.conn, "customers") == 1
    assert await counted(desk.conn, "sessions") == 4
