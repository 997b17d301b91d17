"""Key rings made of real keys, without a database."""

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.keys import KeyPurpose, KeyRing, SigningKey


def make_key(
    kid: str, purpose: KeyPurpose = "access", *, now: datetime, verifies_until: datetime | None = None
) -> SigningKey:
    private_key = Ed25519PrivateKey.generate()
    return SigningKey(
        kid=kid,
        purpose=purpose,
        private_key=private_key,
        public_key=private_key.public_key(),
        created_at=now - timedelta(days=1),
        signs_from=now - timedelta(days=1),
        verifies_until=verifies_until,
    )


def make_ring(now: datetime) -> KeyRing:
    return KeyRing(
        (
            make_key("a00000001", now=now),
            make_key("01", "check_in", now=now),
            make_key("s00000001", "statement", now=now),
        )
    )
