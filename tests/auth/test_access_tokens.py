import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from auth import access_tokens, base64url
from auth.access_tokens import Audience
from auth.errors import TokenRejected
from auth.keys import KeyRing
from auth.viewers import Customer, SessionId, Terminal
from tests.auth.rings import make_key, make_ring
from wallet.values import CustomerId, MerchantId, TerminalId

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
RING = make_ring(NOW)
CUSTOMER = CustomerId(uuid4())
SESSION = SessionId(uuid4())
MERCHANT = MerchantId(uuid4())
TERMINAL = TerminalId(uuid4())
HEADER: dict[str, object] = {"alg": "EdDSA", "kid": "a00000001", "typ": "at+jwt"}
CLAIMS: dict[str, object] = {
    "iss": "regulars",
    "aud": "regulars:customer",
    "sub": str(CUSTOMER),
    "sid": str(SESSION),
    "jti": str(uuid4()),
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 600,
}
TERMINAL_CLAIMS = {**CLAIMS, "aud": "regulars:pos", "sub": str(TERMINAL), "tid": str(TERMINAL), "mid": str(MERCHANT)}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def signed(header: object = HEADER, claims: object = CLAIMS, kid: str = "a00000001") -> str:
    """A token with a right signature of ours over whatever stands in it."""
    return signed_text(json.dumps(header), json.dumps(claims), kid)


def signed_text(header: str, claims: str, kid: str = "a00000001") -> str:
    private_key = next(key for key in RING.keys if key.kid == kid).private_key
    signing_input = f"{base64url.encode(header.encode())}.{base64url.encode(claims.encode())}"
    return f"{signing_input}.{base64url.encode(private_key.sign(signing_input.encode()))}"


def changed(whole: Mapping[str, object], **changes: object) -> dict[str, object]:
    return {**whole, **changes}


def without(whole: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in whole.items() if key != name}


def refuses(token: str, *, audience: Audience = Audience.CUSTOMER, now: datetime = NOW, ring: KeyRing = RING) -> bool:
    with pytest.raises(TokenRejected):
        access_tokens.verify(ring, token=token, audience=audience, now=now)
    return True


def test_a_customers_token_opens_the_customers_api_for_ten_minutes() -> None:
    token = access_tokens.issue_to_customer(RING, customer_id=CUSTOMER, session_id=SESSION, now=NOW)

    assert token.expires_at == NOW + timedelta(minutes=10)
    just_before = token.expires_at - timedelta(microseconds=1)
    for moment in (NOW, just_before):
        viewer = access_tokens.verify(RING, token=token.text, audience=Audience.CUSTOMER, now=moment)
        assert viewer == Customer(CUSTOMER, SESSION, token.expires_at)
    assert refuses(token.text, now=token.expires_at)


def test_a_terminals_token_opens_the_tills_api_for_ten_minutes() -> None:
    token = access_tokens.issue_to_terminal(
        RING, merchant_id=MERCHANT, terminal_id=TERMINAL, session_id=SESSION, now=NOW
    )

    viewer = access_tokens.verify(RING, token=token.text, audience=Audience.POS, now=NOW)
    assert viewer == Terminal(MERCHANT, TERMINAL, SESSION, NOW + timedelta(minutes=10))
    assert refuses(token.text, audience=Audience.POS, now=NOW + timedelta(minutes=10))


def test_no_token_opens_the_other_api() -> None:
    customers = access_tokens.issue_to_customer(RING, customer_id=CUSTOMER, session_id=SESSION, now=NOW)
    terminals = access_tokens.issue_to_terminal(
        RING, merchant_id=MERCHANT, terminal_id=TERMINAL, session_id=SESSION, now=NOW
    )

    assert refuses(customers.text, audience=Audience.POS)
    assert refuses(terminals.text, audience=Audience.CUSTOMER)


def test_what_is_issued_is_what_is_documented() -> None:
    token = access_tokens.issue_to_terminal(
        RING, merchant_id=MERCHANT, terminal_id=TERMINAL, session_id=SESSION, now=NOW
    )

    assert jwt.get_unverified_header(token.text) == HEADER
    claims = jwt.decode(token.text, options={"verify_signature": False})
    assert claims == {**TERMINAL_CLAIMS, "jti": claims["jti"]}
    assert UUID(claims["jti"]).version == 4
    assert len(token.text) < 700
    assert token.text not in repr(token)


def test_a_fraction_of_a_second_never_lengthens_a_life() -> None:
    token = access_tokens.issue_to_customer(
        RING, customer_id=CUSTOMER, session_id=SESSION, now=NOW + timedelta(microseconds=999_999)
    )
    assert token.expires_at == NOW + timedelta(minutes=10)


def test_the_clock_that_issued_may_be_five_seconds_ahead() -> None:
    assert isinstance(
        access_tokens.verify(RING, token=signed(), audience=Audience.CUSTOMER, now=NOW - timedelta(seconds=5)),
        Customer,
    )
    assert refuses(signed(), now=NOW - timedelta(seconds=5, microseconds=1))


def test_the_helpers_of_these_tests_sign_what_is_accepted() -> None:
    """Otherwise the refusals below would prove nothing."""
    customer = access_tokens.verify(RING, token=signed(), audience=Audience.CUSTOMER, now=NOW)
    assert customer == Customer(CUSTOMER, SESSION, NOW + timedelta(minutes=10))
    terminal = access_tokens.verify(RING, token=signed(claims=TERMINAL_CLAIMS), audience=Audience.POS, now=NOW)
    assert terminal == Terminal(MERCHANT, TERMINAL, SESSION, NOW + timedelta(minutes=10))


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_a_customers_token_without_one_of_its_claims_is_refused(name: str) -> None:
    assert refuses(signed(claims=without(CLAIMS, name)))
    assert refuses(signed(claims=changed(CLAIMS, **{name: None})))


@pytest.mark.parametrize("name", sorted(TERMINAL_CLAIMS))
def test_a_terminals_token_without_one_of_its_claims_is_refused(name: str) -> None:
    assert refuses(signed(claims=without(TERMINAL_CLAIMS, name)), audience=Audience.POS)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": str(CLAIMS["exp"])},
        {"exp": float(int(NOW.timestamp()) + 600)},
        {"exp": True},
        {"exp": [CLAIMS["exp"]]},
        {"exp": -1},
        {"exp": 10**18},
        {"exp": 2**36 + 1},
        {"exp": int(NOW.timestamp()) + 601},
        {"exp": int(NOW.timestamp())},
        {"iat": str(CLAIMS["iat"])},
        {"iat": True},
        {"iat": int(NOW.timestamp()) + 6},
        {"iat": int(NOW.timestamp()) - 1},
        {"aud": ["regulars:customer"]},
        {"aud": "regulars"},
        {"aud": ""},
        {"iss": "Regulars"},
        {"iss": ["regulars"]},
        {"sub": "me"},
        {"sub": str(CUSTOMER).upper()},
        {"sub": f"{{{CUSTOMER}}}"},
        {"sub": CUSTOMER.hex},
        {"sub": f"urn:uuid:{CUSTOMER}"},
        {"sub": 1},
        {"sid": ""},
        {"sid": 0},
        {"jti": "1"},
        {"jti": 1},
        {"nbf": 1},
        {"mid": str(MERCHANT), "tid": str(CUSTOMER)},
        {"admin": True},
    ],
)
def test_a_claim_of_another_type_or_form_is_refused(changes: dict[str, object]) -> None:
    assert refuses(signed(claims=changed(CLAIMS, **changes)))


def test_true_is_no_moment_even_when_it_is_one_second_past_1970() -> None:
    began = datetime.fromtimestamp(0, UTC)
    assert refuses(signed(claims=changed(CLAIMS, iat=0, exp=True)), now=began)
    assert refuses(signed(claims=changed(CLAIMS, iat=False, exp=600)), now=began)
    viewer = access_tokens.verify(
        RING, token=signed(claims=changed(CLAIMS, iat=0, exp=1)), audience=Audience.CUSTOMER, now=began
    )
    assert isinstance(viewer, Customer)


@pytest.mark.parametrize("changes", [{"tid": str(uuid4())}, {"tid": 1}, {"mid": "x"}, {"mid": [str(MERCHANT)]}])
def test_a_terminals_claims_must_agree(changes: dict[str, object]) -> None:
    assert refuses(signed(claims=changed(TERMINAL_CLAIMS, **changes)), audience=Audience.POS)


@pytest.mark.parametrize(
    "header",
    [
        changed(HEADER, typ="JWT"),
        changed(HEADER, typ="AT+JWT"),
        changed(HEADER, typ="ci+jws"),
        changed(HEADER, typ=["at+jwt"]),
        without(HEADER, "typ"),
        changed(HEADER, alg="none"),
        changed(HEADER, alg="HS256"),
        changed(HEADER, alg="ES256"),
        changed(HEADER, alg=None),
        without(HEADER, "alg"),
        changed(HEADER, kid="01"),
        changed(HEADER, kid="a00000002"),
        changed(HEADER, kid="../../etc/passwd"),
        changed(HEADER, kid="a00000001\n"),
        changed(HEADER, kid="a00000001' OR 1=1"),
        changed(HEADER, kid=""),
        changed(HEADER, kid=1),
        changed(HEADER, kid=None),
        changed(HEADER, kid=["a00000001"]),
        changed(HEADER, kid="a" * 200),
        without(HEADER, "kid"),
        changed(HEADER, crit=["exp"]),
        changed(HEADER, b64=False),
        changed(HEADER, jku="https://example.com/jwks.json"),
        changed(HEADER, jwk={"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}),
        changed(HEADER, x5u="https://example.com/x"),
        changed(HEADER, cty="JWT"),
        [],
        "at+jwt",
        None,
        1,
    ],
)
def test_another_header_is_refused_though_we_signed_it(header: object) -> None:
    assert refuses(signed(header=header))


@pytest.mark.parametrize("claims", [[], "claims", None, 1, True, [CLAIMS]])
def test_a_payload_that_is_no_object_is_refused_though_we_signed_it(claims: object) -> None:
    assert refuses(signed(claims=claims))


@pytest.mark.parametrize(
    "payload",
    ["", "{", "[" * 400, '{"a":' * 100, '{"exp":' + "9" * 400 + "}", '{"exp":NaN}', "\x00", '{"exp":1e999}'],
)
def test_json_of_every_bad_kind_is_refused(payload: str) -> None:
    assert refuses(signed_text(json.dumps(HEADER), payload))
    assert refuses(signed_text(payload, json.dumps(CLAIMS)))


def test_one_token_has_one_text() -> None:
    token = signed()
    head, body, signature = token.split(".")
    # 64 bytes are 86 characters, the last of which has four spare bits.
    spare = chr(ord(signature[-1]) + 1)
    for other in (
        token + "==",
        token + "=",
        token + "\n",
        " " + token,
        token + ".",
        f"{head}=.{body}.{signature}",
        f"{head}.{body}.{signature[:-1]}{spare}",
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{head}..{signature}",
        f".{body}.{signature}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{'A' * 86}",
        "",
    ):
        assert refuses(other), other


def test_every_changed_character_is_refused() -> None:
    token = signed()
    for at, char in enumerate(token):
        assert refuses(token[:at] + ("A" if char != "A" else "B") + token[at + 1 :])


def test_an_unsigned_token_and_one_signed_with_the_public_key_are_refused() -> None:
    body = base64url.encode(json.dumps(CLAIMS).encode())
    unsigned = base64url.encode(json.dumps(changed(HEADER, alg="none")).encode())
    public_key = RING.keys[0].public_key.public_bytes_raw()
    by_hmac = jwt.encode(CLAIMS, public_key, "HS256", headers={"typ": "at+jwt", "kid": "a00000001"})

    assert refuses(f"{unsigned}.{body}.")
    assert refuses(f"{unsigned}.{body}.AA")
    assert refuses(by_hmac)


def test_a_token_signed_by_somebody_else_is_refused() -> None:
    forged = jwt.encode(CLAIMS, Ed25519PrivateKey.generate(), "EdDSA", headers=HEADER)
    assert refuses(forged)


def test_a_check_in_key_signs_no_access_token() -> None:
    assert refuses(signed(header=changed(HEADER, kid="01"), kid="01"))


def test_a_key_that_has_ended_verifies_nothing() -> None:
    ended = KeyRing(tuple(replace(key, verifies_until=NOW) for key in RING.keys))
    assert refuses(signed(), ring=ended)


def test_a_token_much_longer_than_ours_is_refused_unread() -> None:
    assert refuses(signed(claims=changed(CLAIMS, iss="r" * 1000)))


def test_the_kid_of_a_token_is_told_before_the_key_is_known() -> None:
    assert access_tokens.kid_of(signed(header=changed(HEADER, kid="a0000beef"))) == "a0000beef"


@given(st.text(max_size=200))
@example("\ud800.\ud800.\ud800")
@example("e30.e30.e30")
@example("bnVsbA.bnVsbA.AA")
def test_any_text_is_refused(text: str) -> None:
    assert refuses(text)
    assert refuses(text, audience=Audience.POS)


@given(st.text(alphabet="AQeyJhbGci0.=-_x9", max_size=120))
def test_any_text_that_looks_like_a_token_is_refused(text: str) -> None:
    assert refuses(text)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), json_values, max_size=6))
def test_any_header_that_is_not_ours_is_refused_though_we_signed_it(header: dict[str, object]) -> None:
    assert header == HEADER or refuses(signed(header=changed(HEADER, **header) if header else {}))


@given(st.sampled_from(sorted(TERMINAL_CLAIMS)), json_values)
def test_any_other_value_of_a_claim_is_refused_though_we_signed_it(name: str, value: object) -> None:
    assert refuses(signed(claims=changed(TERMINAL_CLAIMS, **{name: value})), audience=Audience.POS)
    assert refuses(signed(claims=changed(CLAIMS, **{name: value})))


@given(st.binary(max_size=90), st.binary(max_size=300), st.binary(max_size=80))
def test_any_bytes_as_a_token_are_refused(header: bytes, claims: bytes, signature: bytes) -> None:
    assert refuses(".".join(map(base64url.encode, (header, claims, signature))))


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000)))
def test_a_token_is_good_in_its_ten_minutes_and_at_no_other_time(offset: timedelta) -> None:
    moment = NOW + offset
    if -timedelta(seconds=5) <= offset < timedelta(minutes=10):
        viewer = access_tokens.verify(RING, token=signed(), audience=Audience.CUSTOMER, now=moment)
        assert isinstance(viewer, Customer)
    else:
        assert refuses(signed(), now=moment)


def test_a_new_key_signs_and_both_verify() -> None:
    old, new = RING.keys[0], make_key("a00000002", now=NOW)
    ring = KeyRing((old, replace(new, signs_from=NOW)))
    before = access_tokens.issue_to_customer(
        ring, customer_id=CUSTOMER, session_id=SESSION, now=NOW - timedelta(minutes=1)
    )
    after = access_tokens.issue_to_customer(ring, customer_id=CUSTOMER, session_id=SESSION, now=NOW)

    assert [access_tokens.kid_of(token.text) for token in (before, after)] == ["a00000001", "a00000002"]
    for token in (before, after):
        viewer = access_tokens.verify(ring, token=token.text, audience=Audience.CUSTOMER, now=NOW)
        assert isinstance(viewer, Customer)
