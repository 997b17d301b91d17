import hashlib
from base64 import urlsafe_b64decode
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from auth import base64url, refresh_tokens
from auth.secrets import SecretBox
from auth.viewers import SessionId

BOX = SecretBox(bytes(range(32)))
SESSION = SessionId(UUID("0f0e0d0c-0b0a-4908-8706-050403020100"))


def test_a_token_names_its_session_and_its_place() -> None:
    token = refresh_tokens.make(BOX, session_id=SESSION, seq=7)
    data = urlsafe_b64decode(token + "==")

    assert len(token) == 70
    assert data[:20] == SESSION.bytes + b"\x00\x00\x00\x07"
    assert len(data[20:]) == 32


def test_the_same_place_has_the_same_token_and_every_other_place_another() -> None:
    places = [(SESSION, 1), (SESSION, 2), (SessionId(uuid4()), 1)]
    made = [refresh_tokens.make(BOX, session_id=session, seq=seq) for session, seq in places * 2]

    assert made[:3] == made[3:]
    assert len(set(made)) == 3
    assert len({token[27:] for token in made}) == 3


def test_a_genuine_token_is_read() -> None:
    token = refresh_tokens.make(BOX, session_id=SESSION, seq=3)

    read = refresh_tokens.read(BOX, token)

    assert read == refresh_tokens.RefreshToken(SESSION, 3, hashlib.sha256(token.encode()).digest())
    assert refresh_tokens.hash_of(token) == hashlib.sha256(token.encode()).digest()


def test_a_token_of_another_master_key_is_not_read() -> None:
    assert refresh_tokens.read(SecretBox(bytes(32)), refresh_tokens.make(BOX, session_id=SESSION, seq=3)) is None


def test_every_changed_character_makes_it_no_token() -> None:
    token = refresh_tokens.make(BOX, session_id=SESSION, seq=3)
    for at, char in enumerate(token):
        for other in ("A", "B", "_", "=", "\n", "é"):
            if other != char:
                assert refresh_tokens.read(BOX, token[:at] + other + token[at + 1 :]) is None


def test_no_other_text_stands_for_the_same_token() -> None:
    token = refresh_tokens.make(BOX, session_id=SESSION, seq=3)
    for other in (token + "==", token + "\n", " " + token, token[:-1], token + "A", ""):
        assert refresh_tokens.read(BOX, other) is None


@given(st.one_of(st.text(min_size=70, max_size=70), st.text(max_size=80)))
def test_any_text_is_no_token(text: str) -> None:
    assert refresh_tokens.read(BOX, text) is None


@given(st.binary(min_size=52, max_size=52))
def test_any_52_bytes_are_no_token(data: bytes) -> None:
    assert refresh_tokens.read(BOX, base64url.encode(data)) is None
