import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auth import keys
from auth.keys import HANDOVER, KeyPurpose, KeyRing, KeysUnreadable, NoFreeKeyNumber
from auth.secrets import SecretBox
from infra.pool import Pool
from tests.auth.racing import pid_of, race, until_blocked
from tests.auth.rings import make_key
from wallet.database import Conn

ACCESS_LIFE = timedelta(minutes=10)
CODE_LIFE = timedelta(seconds=90)
OFFLINE = timedelta(hours=72)
TEN_YEARS = timedelta(days=3653)

ROWS_SQL = """
    SELECT kid, purpose, public_key, sealed_private_key, signs_from, verifies_until
    FROM signing_keys
    ORDER BY purpose, created_at, kid
"""


@pytest.fixture
async def other(pool: Pool) -> AsyncIterator[Conn]:
    async with pool.acquire() as found:
        yield found


async def kids(conn: Conn) -> list[str]:
    return [row["kid"] for row in await conn.fetch(ROWS_SQL)]


async def rotate(conn: Conn, box: SecretBox, now: datetime, lead: timedelta = keys.LEAD) -> list[str]:
    async with conn.transaction():
        return [key.kid for key in await keys.rotate(conn, box=box, lead=lead, now=now)]


async def load(conn: Conn, box: SecretBox, now: datetime) -> KeyRing:
    return await keys.load(conn, box=box, now=now)


async def test_the_first_start_makes_a_key_of_each_purpose(conn: Conn, box: SecretBox, now: datetime) -> None:
    await keys.ensure(conn, box=box, now=now)

    rows = await conn.fetch(ROWS_SQL)
    assert [(row["kid"], row["purpose"], row["signs_from"], row["verifies_until"]) for row in rows] == [
        ("a00000001", "access", now, None),
        ("01", "check_in", now, None),
        ("s00000001", "statement", now, None),
    ]


async def test_a_later_start_makes_none(conn: Conn, box: SecretBox, now: datetime) -> None:
    await keys.ensure(conn, box=box, now=now)
    before = await conn.fetch(ROWS_SQL)

    await keys.ensure(conn, box=box, now=now + timedelta(days=1))

    assert await conn.fetch(ROWS_SQL) == before


async def test_instances_that_start_at_once_agree_on_one_key_each(pool: Pool, box: SecretBox, now: datetime) -> None:
    async def start(conn: Conn) -> list[bytes]:
        await keys.ensure(conn, box=box, now=now)
        ring = await keys.load(conn, box=box, now=now)
        return [key.public_key.public_bytes_raw() for key in ring.keys]

    rings = await race(pool, 8, start)

    assert all(ring == rings[0] for ring in rings)
    async with pool.acquire() as conn:
        assert await kids(conn) == ["a00000001", "01", "s00000001"]


async def test_private_keys_are_kept_sealed(conn: Conn, box: SecretBox, ring: KeyRing, now: datetime) -> None:
    rows = await conn.fetch(ROWS_SQL)

    for row, key in zip(rows, ring.keys, strict=True):
        assert key.private_key.private_bytes_raw() not in row["sealed_private_key"]
        assert box.open(row["sealed_private_key"], f"signing_key:{key.kid}") == key.private_key.private_bytes_raw()
        assert key.private_key.private_bytes_raw().hex() not in repr(ring)


@pytest.mark.usefixtures("ring")
async def test_another_master_key_is_told_in_one_sentence(conn: Conn, now: datetime) -> None:
    with pytest.raises(KeysUnreadable) as refused:
        await load(conn, SecretBox(b"another master key of 32 bytes.."), now)
    assert str(refused.value) == (
        "The signing keys in this database were sealed with another master key: "
        "start with the master key that it was first started with."
    )


@pytest.mark.usefixtures("ring")
async def test_a_public_key_swapped_in_the_database_is_not_believed(conn: Conn, box: SecretBox, now: datetime) -> None:
    await conn.execute("UPDATE signing_keys SET public_key = $1 WHERE kid = '01'", bytes(32))

    with pytest.raises(KeysUnreadable, match="public half of signing key 01 was changed"):
        await load(conn, box, now)


@pytest.mark.usefixtures("ring")
async def test_a_sealed_key_moved_to_another_name_is_not_opened(conn: Conn, box: SecretBox, now: datetime) -> None:
    await conn.execute(
        "UPDATE signing_keys SET sealed_private_key = (SELECT sealed_private_key FROM signing_keys WHERE kid = '01')"
    )

    with pytest.raises(KeysUnreadable):
        await load(conn, box, now)


async def test_a_rotation_publishes_now_and_signs_after_the_lead(conn: Conn, box: SecretBox, now: datetime) -> None:
    # given a first key
    await keys.ensure(conn, box=box, now=now)

    # when
    assert await rotate(conn, box, now) == ["a00000002", "02", "s00000002"]

    # then the next key is published at once, and signs from the lead on
    ring = await load(conn, box, now)
    handover = now + keys.LEAD
    successions: list[tuple[KeyPurpose, str, str]] = [
        ("access", "a00000001", "a00000002"),
        ("check_in", "01", "02"),
        ("statement", "s00000001", "s00000002"),
    ]
    for purpose, old, new in successions:
        assert ring.verifier(new, purpose, now) is not None
        assert ring.signer(purpose, now).kid == old
        assert ring.signer(purpose, handover - timedelta(microseconds=1)).kid == old
        assert ring.signer(purpose, handover).kid == new


@pytest.mark.parametrize(
    ("purpose", "old", "outlives"),
    [
        ("access", "a00000001", ACCESS_LIFE + timedelta(seconds=5) + HANDOVER),
        ("check_in", "01", CODE_LIFE + timedelta(seconds=5) + OFFLINE + HANDOVER),
        ("statement", "s00000001", TEN_YEARS + HANDOVER),
    ],
)
async def test_the_old_key_verifies_until_all_that_it_signed_is_over(
    conn: Conn, box: SecretBox, now: datetime, purpose: KeyPurpose, old: str, outlives: timedelta
) -> None:
    await rotate(conn, box, now)

    ends_at = now + keys.LEAD + outlives
    ring = await load(conn, box, now)
    assert ring.verifier(old, purpose, ends_at - timedelta(microseconds=1)) is not None
    assert ring.verifier(old, purpose, ends_at) is None
    assert not (await load(conn, box, ends_at)).knows(old)


async def test_a_key_verifies_for_its_own_purpose_only(ring: KeyRing, now: datetime) -> None:
    assert ring.verifier("a00000001", "access", now) is not None
    assert ring.verifier("a00000001", "check_in", now) is None
    assert ring.verifier("01", "access", now) is None
    assert ring.verifier("s00000001", "statement", now) is not None
    assert ring.verifier("s00000001", "access", now) is None
    assert ring.verifier("a00000001", "statement", now) is None
    assert ring.verifier("77", "check_in", now) is None


async def test_a_clock_a_little_behind_signs_with_the_first_key(ring: KeyRing, now: datetime) -> None:
    assert ring.signer("access", now - timedelta(seconds=2)).kid == "a00000001"


async def test_a_second_rotation_waits_for_the_first_to_take_over(conn: Conn, box: SecretBox, now: datetime) -> None:
    # given a key that will sign tomorrow
    await rotate(conn, box, now)

    # when one is asked for at once
    await rotate(conn, box, now, lead=timedelta(0))

    # then it signs right after the waiting one began, and the first one signs until then
    ring = await load(conn, box, now)
    handover = now + keys.LEAD
    assert ring.signer("check_in", handover - timedelta(seconds=1)).kid == "01"
    assert ring.signer("check_in", handover).kid == "02"
    assert ring.signer("check_in", handover + timedelta(microseconds=1)).kid == "03"


async def test_ended_keys_are_deleted_by_the_next_rotation(conn: Conn, box: SecretBox, now: datetime) -> None:
    await rotate(conn, box, now)
    later = now + timedelta(days=30)

    await rotate(conn, box, later)

    statements = ["s00000001", "s00000002", "s00000003"]  # what they sign can be checked for ten years
    assert await kids(conn) == ["a00000002", "a00000003", "02", "03", *statements]


@pytest.mark.parametrize(
    ("every", "step"),
    [
        (timedelta(hours=7), timedelta(hours=1)),
        (timedelta(hours=24), timedelta(hours=2)),
        (timedelta(days=30), timedelta(hours=12)),
    ],
)
async def test_nothing_signed_dies_by_any_number_of_rotations(
    conn: Conn, box: SecretBox, now: datetime, every: timedelta, step: timedelta
) -> None:
    """At every step something is signed with a ring that is a minute old, and verified at the end of its life."""
    lives: dict[KeyPurpose, timedelta] = {"access": ACCESS_LIFE, "check_in": CODE_LIFE + OFFLINE}
    await keys.ensure(conn, box=box, now=now)
    signed: list[tuple[str, KeyPurpose, bytes, datetime]] = []
    signers: set[str] = set()
    rotations = 8
    next_rotation = now
    for n in range(rotations * (every // step)):
        clock = now + n * step
        held = await load(conn, box, clock - timedelta(seconds=60))
        if clock >= next_rotation:
            await rotate(conn, box, clock)
            next_rotation += every
        fresh = await load(conn, box, clock)
        for purpose, life in lives.items():
            key = held.signer(purpose, clock)
            signers.add(key.kid)
            signed.append((key.kid, purpose, key.private_key.sign(b"message"), clock + life))
        due = [one for one in signed if one[3] <= clock + step]
        signed = [one for one in signed if one[3] > clock + step]
        for kid, purpose, signature, last_moment in due:
            public_key = fresh.verifier(kid, purpose, last_moment)
            assert public_key is not None, (kid, clock)
            public_key.verify(signature, b"message")

    # A rotation that comes while a key still waits puts itself behind it, so the last few have not signed yet.
    assert len(signers) >= 2 * (rotations - 4)


async def test_check_in_numbers_come_round_after_99(conn: Conn, box: SecretBox, now: datetime) -> None:
    await keys.ensure(conn, box=box, now=now)

    made = [await rotate(conn, box, now + timedelta(days=5 * n), lead=timedelta(0)) for n in range(1, 102)]

    assert [check_in for _, check_in, _ in made] == [f"{number % 100:02d}" for number in range(2, 103)]
    assert made[-1][0] == f"a{102:08x}"
    kept = [kid for kid in await kids(conn) if not kid.startswith("s")]
    assert kept == [f"a{101:08x}", f"a{102:08x}", "01", "02"]


async def test_a_hundred_numbers_in_use_is_told_in_one_sentence(conn: Conn, box: SecretBox, now: datetime) -> None:
    await keys.ensure(conn, box=box, now=now)
    for _ in range(99):
        await rotate(conn, box, now, lead=timedelta(0))
    before = await conn.fetch(ROWS_SQL)
    assert len({kid for kid in await kids(conn) if len(kid) == 2}) == 100

    with pytest.raises(NoFreeKeyNumber, match="All 100 check_in key numbers are in use"):
        await rotate(conn, box, now)

    assert await conn.fetch(ROWS_SQL) == before


async def test_two_rotations_at_once_make_two_keys_one_after_the_other(
    conn: Conn, other: Conn, pool: Pool, box: SecretBox, now: datetime
) -> None:
    # given a rotation that has not committed
    await keys.ensure(conn, box=box, now=now)
    await conn.execute("BEGIN")
    await keys.rotate(conn, box=box, now=now)

    # when another begins
    pid = await pid_of(other)
    second = asyncio.create_task(rotate(other, box, now + timedelta(seconds=1)))
    async with pool.acquire() as observer:
        await until_blocked(observer, pid)
    await conn.execute("COMMIT")

    # then it sees the first one's key
    assert await second == ["a00000003", "03", "s00000003"]
    ring = await load(conn, box, now)
    assert ring.signer("access", now + timedelta(hours=25)).kid == "a00000003"
    open_ended = [key.kid for key in ring.keys if key.verifies_until is None]
    assert open_ended == ["a00000003", "03", "s00000003"]


async def test_a_key_set_is_one_that_any_jose_library_reads(conn: Conn, box: SecretBox, now: datetime) -> None:
    # given a rotation under way
    await rotate(conn, box, now)
    ring = await load(conn, box, now)

    # when
    published = keys.jwks(ring, now)

    # then all keys stand in it, the next ones too
    kids_published = [jwk["kid"] for jwk in published["keys"]]
    assert kids_published == ["a00000001", "a00000002", "01", "02", "s00000001", "s00000002"]
    for jwk in published["keys"]:
        assert (jwk["kty"], jwk["crv"], jwk["use"], jwk["alg"]) == ("OKP", "Ed25519", "sig", "EdDSA")
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", jwk["x"])
        assert "d" not in jwk
    for read, key in zip(jwt.PyJWKSet.from_dict(dict(published)).keys, ring.keys, strict=True):
        assert isinstance(read.key, Ed25519PublicKey)
        assert read.key.public_bytes_raw() == key.public_key.public_bytes_raw()


def test_an_ended_key_stands_in_no_key_set(now: datetime) -> None:
    ring = KeyRing((make_key("a00000001", now=now, verifies_until=now), make_key("a00000002", now=now)))
    assert [jwk["kid"] for jwk in keys.jwks(ring, now)["keys"]] == ["a00000002"]
    assert ring.verifier("a00000001", "access", now) is None


def test_a_known_key_is_written_as_the_standard_writes_it(now: datetime) -> None:
    """The key of RFC 8037, appendix A."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    key = replace(make_key("03", "check_in", now=now), private_key=private_key, public_key=private_key.public_key())
    ring = KeyRing((key,))
    assert keys.jwks(ring, now)["keys"][0]["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
