from datetime import datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from auth import access_tokens, backend, keys
from auth.access_tokens import Audience
from auth.errors import TokenRejected
from auth.key_ring_cache import KeyRingCache
from auth.keys import KeyRing
from auth.secrets import SecretBox
from auth.verified_tokens import VerifiedTokens
from auth.viewers import Anonymous, Customer, SessionId, Terminal, Viewer
from infra.pool import Pool
from tests.auth.rings import make_ring
from tests.database import StatementCounter
from wallet.values import CustomerId, MerchantId, TerminalId

CUSTOMER = CustomerId(uuid4())
MERCHANT = MerchantId(uuid4())
TERMINAL = TerminalId(uuid4())
SESSION = SessionId(uuid4())


def request(*authorization: str, scope_type: str = "http") -> HTTPConnection:
    headers = [(b"authorization", value.encode("latin-1")) for value in authorization]
    return HTTPConnection({"type": scope_type, "headers": [(b"host", b"regulars.test"), *headers]})


async def viewer_of(
    ring: KeyRing, now: datetime, *authorization: str, audience: Audience = Audience.CUSTOMER
) -> Viewer:
    async def rings(kid: str, now: datetime) -> KeyRing:
        return ring

    return await backend.viewer_of(request(*authorization), tokens=VerifiedTokens(audience), rings=rings, now=now)


def customers_token(ring: KeyRing, now: datetime) -> str:
    return access_tokens.issue_to_customer(ring, customer_id=CUSTOMER, session_id=SESSION, now=now).text


def terminals_token(ring: KeyRing, now: datetime) -> str:
    return access_tokens.issue_to_terminal(
        ring, merchant_id=MERCHANT, terminal_id=TERMINAL, session_id=SESSION, now=now
    ).text


async def test_without_the_header_nobody_calls(now: datetime) -> None:
    assert await viewer_of(make_ring(now), now) == Anonymous()


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
async def test_a_bearer_token_names_the_customer(now: datetime, scheme: str) -> None:
    ring = make_ring(now)

    viewer = await viewer_of(ring, now, scheme + customers_token(ring, now))

    assert isinstance(viewer, Customer)
    assert (viewer.customer_id, viewer.session_id) == (CUSTOMER, SESSION)


async def test_a_bearer_token_names_the_terminal(now: datetime) -> None:
    ring = make_ring(now)

    viewer = await viewer_of(ring, now, f"Bearer {terminals_token(ring, now)}", audience=Audience.POS)

    assert isinstance(viewer, Terminal)
    assert (viewer.merchant_id, viewer.terminal_id, viewer.session_id) == (MERCHANT, TERMINAL, SESSION)


async def test_a_token_of_the_other_api_is_rejected(now: datetime) -> None:
    ring = make_ring(now)
    with pytest.raises(TokenRejected):
        await viewer_of(ring, now, f"Bearer {terminals_token(ring, now)}")
    with pytest.raises(TokenRejected):
        await viewer_of(ring, now, f"Bearer {customers_token(ring, now)}", audience=Audience.POS)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a b",
        "Bearer\xa0x",
        "Basic YTpi",
        "Token {}",
        "{}",
        "Bearer {}==",
        "Bearer {} {}",
        "Bearer {}, Bearer {}",
    ],
)
async def test_any_other_header_is_rejected(now: datetime, value: str) -> None:
    ring = make_ring(now)
    with pytest.raises(TokenRejected):
        await viewer_of(ring, now, value.replace("{}", customers_token(ring, now)))


async def test_two_headers_are_rejected(now: datetime) -> None:
    ring = make_ring(now)
    header = f"Bearer {customers_token(ring, now)}"
    with pytest.raises(TokenRejected):
        await viewer_of(ring, now, header, header)


@given(st.binary(max_size=120))
async def test_any_bytes_in_the_header_are_rejected(value: bytes) -> None:
    now = datetime.fromisoformat("2026-11-22T09:30:00+00:00")
    with pytest.raises(TokenRejected):
        await viewer_of(make_ring(now), now, value.decode("latin-1"))


async def test_a_websocket_handshake_is_read_alike(now: datetime) -> None:
    ring = make_ring(now)

    async def rings(kid: str, now: datetime) -> KeyRing:
        return ring

    connection = request(f"Bearer {customers_token(ring, now)}", scope_type="websocket")
    viewer = await backend.viewer_of(connection, tokens=VerifiedTokens(Audience.CUSTOMER), rings=rings, now=now)
    assert isinstance(viewer, Customer)


async def test_a_token_in_a_message_is_read_alike(now: datetime) -> None:
    ring = make_ring(now)

    async def rings(kid: str, now: datetime) -> KeyRing:
        assert kid == "a00000001"
        return ring

    tokens = VerifiedTokens(Audience.CUSTOMER)
    viewer = await backend.viewer_with(customers_token(ring, now), tokens=tokens, rings=rings, now=now)
    assert isinstance(viewer, Customer)


async def test_verifying_costs_no_statement(
    pool: Pool, box: SecretBox, ring: KeyRing, now: datetime, statements: StatementCounter
) -> None:
    async def load(now: datetime) -> KeyRing:
        async with pool.acquire() as conn:
            return await keys.load(conn, box=box, now=now)

    cache, tokens = KeyRingCache(load), VerifiedTokens(Audience.CUSTOMER)
    header = f"Bearer {customers_token(ring, now)}"
    async with statements.counted() as first:
        await backend.viewer_of(request(header), tokens=tokens, rings=cache.knowing, now=now)
    async with statements.counted() as later:
        for _ in range(20):
            await backend.viewer_of(request(header), tokens=tokens, rings=cache.knowing, now=now)
            await backend.viewer_of(request(), tokens=tokens, rings=cache.knowing, now=now)

    assert len(first) == 1
    assert later == []
