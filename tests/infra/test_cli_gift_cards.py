"""`regulars gift-card` and `regulars report liability`, run as a merchant runs them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from infra.pool import create_pool
from tests.database import Database
from tests.factories import make_card, make_points, make_shop
from tests.infra.commands import Done, environment_of, regulars
from tests.infra.test_cli import made
from tests.wallet.gifts.scenes import assert_lawful, make_scene, prepare
from tests.wallet.gifts.test_held_back import disputed
from tests.wallet.gifts.test_kinds import VALUE, give, pay
from tests.wallet.ledger.value.scenes import make_gift_card
from wallet.database import Conn

MERCHANT = ("merchant", "create", "--name", "Monsoon", "--currency", "INR")
HEAD = "number,pin,balance_minor,expires\n"


async def asked(database: Database, *arguments: str) -> Any:
    """What the command answers as JSON."""
    done = await regulars(*arguments, "--json", environment=environment_of(database))
    assert (done.code, done.err) == (0, ""), done
    return json.loads(done.out)


async def refused(database: Database, *arguments: str) -> list[str]:
    """The sentences with which it is refused."""
    done: Done = await regulars(*arguments, environment=environment_of(database))
    assert (done.code, done.out) == (2, ""), done
    return done.err.splitlines()


async def make_program(database: Database) -> str:
    """The merchant's id. Its program is `monsoon`."""
    merchant_id = str((await made(database, *MERCHANT))["merchantId"])
    await made(database, "program", "create", "--merchant", merchant_id, "--slug", "monsoon", "--name", "Regulars")
    return merchant_id


async def cards_of(database: Database) -> int:
    conn = await asyncpg.connect(database.owner_dsn)
    try:
        return int(await conn.fetchval("SELECT COUNT(*) FROM gift_cards"))
    finally:
        await conn.close()


async def test_a_merchant_says_its_country_and_its_contact(database: Database) -> None:
    # given
    place = ("--country", "US", "--contact", " Shop@Example.com ")
    # when
    await made(database, *MERCHANT, *place)
    nowhere = await refused(database, *MERCHANT, "--locale", "ml")
    wrong = [
        await refused(database, *MERCHANT, *said)
        for said in (("--country", "XX"), ("--country", "001"), ("--contact", "nobody"))
    ]
    # then
    conn = await asyncpg.connect(database.owner_dsn)
    rows = await conn.fetch("SELECT country, contact_email FROM merchants")
    await conn.close()
    assert [tuple(row) for row in rows] == [("US", "Shop@example.com")]
    assert nowhere == ["country: The language tag names no country. Say it too, e.g. IN."]
    assert wrong == [
        ["country: Use the two letters of the country, e.g. IN."],
        ["country: Use the two letters of the country, e.g. IN."],
        ["contact: This is no e-mail address. Check it for a typo."],
    ]


async def test_cards_of_another_system_are_brought_and_found_by_their_numbers(
    database: Database, tmp_path: Path
) -> None:
    # given
    await make_program(database)
    file = tmp_path / "cards.csv"
    file.write_text(HEAD + "12345678,4711,50000,2031-12-31\n6006 4912 3456 7890,,125,\n", encoding="utf-8-sig")
    # when
    answer = await asked(database, "gift-card", "import", str(file), "--program", "monsoon")
    listed = (await asked(database, "gift-card", "list", "--program", "monsoon"))["giftCards"]
    again = await refused(database, "gift-card", "import", str(file), "--program", "monsoon")
    # then
    assert answer == {"imported": 2, "balanceMinor": 50125, "currency": "INR"}
    assert {(card["last4"], card["balanceMinor"], card["state"], card["expiresAt"]) for card in listed} == {
        ("5678", 50000, "ACTIVE", "2031-12-31T18:30:00+00:00"),
        ("7890", 125, "ACTIVE", None),
    }
    assert again == [
        "line 2.number: There is a gift card of this number already.",
        "line 3.number: There is a gift card of this number already.",
    ]
    one = await asked(database, "gift-card", "list", "--program", "monsoon", "--last4", "7890")
    assert [card["last4"] for card in one["giftCards"]] == ["7890"]


async def test_one_bad_line_brings_none_and_every_mistake_is_named(database: Database, tmp_path: Path) -> None:
    # given
    await make_program(database)
    file = tmp_path / "cards.csv"
    lines = [
        "12345678,,100,",
        "123,12,0,31.12.2031",
        "12345678,,100,",
        "87654321,,1e3,2020-01-01",
        "11112222,,-5,9999-12-31",
    ]
    file.write_text(HEAD + "\n".join(lines))
    # when
    named = await refused(database, "gift-card", "import", str(file), "--program", "monsoon")
    file.write_text(HEAD + "12345678,,100,\n12345678,,100,\n")
    twice = await refused(database, "gift-card", "import", str(file), "--program", "monsoon")
    # then
    assert named == [
        "line 3.number: A gift card's number has 8 to 19 digits.",
        "line 3.pin: A PIN has 4 to 8 digits.",
        "line 3.balance_minor: This must be from 1 to 2,147,483,647.",
        "line 3.expires: Use year, month and day, e.g. 2031-12-31.",
        "line 5.balance_minor: This must be from 1 to 2,147,483,647.",
        "line 5.expires: This lies in the past.",
        "line 6.balance_minor: This must be from 1 to 2,147,483,647.",
        "line 6.expires: Use year, month and day, e.g. 2031-12-31.",
    ]
    assert twice == ["line 3.number: There is a gift card of this number already."]
    assert await cards_of(database) == 0


async def test_a_merchant_adjusts_blocks_and_ends_a_card(database: Database, tmp_path: Path) -> None:
    # given
    merchant_id = await make_program(database)
    file = tmp_path / "cards.csv"
    file.write_text(HEAD + "12345678,,1000,\n")
    await asked(database, "gift-card", "import", str(file), "--program", "monsoon")
    [card] = (await asked(database, "gift-card", "list", "--program", "monsoon"))["giftCards"]
    place = ("--merchant", merchant_id, "--card", card["giftCardId"])
    # when
    steps = [
        await asked(database, "gift-card", what, *place, *more)
        for what, *more in (
            ("adjust", "--amount-minor", "500", "--reason", "Sorry"),
            ("adjust", "--amount-minor=-700", "--reason", "Mistake"),
            ("block", "--reason", "Lost"),
            ("unblock", "--reason", "Found"),
        )
    ]
    too_much = await refused(database, "gift-card", "adjust", *place, "--amount-minor=-801", "--reason", "Mistake")
    nothing = await refused(database, "gift-card", "adjust", *place, "--amount-minor=0", "--reason", "Mistake")
    wordless = await refused(database, "gift-card", "block", *place, "--reason", " ")
    ended = await asked(database, "gift-card", "deactivate", *place, "--reason", "Closed")
    over = await refused(database, "gift-card", "block", *place, "--reason", "Lost")
    other = ("--merchant", str(card["giftCardId"]), "--card", card["giftCardId"])
    unknown = await refused(database, "gift-card", "block", *other, "--reason", "Lost")
    # then
    assert [(step["state"], step["balanceMinor"], step["activity"]) for step in steps] == [
        ("ACTIVE", 1500, 2),
        ("ACTIVE", 800, 3),
        ("BLOCKED", 800, 4),
        ("ACTIVE", 800, 5),
    ]
    assert too_much == ["The gift card holds 800 INR (minor units)."]
    assert nothing == ["amountMinor: This must not be zero."]
    assert wordless == ["reason: This must not be empty."]
    assert (ended["state"], ended["balanceMinor"]) == ("DEACTIVATED", 0)
    assert over == ["The gift card ending in 5678 cannot be used any more."]
    assert unknown == ["There is no such merchant, program, store, terminal, operator, reward, sale or gift card."]
    audited = await regulars("audit", environment=environment_of(database))
    assert audited.code == 0, audited


async def test_a_hand_does_not_reach_into_a_gift_on_its_way(conn: Conn, database: Database, now: datetime) -> None:
    # given a gift that was paid for, before its mail has left
    scene = await make_scene(conn, now=now)
    sent = await give(conn, scene, value_minor=VALUE, now=now)
    await pay(conn, sent, now=now)
    card_id = await conn.fetchval("SELECT gift_card_id FROM gift_cards")
    place = ("--merchant", str(scene.shop.merchant_id), "--card", str(card_id), "--reason", "Mistake")
    # when its card is changed by hand
    adjusted = await refused(database, "gift-card", "adjust", *place, "--amount-minor=-1")
    ended = await refused(database, "gift-card", "deactivate", *place)
    # then it is as it was, but it can be blocked, which holds its mail back, and unblocked, which sends it on
    assert adjusted == ended
    assert " ".join(ended) == (
        "The money of a gift that nobody has claimed stands on this gift card. To stop the gift, block the card; to end"
        " it, let its sender cancel it, or refund its payment at the provider."
    )
    blocked = await asked(database, "gift-card", "block", *place)
    assert (blocked["state"], blocked["balanceMinor"], blocked["activity"]) == ("BLOCKED", VALUE, 2)
    assert (await prepare(conn, sent.gift, now=now))[1] is None
    await asked(database, "gift-card", "unblock", *place)
    assert (await prepare(conn, sent.gift, delivery=2, now=datetime.now(UTC)))[1] is not None
    # and while its payment is disputed it stays blocked
    await disputed(conn, sent.gift, now=now)
    still = await refused(database, "gift-card", "unblock", *place)
    assert " ".join(still) == (
        "The payment that this gift card came with is disputed. When the dispute is won, the card is unblocked by"
        " itself; if it is lost, end the card: regulars gift-card deactivate."
    )
    assert await conn.fetchval("SELECT state FROM gift_cards") == "BLOCKED"
    await assert_lawful(conn)


async def test_what_is_owed_is_reported_by_program_and_currency(database: Database) -> None:
    # given two shops of two currencies
    pool: Any = await create_pool(database.dsn, max_size=1)
    async with pool.acquire() as conn:
        now = await conn.fetchval("SELECT now() - interval '1 day'")
        rupees, euros = await make_shop(conn, now=now), await make_shop(conn, currency="EUR", now=now)
        await make_points(conn, rupees, await make_card(conn, rupees, now=now), 70, now=now)
        for shop, amount in ((rupees, 500), (rupees, 50), (euros, 7)):
            await make_gift_card(conn, shop, amount, now=now)
    await pool.close()
    # when
    whole = await asked(database, "report", "liability")
    one = await asked(database, "report", "liability", "--merchant", str(euros.merchant_id))
    before = await asked(database, "report", "liability", "--at", "2020-01-01T00:00:00Z")
    ahead = await refused(database, "report", "liability", "--at", "2999-01-01T00:00:00Z")
    read = await regulars("report", "liability", environment=environment_of(database))
    # then
    facts = {each["slug"]: each for each in whole["programs"]}
    assert facts[rupees.slug]["points"] == {"active": 70, "pending": 0, "reserved": 0}
    assert (facts[rupees.slug]["valueMinor"], facts[rupees.slug]["giftCards"]) == (550, 2)
    assert whole["value"] == {"EUR": 7, "INR": 550}
    assert [(each["slug"], each["valueMinor"], each["currency"]) for each in one["programs"]] == [
        (euros.slug, 7, "EUR")
    ]
    assert (before["programs"], before["value"]) == ([], {})
    assert ahead == ["What will be owed is not known: --at must not lie ahead."]
    assert "70 points (70 active, 0 pending, 0 reserved); 550 INR (minor units) on 2 gift cards" in read.out
