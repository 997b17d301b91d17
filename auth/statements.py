"""Signed statements: a JWS (RFC 7515) with a key of its own purpose, so that it is never taken for a token.

The payload is JSON, made and read in wallet/statements. docs/LEDGER.md has the format for whoever checks one elsewhere.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt import InvalidTokenError, PyJWS

from auth import base64url
from auth.keys import KeyRing
from wallet.fingerprint import Json
from wallet.statements import Facts, to_json

ALGORITHM = "EdDSA"
TYPE = "statement+jws"
CHARACTERS_MAX = 4 * 2**20
"""A statement of a thousand entries, whose reasons are as long as can be, is longer than any that a shop makes."""

HEADER_PARAMETERS = {"alg", "typ", "kid"}
KID = re.compile(r"s[0-9a-f]{8}\Z", re.ASCII)

JWS = PyJWS()


class NotAStatement(Exception):
    """The text is no signed statement. It says why, for the person who has it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement whose signature nobody has looked at yet."""

    text: str
    kid: str
    payload: Json

    def is_signed_with(self, key: Ed25519PublicKey) -> bool:
        """Whether the holder of this key signed exactly this."""
        try:
            JWS.decode(self.text, key, algorithms=[ALGORITHM])
        except InvalidTokenError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """What a statement says, and the same as a compact JWS."""

    facts: Facts
    jws: str


def sign(ring: KeyRing, *, facts: Facts, now: datetime) -> SignedStatement:
    """The facts, signed with the key that signs statements at `now`."""
    key = ring.signer("statement", now)
    said = json.dumps(to_json(facts), ensure_ascii=False, separators=(",", ":")).encode()
    return SignedStatement(facts, JWS.encode(said, key.private_key, ALGORITHM, headers={"typ": TYPE, "kid": key.kid}))


def read(text: str) -> Signed:
    """What the text says of itself. Raises NotAStatement for what is no statement of ours by its form."""
    if len(text) > CHARACTERS_MAX:
        raise NotAStatement("It is too long for a statement.")
    parts = [base64url.decode(part) for part in text.split(".")]
    if len(parts) != 3 or not all(parts):
        raise NotAStatement("It is no JWS: three parts of base64url, with a dot between them.")
    header, payload = _json(parts[0] or b""), _json(parts[1] or b"")
    if not isinstance(header, dict) or header.keys() != HEADER_PARAMETERS:
        raise NotAStatement("Its header is not that of a statement.")
    if header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise NotAStatement(f"It is signed, and no statement: its type is {header['typ']!r}.")
    kid = header["kid"]
    if not isinstance(kid, str) or not KID.match(kid):
        raise NotAStatement("It names no key that signs statements.")
    return Signed(text, kid, payload)


def _json(text: bytes) -> Json:
    try:
        read: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAStatement("It does not hold JSON.") from None
    return read
