"""What is done with the one master key, and the making of random secrets.

Every purpose has a subkey of its own (HKDF-SHA256, RFC 5869): no output of one means anything to another.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth import base64url

MASTER_KEY_BYTES = 32
NONCE_BYTES = 12
SEALED_FORM = b"\x01"
"""The first byte of everything sealed: AES-256-GCM, then 12 bytes of nonce, the ciphertext and 16 bytes of tag."""


class CannotOpen(Exception):
    """Sealed with another master key or for another context, or changed since: no caller's fault."""


class SecretBox:
    """Seals, opens and hashes with keys that only the holder of the master key can derive. Never shows a key."""

    __slots__ = ("_derived", "_master_key", "_sealing")

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError(f"The master key must be {MASTER_KEY_BYTES} bytes long; it is {len(master_key)}.")
        self._master_key = master_key
        self._derived: dict[str, bytes] = {}
        self._sealing = AESGCM(self._subkey("seal"))

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """What only `open` with the same context turns back into the plaintext; 29 bytes longer, new each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return SEALED_FORM + nonce + self._sealing.encrypt(nonce, plaintext, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed for this context. Raises CannotOpen."""
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != SEALED_FORM or len(nonce) != NONCE_BYTES:
            raise CannotOpen(context)
        try:
            return self._sealing.decrypt(nonce, ciphertext, context.encode())
        except InvalidTag:
            raise CannotOpen(context) from None

    def keyed_hash(self, purpose: str, *parts: bytes) -> bytes:
        """HMAC-SHA256 (32 bytes). Each part goes in behind its length, so no two lists of parts are alike."""
        mac = hmac.new(self._subkey(f"hash:{purpose}"), digestmod=hashlib.sha256)
        for part in parts:
            mac.update(len(part).to_bytes(4, "big"))
            mac.update(part)
        return mac.digest()

    def _subkey(self, info: str) -> bytes:
        # The purposes are constants of the code, a handful, so what is kept stays a handful.
        if info not in self._derived:
            self._derived[info] = HKDF(algorithm=SHA256(), length=32, salt=b"regulars", info=info.encode()).derive(
                self._master_key
            )
        return self._derived[info]


def random_token() -> str:
    """256 random bits as 43 characters of base64url."""
    return base64url.encode(secrets.token_bytes(32))
