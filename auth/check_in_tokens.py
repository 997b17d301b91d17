"""Check-in tokens: 218 digits that are an Ed25519 JWS whose header goes without saying. docs/TOKENS.md has the format.

token   = "9" kid decimal(payload ‖ signature)                              1 + 2 + 215 digits
payload = u8 kind | u32 program number | u64 card reference | u32 exp | u64 jti      big-endian
"""

import re
import struct
from datetime import UTC, datetime

from jwt import InvalidTokenError, PyJWS

from auth import base64url
from auth.keys import KeyRing
from wallet import damm
from wallet.errors import CodeInvalid
from wallet.values import CheckInPurpose, ScannedCode, SignedCode, TypedCode

PAYLOAD = struct.Struct(">BIQIQ")
SIGNATURE_BYTES = 64
SIGNED_BYTES = PAYLOAD.size + SIGNATURE_BYTES
SIGNED_DIGITS = 215

TOKEN = re.compile(rf"9([0-9]{{2}})([0-9]{{{SIGNED_DIGITS}}})")
TYPED = re.compile(r"[0-9]{10}")
ENDING = re.compile(r"(\r\n|\r|\n)\Z")
BLANKS = str.maketrans("", "", " \t")

KINDS = {CheckInPurpose.EARN: 1, CheckInPurpose.REDEEM: 2}
PURPOSES = {kind: purpose for purpose, kind in KINDS.items()}

JWS = PyJWS()


def mint(
    ring: KeyRing,
    *,
    purpose: CheckInPurpose,
    program_number: int,
    card_reference: int,
    expires_at: datetime,
    jti: int,
    now: datetime,
) -> str:
    """The token: 218 digits, signed with the key that signs at `now`. `expires_at` is cut to the second."""
    key = ring.signer("check_in", now)
    exp = int(expires_at.timestamp())
    payload = PAYLOAD.pack(KINDS[purpose], program_number, card_reference, exp, jti)
    signature = key.private_key.sign(_signing_input(key.kid, payload))
    number = int.from_bytes(payload + signature, "big")
    return f"9{key.kid}{number:0{SIGNED_DIGITS}d}"


def read(ring: KeyRing, *, text: str, now: datetime) -> ScannedCode:
    """What a till scanned, its signature verified, or what somebody typed, its check digit verified.

    Spaces, tabs and a line ending, as scanners and people add them, are dropped. Whether the code's time is over or it
    was used up is not judged. Raises CodeInvalid.
    """
    digits = ENDING.sub("", text).translate(BLANKS)
    if token := TOKEN.fullmatch(digits):
        return _verified(ring, token[1], int(token[2]), now)
    if TYPED.fullmatch(digits) and damm.is_valid(digits):
        return TypedCode(digits)
    raise CodeInvalid


def _verified(ring: KeyRing, kid: str, number: int, now: datetime) -> SignedCode:
    """What the number says, if the key that `kid` names signed it. Nothing that was scanned chooses the algorithm."""
    key = ring.verifier(kid, "check_in", now)
    if key is None or number >= 1 << 8 * SIGNED_BYTES:
        raise CodeInvalid
    signed = number.to_bytes(SIGNED_BYTES, "big")
    payload, signature = signed[: PAYLOAD.size], signed[PAYLOAD.size :]
    jws = _signing_input(kid, payload) + b"." + base64url.encode(signature).encode()
    try:
        JWS.decode(jws, key, algorithms=["EdDSA"])
    except InvalidTokenError:
        raise CodeInvalid from None
    kind, program_number, card_reference, exp, jti = PAYLOAD.unpack(payload)
    if kind not in PURPOSES:
        raise CodeInvalid
    return SignedCode(PURPOSES[kind], program_number, card_reference, datetime.fromtimestamp(exp, UTC), jti)


def _signing_input(kid: str, payload: bytes) -> bytes:
    """What is signed (RFC 7515 §5.1). The header is written out: it must be these bytes, in this order."""
    header = f'{{"alg":"EdDSA","kid":"{kid}","typ":"ci+jws"}}'
    return f"{base64url.encode(header.encode())}.{base64url.encode(payload)}".encode()
