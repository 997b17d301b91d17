"""Access tokens: what a device shows with every request. Ten minutes, EdDSA, verified without a statement.

A JWT (RFC 7519) with the typ of RFC 9068 and one audience per API. PyJWT checks the signature, issuer and audience; its
clock is off, because time is an argument here. PyJWT lets some things through that RFC 8725 warns of (any typ, `exp` as
text, `==` at the end): they are refused here, before and after.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options

from auth import base64url
from auth.errors import TokenRejected
from auth.keys import KeyRing
from auth.viewers import Customer, SessionId, Terminal
from wallet.values import CustomerId, MerchantId, TerminalId

LIFE = timedelta(minutes=10)
LEEWAY = timedelta(seconds=5)
"""By how much the clock of the instance that issued a token may be ahead of ours."""

ISSUER = "regulars"
ALGORITHM = "EdDSA"
TYPE = "at+jwt"
TOKEN_CHARACTERS_MAX = 1024
SECONDS_MAX = 2**36
"""Far in the future, and still a year that a datetime can hold."""

HEADER_PARAMETERS = {"alg", "typ", "kid"}
KID = re.compile(r"[a-z0-9]{2,32}\Z", re.ASCII)


class Audience(StrEnum):
    """Which API a token opens. Never two."""

    CUSTOMER = "regulars:customer"
    POS = "regulars:pos"


COMMON_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")
CLAIMS = {
    Audience.CUSTOMER: frozenset(COMMON_CLAIMS),
    Audience.POS: frozenset((*COMMON_CLAIMS, "mid", "tid")),
}

Claims = dict[str, object]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and the moment, in whole seconds, from which it is refused."""

    text: str = field(repr=False)
    expires_at: datetime


def issue_to_customer(ring: KeyRing, *, customer_id: CustomerId, session_id: SessionId, now: datetime) -> AccessToken:
    """A token that opens the customers' API to this customer for ten minutes."""
    facts = {"sub": str(customer_id), "sid": str(session_id)}
    return _issue(ring, audience=Audience.CUSTOMER, facts=facts, now=now)


def issue_to_terminal(
    ring: KeyRing, *, merchant_id: MerchantId, terminal_id: TerminalId, session_id: SessionId, now: datetime
) -> AccessToken:
    """A token that opens the till's API to this terminal for ten minutes."""
    facts = {
        "sub": str(terminal_id),
        "sid": str(session_id),
        "mid": str(merchant_id),
        "tid": str(terminal_id),
    }
    return _issue(ring, audience=Audience.POS, facts=facts, now=now)


def _issue(ring: KeyRing, *, audience: Audience, facts: dict[str, str], now: datetime) -> AccessToken:
    key = ring.signer("access", now)
    issued_at = int(now.timestamp())
    expires_at = issued_at + int(LIFE.total_seconds())
    claims = {
        **facts,
        "iss": ISSUER,
        "aud": audience.value,
        "jti": str(uuid4()),
        "iat": issued_at,
        "exp": expires_at,
    }
    text = jwt.encode(claims, key.private_key, ALGORITHM, headers={"typ": TYPE, "kid": key.kid})
    return AccessToken(text, datetime.fromtimestamp(expires_at, UTC))


def kid_of(token: str) -> str:
    """The name of the key that a token claims to be signed with. Raises TokenRejected for what cannot be ours."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise TokenRejected
    # One token, one text: whoever appends padding or flips spare bits has no second token.
    parts = [base64url.decode(segment) for segment in token.split(".")]
    if len(parts) != 3 or not all(parts):
        raise TokenRejected
    header = _object(parts[0] or b"")
    if header.keys() != HEADER_PARAMETERS or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise TokenRejected
    kid = header["kid"]
    if not isinstance(kid, str) or not KID.match(kid):
        raise TokenRejected
    return kid


def _object(text: bytes) -> Claims:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise TokenRejected from None
    if not isinstance(read, dict):
        raise TokenRejected
    return read


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that we gave for this API, and the key that signed it. Whether now is its time is not judged yet."""

    kid: str
    key: Ed25519PublicKey
    viewer: Customer | Terminal
    issued_at: datetime

    def viewer_at(self, ring: KeyRing, now: datetime) -> Customer | Terminal:
        """Whom we gave it. Raises TokenRejected before and after its time, and once its key verifies no more."""
        key = ring.verifier(self.kid, "access", now)
        if key is not self.key and key != self.key:
            raise TokenRejected
        if not self.issued_at - LEEWAY <= now < self.viewer.expires_at:
            raise TokenRejected
        return self.viewer


def verify(ring: KeyRing, *, token: str, audience: Audience, now: datetime) -> Customer | Terminal:
    """The viewer whom we gave this token for this API. Raises TokenRejected for everything else, and nothing else."""
    return check_signature(ring, token=token, audience=audience, now=now).viewer_at(ring, now)


def check_signature(ring: KeyRing, *, token: str, audience: Audience, now: datetime) -> Signed:
    """The token, with everything about it found good that does not change with time.

    Raises TokenRejected for everything else, and nothing else.
    """
    kid = kid_of(token)
    key = ring.verifier(kid, "access", now)
    if key is None:
        raise TokenRejected
    try:
        claims: Claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=audience.value, issuer=ISSUER, options=_options(audience)
        )
    except jwt.InvalidTokenError:
        raise TokenRejected from None
    if claims.keys() != CLAIMS[audience]:
        raise TokenRejected
    expires_at = _moment(claims["exp"])
    issued_at = _moment(claims["iat"])
    if expires_at - issued_at > LIFE:
        raise TokenRejected
    _uuid(claims["jti"])
    return Signed(kid, key, _viewer(claims, audience, expires_at), issued_at)


def _options(audience: Audience) -> Options:
    return {
        "require": sorted(CLAIMS[audience]),
        "strict_aud": True,
        "enforce_minimum_key_length": True,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }


def _viewer(claims: Claims, audience: Audience, expires_at: datetime) -> Customer | Terminal:
    subject = _uuid(claims["sub"])
    session_id = SessionId(_uuid(claims["sid"]))
    match audience:
        case Audience.CUSTOMER:
            return Customer(CustomerId(subject), session_id, expires_at)
        case Audience.POS:
            if _uuid(claims["tid"]) != subject:
                raise TokenRejected
            merchant_id = MerchantId(_uuid(claims["mid"]))
            return Terminal(merchant_id, TerminalId(subject), session_id, expires_at)


def _moment(claim: object) -> datetime:
    # A bool is an int to Python, and a text of digits is a moment to PyJWT; to us neither is.
    if type(claim) is not int or not 0 <= claim <= SECONDS_MAX:
        raise TokenRejected
    return datetime.fromtimestamp(claim, UTC)


def _uuid(claim: object) -> UUID:
    if not isinstance(claim, str):
        raise TokenRejected
    try:
        parsed = UUID(claim)
    except ValueError:
        raise TokenRejected from None
    if str(parsed) != claim:
        raise TokenRejected
    return parsed
