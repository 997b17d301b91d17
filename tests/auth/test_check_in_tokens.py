"""Check-in tokens: the published vectors, and everything that is not exactly a token of ours."""

import json
import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from auth import base64url, check_in_tokens, keys
from auth.keys import KeyPurpose, KeyRing, SigningKey
from wallet.errors import CodeInvalid
from wallet.values import CheckInPurpose, ScannedCode, SignedCode, TypedCode

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SEED = bytes(range(32))
PAGE = Path(__file__).parents[2] / "docs" / "TOKENS.md"

EARN = (
    "90300084162174562029800073117556892141655229028830941011877657463010967169594323940312155869436779578449667025578"
    "202348178027790264452713212878643195765014186939374181120149003866220048370360335651894025299134704530185"
)
REDEEM = (
    "90300252486523254726395104938144632579326311829490110708666417587899736018259229585497635927764613208505288397471"
    "501597799935013653310026910432760507304456527241678973429907584006734546173322328964251005249129601643019"
)
VECTORS = [
    (
        EARN,
        "01000000070123456789abcdef6b49d200fedcba9876543210",
        SignedCode(
            CheckInPurpose.EARN,
            7,
            0x0123456789ABCDEF,
            datetime.fromtimestamp(1_800_000_000, UTC),
            0xFEDCBA9876543210,
        ),
    ),
    (
        REDEEM,
        "02ffffffff0000000000000001ffffffff0000000000000000",
        SignedCode(CheckInPurpose.REDEEM, 2**32 - 1, 1, datetime.fromtimestamp(2**32 - 1, UTC), 0),
    ),
]


def key(kid: str, seed: bytes, purpose: KeyPurpose = "check_in", verifies_until: datetime | None = None) -> SigningKey:
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(kid, purpose, private_key, private_key.public_key(), NOW, NOW, verifies_until)


RING = KeyRing((key("03", SEED),))
FULL_RING = KeyRing((key("03", SEED), *(key(f"{n:02d}", bytes([n] * 32)) for n in range(100) if n != 3)))


def read(text: str, ring: KeyRing = RING, now: datetime = NOW) -> ScannedCode:
    return check_in_tokens.read(ring, text=text, now=now)


def mint(code: SignedCode, ring: KeyRing = RING) -> str:
    return check_in_tokens.mint(
        ring,
        purpose=code.purpose,
        program_number=code.program_number,
        card_reference=code.card_reference,
        expires_at=code.expires_at,
        jti=code.jti,
        now=NOW,
    )


def token_of(number: int, kid: str = "03") -> str:
    return f"9{kid}{number:0215d}"


def bytes_of(token: str) -> bytes:
    return int(token[3:]).to_bytes(89, "big")


def signed(payload: bytes, header: bytes = b'{"alg":"EdDSA","kid":"03","typ":"ci+jws"}', seed: bytes = SEED) -> str:
    """A token with this payload, whose signature is good for this header and key."""
    said = f"{base64url.encode(header)}.{base64url.encode(payload)}".encode()
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(said)
    return token_of(int.from_bytes(payload + signature, "big"))


@pytest.mark.parametrize(("token", "payload", "code"), VECTORS, ids=["EARN", "REDEEM"])
def test_the_vectors_are_minted_and_read(token: str, payload: str, code: SignedCode) -> None:
    assert mint(code) == token
    assert read(token) == code
    assert bytes_of(token)[:25].hex() == payload
    assert len(token) == 218


@given(
    purpose=st.sampled_from(CheckInPurpose),
    program_number=st.integers(0, 2**32 - 1),
    card_reference=st.integers(0, 2**64 - 1),
    exp=st.integers(0, 2**32 - 1),
    jti=st.integers(0, 2**64 - 1),
)
def test_what_is_minted_is_read_and_is_218_digits(
    purpose: CheckInPurpose, program_number: int, card_reference: int, exp: int, jti: int
) -> None:
    code = SignedCode(purpose, program_number, card_reference, datetime.fromtimestamp(exp, UTC), jti)
    token = mint(code)
    assert re.fullmatch("903[0-9]{215}", token)
    assert read(token) == code


def test_the_end_is_cut_to_the_second() -> None:
    code = SignedCode(CheckInPurpose.EARN, 7, 1, NOW + timedelta(seconds=90, microseconds=999_999), 5)
    minted = read(mint(code))
    assert isinstance(minted, SignedCode)
    assert minted.expires_at == NOW + timedelta(seconds=90)


def test_a_token_whose_time_is_over_is_still_read() -> None:
    assert read(EARN, now=datetime(2100, 1, 1, tzinfo=UTC)) == VECTORS[0][2]


@pytest.mark.parametrize(("token", "payload", "code"), VECTORS, ids=["EARN", "REDEEM"])
def test_any_jose_library_verifies_a_token(token: str, payload: str, code: SignedCode) -> None:
    signature = bytes_of(token)[25:]
    header = '{"alg":"EdDSA","kid":"03","typ":"ci+jws"}'
    jws = ".".join(base64url.encode(part) for part in (header.encode(), bytes.fromhex(payload), signature))
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}
    decoded = jwt.PyJWS().decode_complete(jws, jwt.PyJWK(jwk, algorithm="EdDSA"), algorithms=["EdDSA"])
    assert decoded["payload"] == bytes.fromhex(payload)
    assert decoded["header"] == json.loads(header)


def test_every_single_wrong_digit_is_refused() -> None:
    # given a ring in which every kid names a key, so that a wrong kid is refused by its signature
    wrong = {EARN[:at] + digit + EARN[at + 1 :] for at in range(218) for digit in "0123456789"} - {EARN}
    assert len(wrong) == 218 * 9
    # when
    refused = 0
    for token in wrong:
        with pytest.raises(CodeInvalid):
            read(token, FULL_RING)
        refused += 1
    # then
    assert refused == 218 * 9
    assert read(EARN, FULL_RING) == VECTORS[0][2]


def test_every_swap_of_neighbours_is_refused() -> None:
    for at in range(217):
        swapped = EARN[:at] + EARN[at + 1] + EARN[at] + EARN[at + 2 :]
        if swapped != EARN:
            with pytest.raises(CodeInvalid):
                read(swapped, FULL_RING)


@pytest.mark.parametrize(
    "text",
    [
        f"  {EARN}",
        f"{EARN}\n",
        f"{EARN}\r\n",
        f"{EARN}\r",
        f"{EARN} \t\n",
        " ".join(EARN[at : at + 4] for at in range(0, 218, 4)),
        "\t".join(EARN),
    ],
)
def test_blanks_and_the_line_ending_of_a_scanner_are_dropped(text: str) -> None:
    assert read(text) == VECTORS[0][2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        EARN[:-1],
        EARN + "0",
        EARN + "\n\n",
        "\n" + EARN,
        EARN[:100] + "\n" + EARN[100:],
        EARN + "\v",
        EARN + "\u00a0",
        EARN + "\x00",
        EARN + "\udcff",
        "-" + EARN[1:],
        EARN[:3] + "+" + EARN[4:],
        EARN[:3] + "_" + EARN[4:],
        "8" + EARN[1:],
        EARN.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
        EARN.translate({ord("0") + n: 0x0660 + n for n in range(10)}),
        EARN[:217] + "５",
        "²" * 218,
        EARN * 2,
        "9" * 60_000,
        "eyJhbGciOiJub25lIn0..",
        '{"code":1}',
    ],
)
def test_anything_but_218_ascii_digits_is_refused(text: str) -> None:
    with pytest.raises(CodeInvalid):
        read(text)


@pytest.mark.parametrize("number", [2**712, 2**712 + int(EARN[3:]), 10**215 - 1])
def test_a_number_of_2_to_the_712_or_more_is_refused(number: int) -> None:
    with pytest.raises(CodeInvalid):
        read(token_of(number))


def test_a_key_that_is_unknown_or_retired_or_for_something_else_reads_nothing() -> None:
    over = KeyRing((key("03", SEED, verifies_until=NOW),))
    other_purpose = KeyRing((key("03", SEED, purpose="access"),))
    for ring in (KeyRing(()), KeyRing((key("04", SEED),)), over, other_purpose):
        with pytest.raises(CodeInvalid):
            read(EARN, ring)
    still = KeyRing((key("03", SEED, verifies_until=NOW + timedelta(seconds=1)),))
    assert read(EARN, still) == VECTORS[0][2]


def test_the_next_key_signs_and_the_one_before_it_is_still_read() -> None:
    newer = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
    later = NOW + timedelta(hours=24)
    ring = KeyRing(
        (
            key("03", SEED, verifies_until=later + keys.AFTERLIFE["check_in"]),
            SigningKey("04", "check_in", newer, newer.public_key(), NOW, later, None),
        )
    )
    code = VECTORS[0][2]
    before = mint(code, ring)
    after = check_in_tokens.mint(
        ring,
        purpose=code.purpose,
        program_number=code.program_number,
        card_reference=code.card_reference,
        expires_at=code.expires_at,
        jti=code.jti,
        now=later,
    )
    assert (before[:3], after[:3]) == ("903", "904")
    assert read(before, ring, later) == read(after, ring, later) == code


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","kid":"03","typ":"ci+jws"}',
        b'{"alg":"HS256","kid":"03","typ":"ci+jws"}',
        b'{"alg":"EdDSA","kid":"03","typ":"at+jwt"}',
        b'{"typ":"ci+jws","alg":"EdDSA","kid":"03"}',
        b'{"alg": "EdDSA", "kid": "03", "typ": "ci+jws"}',
        b'{"alg":"EdDSA","kid":"3","typ":"ci+jws"}',
    ],
)
def test_a_signature_over_any_other_header_is_refused(header: bytes) -> None:
    payload = bytes.fromhex(VECTORS[0][1])
    assert signed(payload) == EARN
    with pytest.raises(CodeInvalid):
        read(signed(payload, header))


@pytest.mark.parametrize("kind", [0, 3, 255])
def test_a_kind_that_nobody_mints_is_refused_though_signed(kind: int) -> None:
    payload = bytes([kind]) + bytes.fromhex(VECTORS[0][1])[1:]
    with pytest.raises(CodeInvalid):
        read(signed(payload))


def test_another_key_s_signature_is_refused() -> None:
    with pytest.raises(CodeInvalid):
        read(signed(bytes.fromhex(VECTORS[0][1]), seed=bytes(32)))


def test_a_second_form_of_the_same_signature_is_refused() -> None:
    """s and s + L verify alike where a library does not look (RFC 8032 §8.4): one token would have two texts."""
    group_order = 2**252 + 27742317777372353535851937790883648493
    raw = bytes_of(EARN)
    s = int.from_bytes(raw[57:], "little") + group_order
    twin = token_of(int.from_bytes(raw[:57] + s.to_bytes(32, "little"), "big"))
    assert twin != EARN
    with pytest.raises(CodeInvalid):
        read(twin)


def test_ten_digits_with_their_check_digit_are_a_typed_code() -> None:
    assert read("1234567894") == TypedCode("1234567894")
    assert read("123 456 789 4\r\n") == TypedCode("1234567894")
    assert read("0000000000") == TypedCode("0000000000")


@pytest.mark.parametrize(
    "text",
    [
        "1234567890",
        "2134567894",
        "123456789",
        "12345678944",
        "1234567894-",
        "123-456-789-4",
        "１２３４５６７８９４",
        "١٢٣٤٥٦٧٨٩٤",
        "১২৩৪৫৬৭৮৯৪",
    ],
)
def test_ten_digits_that_are_mistyped_or_not_ascii_are_refused(text: str) -> None:
    with pytest.raises(CodeInvalid):
        read(text)


NEARLY = st.one_of(
    st.text(),
    st.text("0123456789", min_size=218, max_size=218),
    st.text("0123456789", min_size=8, max_size=12),
    st.text("0123456789", min_size=217, max_size=217).map("9".__add__),
    st.text("0123456789 \t\n", min_size=215, max_size=230).map("903".__add__),
    st.tuples(st.integers(0, 217), st.characters()).map(lambda put: EARN[: put[0]] + put[1] + EARN[put[0] + 1 :]),
    st.integers(0, 10**215 - 1).map(token_of),
)


@given(NEARLY)
@example("\x00")
@example("9" * 218)
@example("0" * 218)
def test_whatever_is_scanned_is_a_code_or_invalid(text: str) -> None:
    try:
        code = read(text)
    except CodeInvalid:
        return
    match code:
        case TypedCode():
            assert re.fullmatch("[0-9]{10}", code.digits)
        case SignedCode():
            assert mint(code) == EARN


def test_the_page_for_integrators_states_these_vectors_and_its_example_reads_them() -> None:
    # given
    page = PAGE.read_text("utf-8")
    for token, payload, _ in VECTORS:
        assert token in page
        assert payload in page
    [example_code] = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(example_code.strip().splitlines()) <= 30
    # when
    names: dict[str, object] = {}
    exec(compile(example_code, str(PAGE), "exec"), names)
    verify = names["verify"]
    assert callable(verify)
    jwks = json.dumps(keys.jwks(RING, NOW))
    # then
    for token, _, code in VECTORS:
        assert verify(token, json.loads(jwks), now=0) == {
            "purpose": code.purpose.value,
            "program": code.program_number,
            "card": code.card_reference,
            "exp": int(code.expires_at.timestamp()),
            "jti": code.jti,
        }
    assert verify(EARN, json.loads(jwks), now=1_800_000_005) is None
    for wrong in (EARN[:-1] + "6", EARN[:-1], "904" + EARN[3:], token_of(10**215 - 1), EARN.replace("0", "０")):
        assert verify(wrong, json.loads(jwks), now=0) is None


def test_the_published_key_of_the_vectors() -> None:
    [jwk] = keys.jwks(RING, NOW)["keys"]
    assert jwk["x"] == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert urlsafe_b64decode(jwk["x"] + "=") == key("03", SEED).public_key.public_bytes_raw()
