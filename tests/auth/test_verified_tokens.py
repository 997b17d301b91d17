"""Tokens that were verified a moment ago: nothing that changes with time is remembered of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auth import access_tokens, backend
from auth.access_tokens import LEEWAY, LIFE, Audience
from auth.errors import TokenRejected
from auth.keys import KeyRing
from auth.verified_tokens import VerifiedTokens
from auth.viewers import SessionId, Viewer
from tests.auth.rings import make_key, make_ring
from wallet.values import CustomerId

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
RING = make_ring(NOW)


def token(ring: KeyRing = RING, now: datetime = NOW) -> str:
    return access_tokens.issue_to_customer(
        ring, customer_id=CustomerId(uuid4()), session_id=SessionId(uuid4()), now=now
    ).text


async def viewer(tokens: VerifiedTokens, ring: KeyRing, text: str, now: datetime) -> Viewer:
    async def rings(kid: str, now: datetime) -> KeyRing:
        return ring

    return await backend.viewer_with(text, tokens=tokens, rings=rings, now=now)


async def test_a_signature_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    tokens, text = VerifiedTokens(Audience.CUSTOMER), token()
    first = await viewer(tokens, RING, text, NOW)
    assert first == access_tokens.verify(RING, token=text, audience=Audience.CUSTOMER, now=NOW)
    # when
    monkeypatch.setattr(jwt, "decode", None)
    again = await viewer(tokens, RING, text, NOW + timedelta(minutes=9))
    # then
    assert again == first


@pytest.mark.parametrize("moment", [NOW + LIFE, NOW + timedelta(days=1), NOW - LEEWAY - timedelta(seconds=1)])
async def test_a_remembered_token_ends_and_begins_when_it_would(moment: datetime) -> None:
    tokens, text = VerifiedTokens(Audience.CUSTOMER), token()
    await viewer(tokens, RING, text, NOW)
    with pytest.raises(TokenRejected):
        await viewer(tokens, RING, text, moment)
    await viewer(tokens, RING, text, NOW + LIFE - timedelta(microseconds=1))


async def test_a_remembered_token_does_not_outlive_its_key() -> None:
    # given
    tokens, text = VerifiedTokens(Audience.CUSTOMER), token()
    await viewer(tokens, RING, text, NOW)
    kid = access_tokens.kid_of(text)
    ended = KeyRing(tuple(replace(key, verifies_until=NOW + timedelta(minutes=1)) for key in RING.keys))
    without = KeyRing(tuple(key for key in RING.keys if key.kid != kid))
    other = KeyRing(tuple(make_key(kid, now=NOW) if key.kid == kid else key for key in RING.keys))
    # then: its key has ended, is gone, or is another one of the same name
    await viewer(tokens, ended, text, NOW + timedelta(seconds=59))
    for ring, moment in ((ended, NOW + timedelta(minutes=1)), (without, NOW), (other, NOW)):
        with pytest.raises(TokenRejected):
            await viewer(tokens, ring, text, moment)


async def test_a_ring_that_was_loaded_anew_verifies_what_is_remembered() -> None:
    tokens, text = VerifiedTokens(Audience.CUSTOMER), token()
    first = await viewer(tokens, RING, text, NOW)
    public = [Ed25519PublicKey.from_public_bytes(key.public_key.public_bytes_raw()) for key in RING.keys]
    loaded = KeyRing(tuple(replace(k, public_key=p) for k, p in zip(RING.keys, public, strict=True)))
    assert await viewer(tokens, loaded, text, NOW) == first


async def test_what_is_rejected_is_not_remembered() -> None:
    tokens, text = VerifiedTokens(Audience.POS), token()
    changed = text[:-2] + ("AA" if text[-2:] != "AA" else "BA")
    for bad in (text, changed, "x", "", "\ud800", "a.b.c", "x" * 100_000):
        with pytest.raises(TokenRejected):
            await viewer(tokens, RING, bad, NOW)
        assert len(tokens) == 0


async def test_any_other_text_is_another_token() -> None:
    tokens, text = VerifiedTokens(Audience.CUSTOMER), token()
    await viewer(tokens, RING, text, NOW)
    for other in (text + "=", text + ".", text[:-1], text.upper(), token()[: len(text) // 2] + text[len(text) // 2 :]):
        with pytest.raises(TokenRejected):
            await viewer(tokens, RING, other, NOW)


async def test_only_so_many_are_remembered_and_the_least_used_go_first() -> None:
    # given
    tokens, texts = VerifiedTokens(Audience.CUSTOMER, most=3), [token() for _ in range(5)]
    for text in texts[:3]:
        await viewer(tokens, RING, text, NOW)
    # when: the first is used again, and two more come
    for text in (texts[0], *texts[3:]):
        await viewer(tokens, RING, text, NOW)
    # then
    assert len(tokens) == 3
    kept = {access_tokens.verify(RING, token=texts[n], audience=Audience.CUSTOMER, now=NOW) for n in (0, 3, 4)}
    assert {signed.viewer for signed in tokens._remembered.values()} == kept
