"""The Ed25519 keys that sign for us, and the moments at which one takes over from another.

A key is published from the moment it is made, signs from signs_from until the next one of its purpose does, and
verifies until the last thing it signed is over. So a verifier knows every key before it meets it, and nothing dies by a
rotation. The private halves stand in signing_keys, sealed with the master key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auth import base64url
from auth.secrets import CannotOpen, SecretBox
from wallet.database import Conn, Row

KeyPurpose = Literal["access", "check_in", "statement"]

PURPOSES: Sequence[KeyPurpose] = ("access", "check_in", "statement")
LEAD = timedelta(hours=24)
"""How long a key is published before it signs: no less than a till keeps the key set."""

HANDOVER = timedelta(minutes=5)
"""How long an instance that has not heard of the next key may go on signing with the old one."""

AFTERLIFE: Mapping[KeyPurpose, timedelta] = {
    # An access token: ten minutes, and the five seconds by which clocks may differ.
    "access": timedelta(minutes=10, seconds=5) + HANDOVER,
    # A check-in code: ninety seconds and five of leeway; a till that was offline may bring it up to 72 hours later.
    "check_in": timedelta(seconds=95) + timedelta(hours=72) + HANDOVER,
    # A statement is no token that ends: it can be checked for as long as books are kept.
    "statement": timedelta(days=3653) + HANDOVER,
}
KID_NUMBERS: Mapping[KeyPurpose, int] = {"access": 2**32, "check_in": 100, "statement": 2**32}
KID_LETTERS: Mapping[KeyPurpose, str] = {"access": "a", "statement": "s"}
"""What the name of a key begins with, where it is no bare number."""

ENSURE_PURPOSES_SQL = """
    SELECT DISTINCT purpose
    FROM signing_keys
"""

INSERT_KEY_SQL = """
    INSERT INTO signing_keys (kid, purpose, public_key, sealed_private_key, created_at, signs_from)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (kid) DO NOTHING
"""

LOAD_SQL = """
    SELECT kid, purpose, public_key, sealed_private_key, created_at, signs_from, verifies_until
    FROM signing_keys
    WHERE verifies_until IS NULL OR verifies_until > $1
    ORDER BY purpose, signs_from
"""

LOCK_SQL = """
    SELECT kid
    FROM signing_keys
    ORDER BY kid
    FOR UPDATE
"""

FORGET_SQL = """
    DELETE FROM signing_keys
    WHERE verifies_until <= $1
"""

RETIRE_SQL = """
    UPDATE signing_keys
    SET verifies_until = $2
    WHERE kid = $1
"""


class KeysUnreadable(Exception):
    """The keys in the database and the master key do not belong together. The text is for the operator."""


class NoFreeKeyNumber(Exception):
    """Every key number is held by a key that still verifies. The text is for the operator."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key. verifies_until is None for the last of its purpose, which signs until there is a next one."""

    kid: str
    purpose: KeyPurpose
    private_key: Ed25519PrivateKey = field(repr=False)
    public_key: Ed25519PublicKey = field(repr=False)
    created_at: datetime
    signs_from: datetime
    verifies_until: datetime | None

    @classmethod
    def from_row(cls, row: Row, box: SecretBox) -> "SigningKey":
        """The key in this row, unsealed. Raises KeysUnreadable."""
        try:
            private_key = Ed25519PrivateKey.from_private_bytes(
                box.open(row["sealed_private_key"], _context(row["kid"]))
            )
        except CannotOpen:
            raise KeysUnreadable(
                "The signing keys in this database were sealed with another master key: "
                "start with the master key that it was first started with."
            ) from None
        public_key = private_key.public_key()
        if public_key.public_bytes_raw() != row["public_key"]:
            raise KeysUnreadable(f"The public half of signing key {row['kid']} was changed in the database.")
        return cls(
            kid=row["kid"],
            purpose=row["purpose"],
            private_key=private_key,
            public_key=public_key,
            created_at=row["created_at"],
            signs_from=row["signs_from"],
            verifies_until=row["verifies_until"],
        )

    def verifies(self, now: datetime) -> bool:
        """Whether something that it signed may still be live."""
        return self.verifies_until is None or now < self.verifies_until


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys as they were when loaded. Good for a minute: see KeyRingCache."""

    keys: tuple[SigningKey, ...]

    def signer(self, purpose: KeyPurpose, now: datetime) -> SigningKey:
        """The key that signs at this moment. A clock that is a little behind signs with the first key."""
        keys = sorted((key for key in self.keys if key.purpose == purpose), key=lambda key: key.signs_from)
        assert keys, f"no {purpose} key: ensure makes one at start"
        begun = [key for key in keys if key.signs_from <= now]
        return begun[-1] if begun else keys[0]

    def verifier(self, kid: str, purpose: KeyPurpose, now: datetime) -> Ed25519PublicKey | None:
        """The public key of this name, if it is of this purpose and something that it signed may still be live."""
        for key in self.keys:
            if key.kid == kid and key.purpose == purpose and key.verifies(now):
                return key.public_key
        return None

    def knows(self, kid: str) -> bool:
        """Whether there was a key of this name when the ring was loaded."""
        return any(key.kid == kid for key in self.keys)


class Jwk(TypedDict):
    """One public key as RFC 8037 §2 writes it."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class Jwks(TypedDict):
    """A key set, RFC 7517 §5."""

    keys: list[Jwk]


async def ensure(conn: Conn, *, box: SecretBox, now: datetime) -> None:
    """There is a key of each purpose. Any number of instances may start at once: the first one's keys stand."""
    found = {row["purpose"] for row in await conn.fetch(ENSURE_PURPOSES_SQL)}
    for purpose in PURPOSES:
        if purpose not in found:
            await _insert(conn, box=box, purpose=purpose, number=1, signs_from=now, now=now)


async def load(conn: Conn, *, box: SecretBox, now: datetime) -> KeyRing:
    """The keys that verify at this moment, the published next ones included. Raises KeysUnreadable."""
    rows = await conn.fetch(LOAD_SQL, now)
    return KeyRing(tuple(SigningKey.from_row(row, box) for row in rows))


async def rotate(conn: Conn, *, box: SecretBox, lead: timedelta = LEAD, now: datetime) -> tuple[SigningKey, ...]:
    """The next key of each purpose, published now; each signs from `lead` on, or right after one that waits already.

    The key before it verifies until everything that it signs until then is over; keys past that are deleted. Two calls
    at once make two keys, one after the other. Raises KeysUnreadable, NoFreeKeyNumber.
    """
    await ensure(conn, box=box, now=now)
    # The lock comes first and the look second, so that of two rotations the later one sees the other's keys.
    await conn.fetch(LOCK_SQL)
    await conn.execute(FORGET_SQL, now)
    ring = await load(conn, box=box, now=now)
    return tuple([await _succeed(conn, ring, box=box, purpose=p, lead=lead, now=now) for p in PURPOSES])


async def _succeed(
    conn: Conn, ring: KeyRing, *, box: SecretBox, purpose: KeyPurpose, lead: timedelta, now: datetime
) -> SigningKey:
    last = max((key for key in ring.keys if key.purpose == purpose), key=lambda key: key.signs_from)
    signs_from = max(now + lead, last.signs_from + timedelta(microseconds=1))
    number = _next_number(ring, last)
    await conn.execute(RETIRE_SQL, last.kid, signs_from + AFTERLIFE[purpose])
    return await _insert(conn, box=box, purpose=purpose, number=number, signs_from=signs_from, now=now)


async def _insert(
    conn: Conn, *, box: SecretBox, purpose: KeyPurpose, number: int, signs_from: datetime, now: datetime
) -> SigningKey:
    kid = _kid(purpose, number)
    private_key = Ed25519PrivateKey.generate()
    public_key = private_key.public_key()
    sealed = box.seal(private_key.private_bytes_raw(), _context(kid))
    await conn.execute(INSERT_KEY_SQL, kid, purpose, public_key.public_bytes_raw(), sealed, now, signs_from)
    return SigningKey(
        kid=kid,
        purpose=purpose,
        private_key=private_key,
        public_key=public_key,
        created_at=now,
        signs_from=signs_from,
        verifies_until=None,
    )


def jwks(ring: KeyRing, now: datetime) -> Jwks:
    """The public halves of all keys that verify at this moment or will sign later, as a JSON Web Key Set (RFC 8037)."""
    return Jwks(keys=[_jwk(key) for key in ring.keys if key.verifies(now)])


def _jwk(key: SigningKey) -> Jwk:
    x = base64url.encode(key.public_key.public_bytes_raw())
    return Jwk(kty="OKP", crv="Ed25519", x=x, kid=key.kid, use="sig", alg="EdDSA")


def _context(kid: str) -> str:
    return f"signing_key:{kid}"


def _kid(purpose: KeyPurpose, number: int) -> str:
    match purpose:
        case "access" | "statement":
            return f"{KID_LETTERS[purpose]}{number:08x}"
        case "check_in":
            return f"{number:02d}"


def _next_number(ring: KeyRing, last: SigningKey) -> int:
    numbers = KID_NUMBERS[last.purpose]
    number = int(last.kid[1:], 16) if last.purpose in KID_LETTERS else int(last.kid)
    following = (number + 1) % numbers
    # The numbers come round in order, so the next one is the one that has been out of use the longest.
    if ring.knows(_kid(last.purpose, following)):
        raise NoFreeKeyNumber(
            f"All {numbers} {last.purpose} key numbers are in use: rotate again when a key has ended."
        )
    return following
