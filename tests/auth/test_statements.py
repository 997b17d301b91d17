"""A statement is signed with a key of its own, and nothing else is taken for one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from auth import access_tokens, base64url, statements
from auth.errors import TokenRejected
from auth.keys import KeyRing
from auth.statements import CHARACTERS_MAX, NotAStatement, SignedStatement
from auth.viewers import SessionId
from tests.auth.rings import make_key, make_ring
from wallet.ledger.chain import start
from wallet.statements import Facts, Stand, from_json, to_json
from wallet.values import CardId, CustomerId, MerchantId

MERCHANT, CARD = MerchantId(UUID(int=1)), CardId(UUID(int=2))
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOTHING = Stand(0, 0, 0, 0, 0, start(merchant_id=MERCHANT, card_id=CARD))
FACTS = Facts(
    merchant_id=MERCHANT,
    merchant_name="മൺസൂൺ",
    program_name="Beans",
    point_name="bean",
    point_name_plural="beans",
    timezone="Asia/Kolkata",
    card_id=CARD,
    number_last4="3456",
    since=NOW - timedelta(days=30),
    until=NOW,
    issued_at=NOW,
    opening=NOTHING,
    entries=(),
    closing=NOTHING,
)


@pytest.fixture
def ring() -> KeyRing:
    return make_ring(NOW)


@pytest.fixture
def signed(ring: KeyRing) -> SignedStatement:
    return statements.sign(ring, facts=FACTS, now=NOW)


def test_what_was_signed_is_read_and_verified(ring: KeyRing, signed: SignedStatement) -> None:
    read = statements.read(signed.jws)
    key = ring.verifier(read.kid, "statement", NOW)
    assert key is not None
    assert read.is_signed_with(key)
    assert from_json(read.payload) == FACTS


def test_any_jose_library_verifies_it(ring: KeyRing, signed: SignedStatement) -> None:
    key = ring.signer("statement", NOW)
    said = jwt.PyJWS().decode_complete(signed.jws, key.public_key, algorithms=["EdDSA"])
    assert said["header"] == {"alg": "EdDSA", "kid": "s00000001", "typ": "statement+jws"}
    assert json.loads(said["payload"]) == to_json(FACTS)


def test_the_key_of_another_shop_does_not_verify_it(signed: SignedStatement) -> None:
    other = make_key("s00000001", "statement", now=NOW).public_key
    assert not statements.read(signed.jws).is_signed_with(other)


def test_a_changed_payload_is_not_signed(ring: KeyRing, signed: SignedStatement) -> None:
    header, _, signature = signed.jws.split(".")
    payload = json.dumps(to_json(replace(FACTS, number_last4="9999"))).encode()
    forged = statements.read(f"{header}.{base64url.encode(payload)}.{signature}")
    assert not forged.is_signed_with(ring.signer("statement", NOW).public_key)


def test_a_statement_opens_no_api(ring: KeyRing, signed: SignedStatement) -> None:
    with pytest.raises(TokenRejected):
        access_tokens.verify(ring, token=signed.jws, audience=access_tokens.Audience.CUSTOMER, now=NOW)


def test_an_access_token_is_no_statement(ring: KeyRing) -> None:
    token = access_tokens.issue_to_customer(
        ring, customer_id=CustomerId(UUID(int=3)), session_id=SessionId(UUID(int=4)), now=NOW
    )
    with pytest.raises(NotAStatement, match="its type is 'at\\+jwt'"):
        statements.read(token.text)


def jws_of(header: object, payload: bytes = b"{}") -> str:
    said = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return f"{base64url.encode(said)}.{base64url.encode(payload)}.{base64url.encode(bytes(64))}"


HEADER = {"alg": "EdDSA", "typ": "statement+jws", "kid": "s00000001"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "not a statement",
        jws_of(HEADER) + "=",
        jws_of(HEADER) + ".AAAA",
        jws_of([]),
        jws_of(b"{"),
        jws_of(b"[" * 100_000),
        jws_of(HEADER, b"\xff"),
        jws_of(HEADER, b"[" * 100_000),
        jws_of({**HEADER, "alg": "none"}),
        jws_of({**HEADER, "alg": "HS256"}),
        jws_of({**HEADER, "typ": "JWT"}),
        jws_of({**HEADER, "kid": "a00000001"}),
        jws_of({**HEADER, "kid": "s0000000١"}),
        jws_of({**HEADER, "kid": 1}),
        jws_of({**HEADER, "crit": []}),
        jws_of({"alg": "EdDSA", "typ": "statement+jws"}),
        "A" * (CHARACTERS_MAX + 1),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(NotAStatement) as told:
        statements.read(text)
    assert str(told.value).endswith((".", "'."))


def test_a_statement_can_be_checked_for_ten_years(ring: KeyRing, signed: SignedStatement) -> None:
    kid = statements.read(signed.jws).kid
    assert ring.verifier(kid, "statement", NOW + timedelta(days=3650)) is not None
