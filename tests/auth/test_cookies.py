from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from auth import base64url, refresh_tokens
from auth.access_tokens import TOKEN_CHARACTERS_MAX, AccessToken, Audience
from auth.cookies import VALUE_CHARACTERS_MAX, Held, KeptSession, SessionCookie
from auth.secrets import SecretBox
from auth.sessions import SessionTokens
from auth.viewers import SessionId

BOX = SecretBox(bytes(range(32)))
SESSION = SessionId(UUID(int=7))
HELD = Held(SESSION, "header.claims.signature", refresh_tokens.make(BOX, session_id=SESSION, seq=3))
APP = SessionCookie(BOX, Audience.CUSTOMER, "/graphql", secure=False)
TILL = SessionCookie(BOX, Audience.POS, "/pos/graphql", secure=True)
SIGNED_OUT_AND_TOLD = KeptSession(None, changed=True)
TOKENS = SessionTokens(SESSION, AccessToken(HELD.access, datetime(2026, 11, 22, tzinfo=UTC)), HELD.refresh)


def headers(*cookies: str) -> Headers:
    return Headers(raw=[(b"cookie", cookie.encode("latin-1")) for cookie in cookies])


def kept(*cookies: str, cookie: SessionCookie = APP) -> KeptSession:
    return cookie.read(headers(*cookies))


VALUE = APP.value_of(HELD)
PIECES = (b"regulars", b"=", b";", b".", b'"', b" ", VALUE.encode(), HELD.refresh.encode())


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    "cookies",
    [
        (f"regulars={VALUE}",),
        (f"theme=dark; regulars={VALUE}; regulars2=x",),
        (f"theme=dark;regulars={VALUE} ;",),
        ("theme=dark", f"regulars={VALUE}"),
        (f"; =; regulars={VALUE}; no sign",),
    ],
)
def test_what_was_put_into_the_cookie_is_read_from_among_others(cookies: tuple[str, ...]) -> None:
    assert kept(*cookies) == KeptSession(HELD)


def test_the_longest_access_token_fits() -> None:
    held = Held(SESSION, "x" * TOKEN_CHARACTERS_MAX, HELD.refresh)
    value = APP.value_of(held)
    assert len(value) == VALUE_CHARACTERS_MAX
    assert kept(f"regulars={value}") == KeptSession(held)


@pytest.mark.parametrize(
    "cookies", [(), ("",), ("theme=dark",), (f"Regulars={VALUE}",), (f"__Secure-regulars={VALUE}",)]
)
def test_without_the_cookie_the_page_is_signed_out_and_nothing_is_taken_away(cookies: tuple[str, ...]) -> None:
    assert kept(*cookies) == KeptSession(None)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "....",
        f'"{VALUE}"',
        f"{VALUE}=",
        f"{VALUE}.x",
        f"{VALUE}={VALUE}",
        VALUE[:-1],
        VALUE.swapcase(),
        VALUE.replace("claims", "claimz"),
        VALUE.replace(".", ",", 1),
        VALUE + "\u00e9",
        "x" * 100_000,
        # What an app was given, with no tag, with one of no bytes, and with a made-up one.
        f"{HELD.refresh}.{HELD.access}",
        f"{HELD.refresh}.{HELD.access}.",
        f"{HELD.refresh}.{HELD.access}.{base64url.encode(bytes(32))}",
    ],
)
def test_what_is_not_of_our_making_holds_nothing_and_is_taken_away(value: str) -> None:
    assert kept(f"regulars={value}") == SIGNED_OUT_AND_TOLD


def test_of_two_cookies_of_the_name_neither_counts() -> None:
    assert kept(f"regulars={VALUE}; regulars={VALUE}") == SIGNED_OUT_AND_TOLD
    assert kept(f"regulars={VALUE}", "regulars=planted") == SIGNED_OUT_AND_TOLD


def test_a_cookie_of_one_api_holds_nothing_for_the_other() -> None:
    assert kept(f"__Secure-regulars={VALUE}", cookie=TILL) == SIGNED_OUT_AND_TOLD
    assert kept(f"__Secure-regulars={TILL.value_of(HELD)}", cookie=TILL) == KeptSession(HELD)


def test_a_cookie_under_another_master_key_holds_nothing() -> None:
    other = SessionCookie(SecretBox(bytes(32)), Audience.CUSTOMER, "/graphql", secure=False)
    assert kept(f"regulars={VALUE}", cookie=other) == SIGNED_OUT_AND_TOLD


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from([b"regulars", b"=", b";", b".", b'"', b" ", VALUE.encode(), HELD.refresh.encode()])
        ).map(b"".join),
        st.binary(max_size=300).map(lambda value: b"regulars=" + value),
    )
)
def test_any_bytes_can_be_sent_as_a_cookie(sent: bytes) -> None:
    found = APP.read(Headers(raw=[(b"cookie", sent)]))
    assert found.held in (None, HELD)
    assert found.held is None or VALUE.encode() in sent


# ---------------------------------------------------------------- saying


def test_an_answer_says_nothing_of_a_cookie_that_stays_as_it_is() -> None:
    assert APP.said(KeptSession(None)) is None
    assert APP.said(KeptSession(HELD)) is None


def test_a_customers_cookie_lasts_for_90_days_without_a_refresh() -> None:
    found = KeptSession(None)
    found.keep(TOKENS)
    assert APP.said(found) == f"regulars={VALUE}; Max-Age=7776000; Path=/graphql; HttpOnly; SameSite=Strict"
    assert found.given == TOKENS


def test_a_tills_cookie_lasts_for_400_days_and_goes_over_https_alone_where_people_reach_us_so() -> None:
    found = KeptSession(None)
    found.keep(TOKENS)
    assert TILL.said(found) == (
        f"__Secure-regulars={TILL.value_of(HELD)}; Max-Age=34560000; "
        "Path=/pos/graphql; HttpOnly; SameSite=Strict; Secure"
    )


def test_a_cookie_is_taken_away_by_its_name_and_path() -> None:
    found = KeptSession(HELD)
    found.forget()
    assert APP.said(found) == "regulars=; Max-Age=0; Path=/graphql; HttpOnly; SameSite=Strict"
    assert TILL.said(found) == "__Secure-regulars=; Max-Age=0; Path=/pos/graphql; HttpOnly; SameSite=Strict; Secure"


def test_no_token_shows_where_things_are_printed() -> None:
    found = KeptSession(HELD)
    found.keep(TOKENS)
    for thing in (found, HELD, APP):
        assert HELD.refresh not in repr(thing)
        assert HELD.access not in repr(thing)
