"""Merchants, stores, terminals; and which terminal a session speaks for."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.factories import Shop, make_shop
from wallet import stores
from wallet.database import Conn
from wallet.errors import InvalidInput, NotFound
from wallet.values import MerchantId, StoreId, Terminal, TerminalId


async def load(
    conn: Conn,
    shop: Shop,
    *,
    merchant_id: MerchantId | None = None,
    terminal_id: TerminalId | None = None,
    session_id: UUID | None = None,
    now: datetime,
) -> Terminal:
    return await stores.load_terminal(
        conn,
        merchant_id=merchant_id or shop.merchant_id,
        terminal_id=terminal_id or shop.terminal_id,
        session_id=session_id or shop.session_id,
        now=now,
    )


async def test_a_terminal_knows_its_store_and_merchant(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now, currency="THB")
    store_id = await stores.create_store(
        conn,
        merchant_id=shop.merchant_id,
        program_id=shop.program_id,
        name="Bangkok",
        locale="th-TH",
        timezone="Asia/Bangkok",
        now=now,
    )
    terminal_id = await stores.create_terminal(
        conn, merchant_id=shop.merchant_id, store_id=store_id, name="Till 2", now=now
    )
    session_id = await conn.fetchval(
        "INSERT INTO sessions (merchant_id, terminal_id, device_name, created_at, last_seen_at) "
        "VALUES ($1, $2, 'iPad', $3, $3) RETURNING session_id",
        shop.merchant_id,
        terminal_id,
        now,
    )

    terminal = await load(conn, shop, terminal_id=terminal_id, session_id=session_id, now=now)

    assert terminal == Terminal(
        merchant_id=shop.merchant_id,
        terminal_id=terminal_id,
        store_id=store_id,
        program_id=shop.program_id,
        name="Till 2",
        store_name="Bangkok",
        merchant_name=shop.terminal.merchant_name,
        currency="THB",
        locale="th-TH",
        timezone="Asia/Bangkok",
        merchant_timezone=shop.terminal.merchant_timezone,
    )


async def test_a_store_speaks_its_merchant_s_language_unless_told_otherwise(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)

    assert (shop.terminal.locale, shop.terminal.timezone) == ("en-IN", "Asia/Kolkata")


async def test_an_ended_session_speaks_for_no_terminal(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    await conn.execute("UPDATE sessions SET ended_at = $1, ended_because = 'signed_out'", now)

    with pytest.raises(NotFound):
        await load(conn, shop, now=now)


async def test_a_revoked_terminal_is_nobody_from_that_moment_on(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)
    await conn.execute("UPDATE terminals SET revoked_at = $1", now)

    with pytest.raises(NotFound):
        await load(conn, shop, now=now)
    with pytest.raises(NotFound):
        await load(conn, shop, now=now + timedelta(days=1))


async def test_a_session_speaks_for_its_own_terminal_alone(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)
    neighbour = await stores.create_terminal(
        conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name="Till 2", now=now
    )

    for wrong in (
        {"session_id": other.session_id},
        {"session_id": uuid4()},
        {"terminal_id": neighbour},
        {"terminal_id": other.terminal_id},
        {"merchant_id": other.merchant_id},
    ):
        with pytest.raises(NotFound):
            await load(conn, shop, **wrong, now=now)


async def test_a_merchant_s_mistakes_are_named_field_by_field(conn: Conn, now: datetime) -> None:
    with pytest.raises(InvalidInput) as refused:
        await stores.create_merchant(conn, name="", currency="rupees", locale="english", timezone="Kottayam", now=now)

    assert sorted((p.field, p.phrase.code) for p in refused.value.problems) == [
        ("currency", "not_a_currency"),
        ("locale", "not_a_locale"),
        ("name", "blank"),
        ("timezone", "not_a_timezone"),
    ]
    assert await conn.fetchval("SELECT count(*) FROM merchants") == 0


async def test_a_store_s_and_a_terminal_s_mistakes_are_named(conn: Conn, now: datetime) -> None:
    shop = await make_shop(conn, now=now)

    with pytest.raises(InvalidInput) as store:
        await stores.create_store(
            conn, merchant_id=shop.merchant_id, program_id=shop.program_id, name="s" * 81, timezone="Mars", now=now
        )
    with pytest.raises(InvalidInput) as terminal:
        await stores.create_terminal(conn, merchant_id=shop.merchant_id, store_id=shop.store_id, name=" ", now=now)

    assert [(p.field, p.phrase.code) for p in store.value.problems] == [
        ("name", "too_long"),
        ("timezone", "not_a_timezone"),
    ]
    assert [(p.field, p.phrase.code) for p in terminal.value.problems] == [("name", "blank")]


async def test_nobody_adds_to_another_merchant(conn: Conn, now: datetime) -> None:
    shop, other = await make_shop(conn, now=now), await make_shop(conn, now=now)

    with pytest.raises(NotFound):
        await stores.create_store(
            conn, merchant_id=other.merchant_id, program_id=shop.program_id, name="Store", now=now
        )
    with pytest.raises(NotFound):
        await stores.create_terminal(
            conn, merchant_id=other.merchant_id, store_id=StoreId(shop.store_id), name="Till", now=now
        )
    assert await conn.fetchval("SELECT count(*) FROM stores") == 2
    assert await conn.fetchval("SELECT count(*) FROM terminals") == 2


@pytest.mark.parametrize(
    ("locale", "country"),
    [("ml-IN", "IN"), ("ml-Mlym-IN", "IN"), ("en-gb", "GB"), ("en", None), ("zh-Hant", None), ("en-150", None)],
)
def test_the_country_is_read_from_a_language_tag(locale: str, country: str | None) -> None:
    assert stores.country_of(locale) == country


@pytest.mark.parametrize(
    ("locale", "said", "country"),
    [("ml-IN", None, "IN"), ("en-IN", "LK", "LK"), ("ml", "IN", "IN"), ("th-TH", None, "TH")],
)
async def test_a_merchant_is_in_the_country_that_is_said_else_in_that_of_its_locale(
    conn: Conn, locale: str, said: str | None, country: str, now: datetime
) -> None:
    merchant_id = await stores.create_merchant(
        conn, name="Café", currency="INR", locale=locale, timezone="Asia/Kolkata", country=said, now=now
    )

    found = await conn.fetchrow("SELECT country, contact_email FROM merchants WHERE merchant_id = $1", merchant_id)
    assert found is not None
    assert (found["country"], found["contact_email"]) == (country, None)


async def test_who_is_told_of_disputes_is_kept(conn: Conn, now: datetime) -> None:
    merchant_id = await stores.create_merchant(
        conn,
        name="Café",
        currency="INR",
        locale="ml-IN",
        timezone="Asia/Kolkata",
        contact_email="shop@example.com",
        now=now,
    )

    told = await conn.fetchval("SELECT contact_email FROM merchants WHERE merchant_id = $1", merchant_id)
    assert told == "shop@example.com"


@pytest.mark.parametrize(
    ("locale", "country", "contact", "problems"),
    [
        ("ml", None, None, [("country", "country_needed")]),
        ("en-150", None, None, [("country", "country_needed")]),
        ("en-IN", "India", None, [("country", "not_a_country")]),
        ("en-IN", "in", "nobody", [("country", "not_a_country"), ("contact", "email_invalid")]),
        ("en-IN", None, "a@" + "b" * 253, [("contact", "email_invalid")]),
    ],
)
async def test_a_merchant_without_a_country_is_not_made(
    conn: Conn, locale: str, country: str | None, contact: str | None, problems: list[tuple[str, str]], now: datetime
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await stores.create_merchant(
            conn,
            name="Café",
            currency="INR",
            locale=locale,
            timezone="Asia/Kolkata",
            country=country,
            contact_email=contact,
            now=now,
        )

    assert [(p.field, p.phrase.code) for p in refused.value.problems] == problems
    assert await conn.fetchval("SELECT count(*) FROM merchants") == 0
