"""What a customer can ask of their points: what stood when, which lots there are, and a statement to take away."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

import schema.statement
from schema.statement import text_of
from schema.translations import Translator
from tests.database import StatementCounter
from tests.factories import Shop, make_card, make_customer, make_points, make_shop
from tests.resolvers.api import Api, House, as_customer, sign_in
from tests.resolvers.world import Person, asked
from wallet.database import Conn
from wallet.statements import Facts, check, from_json

A_DAY = timedelta(days=1)

BALANCE = """
    query ($id: ID!, $at: DateTime) {
        node(id: $id) { ... on Card { balance(at: $at) { active pending reserved lifetimeEarned } } }
    }
"""
LOTS = """
    query ($id: ID!) {
        node(id: $id) {
            ... on Card { lots { points remaining availableAt expiresAt spendOrder source { id kind points reasons } } }
        }
    }
"""
STATEMENT = """
    query ($id: ID!, $from: DateTime!, $to: DateTime!) {
        node(id: $id) { ... on Card { statement(from: $from, to: $to) { jws text } } }
    }
"""
EVERYTHING = """
    query ($at: DateTime!, $from: DateTime!, $to: DateTime!) {
        viewer {
            cards {
                balance { active }
                then: balance(at: $at) { active }
                lots { remaining spendOrder source { id } }
                statement(from: $from, to: $to) { jws }
            }
        }
    }
"""


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# ---------------------------------------------------------------- balance(at:)


async def test_the_balance_of_any_moment(phone: Api, asha: Person, conn: Conn, shop: Shop, now: datetime) -> None:
    # given: 100 beans, and 40 more that unlock tomorrow and go in nine days
    await make_points(conn, shop, asha.card_id, 40, now=now, activates_at=now + A_DAY, expires_at=now + 9 * A_DAY)

    async def at(when: datetime | None) -> list[int]:
        data = await phone(BALANCE, id=asha.card, at=moment(when) if when else None)
        return list(data["node"]["balance"].values())

    # then
    assert await at(None) == [100, 40, 0, 140]
    assert await at(now - A_DAY) == [0, 0, 0, 0]
    assert await at(now) == [100, 40, 0, 140]
    assert await at(now + A_DAY) == [140, 0, 0, 140]
    assert await at(now + 9 * A_DAY) == [100, 0, 0, 140]


async def test_the_balance_of_now_takes_no_statement_more(
    phone: Api, asha: Person, statements: StatementCounter, now: datetime
) -> None:
    for document, variables, expected in (
        (BALANCE, {}, 1),
        (BALANCE, {"at": None}, 1),
        (BALANCE, {"at": moment(now)}, 2),
        (BALANCE.replace("(at: $at)", "").replace(", $at: DateTime", ""), {}, 1),
    ):
        await phone(document, id=asha.card, **variables)
        async with statements.counted() as seen:
            await phone(document, id=asha.card, **variables)
        assert len(asked(seen)) == expected, (document, variables)


async def test_a_moment_that_is_none_is_refused(phone: Api, asha: Person) -> None:
    for at in ("yesterday", "2026-11-22T09:30:00", 5):
        assert await phone.failure(BALANCE, id=asha.card, at=at) == "BAD_USER_INPUT"


# ---------------------------------------------------------------- lots


async def test_each_point_can_be_asked_why_it_came_and_when_it_goes(
    phone: Api, asha: Person, conn: Conn, shop: Shop, now: datetime
) -> None:
    # given
    await make_points(conn, shop, asha.card_id, 5, now=now, expires_at=now + 9 * A_DAY)
    await make_points(conn, shop, asha.card_id, 7, now=now, activates_at=now + A_DAY)
    # when
    found = (await phone(LOTS, id=asha.card))["node"]["lots"]
    # then
    assert [(lot["points"], lot["remaining"], lot["spendOrder"]) for lot in found] == [
        (5, 5, 1), (100, 100, 2), (7, 7, None),
    ]  # fmt: skip
    assert [lot["source"]["points"] for lot in found] == [5, 100, 0]
    assert {lot["source"]["kind"] for lot in found} == {"BONUS"}
    assert (found[0]["availableAt"], found[0]["expiresAt"]) == (moment(now), moment(now + 9 * A_DAY))
    assert (found[2]["availableAt"], found[2]["expiresAt"]) == (moment(now + A_DAY), None)
    # and the source is a line of the history
    node = await phone("query ($id: ID!) { node(id: $id) { __typename id } }", id=found[0]["source"]["id"])
    assert node["node"] == {"__typename": "PointsEntry", "id": found[0]["source"]["id"]}


async def test_many_cards_cost_what_one_costs(
    anybody: Api, conn: Conn, statements: StatementCounter, now: datetime
) -> None:
    # given: one customer with a card, another with four
    counts = []
    for cards in (1, 4):
        customer_id = await make_customer(conn, now=now)
        for n in range(cards):
            shop = await make_shop(conn, now=now)
            card_id = await make_card(conn, shop, customer_id, now=now)
            for _ in range(n + 1):
                await make_points(conn, shop, card_id, n + 1, now=now)
        app = as_customer(anybody, customer_id, await sign_in(conn, customer_id, now=now))
        document = EVERYTHING.replace("statement(from: $from, to: $to) { jws }", "").replace(
            ", $from: DateTime!, $to: DateTime!", ""
        )
        await app(document, at=moment(now))
        # when
        async with statements.counted() as seen:
            data = await app(document, at=moment(now))
        counts.append(len(asked(seen)))
        # then
        assert [sum(lot["remaining"] for lot in card["lots"]) for card in data["viewer"]["cards"]] == [
            card["balance"]["active"] for card in data["viewer"]["cards"]
        ]
    assert counts == [5, 5]  # the viewer, their cards, the balances, the lots, the entries behind them


# ---------------------------------------------------------------- statements


async def statement(phone: Api, asha: Person, since: datetime, until: datetime) -> dict[str, str]:
    data = await phone(STATEMENT, id=asha.card, **{"from": moment(since), "to": moment(until)})
    found: dict[str, str] = data["node"]["statement"]
    return found


async def test_a_statement_is_verified_with_the_published_keys_by_a_stranger(
    phone: Api, asha: Person, house: House, conn: Conn, now: datetime
) -> None:
    # given
    jws = (await statement(phone, asha, now - A_DAY, now + A_DAY))["jws"]
    # when: somebody who has nothing but the statement and the shop's key set
    house.clock.now = now
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://regulars.test") as http:
        key_set = (await http.get("/.well-known/jwks.json")).json()
    kid = jwt.get_unverified_header(jws)["kid"]
    [key] = [each for each in jwt.PyJWKSet.from_dict(key_set).keys if each.key_id == kid]
    said: dict[str, Any] = json.loads(jwt.PyJWS().decode(jws, key.key, algorithms=["EdDSA"]))
    # then
    number = await conn.fetchval("SELECT number FROM cards WHERE card_id = $1", asha.card_id)
    assert said["card"]["numberLast4"] == number[-4:]
    assert number not in json.dumps(said)
    assert (said["from"], said["to"], said["issuedAt"]) == (moment(now - A_DAY), moment(now), moment(now))
    assert (said["opening"]["seq"], said["opening"]["active"]) == (0, 0)
    assert check(from_json(said)) is None


async def test_a_statement_reads_well(phone: Api, asha: Person, conn: Conn, shop: Shop, now: datetime) -> None:
    # given: what happens on two days, of which the second is asked for
    later = now + A_DAY
    phone = phone.at(later + A_DAY)
    await make_points(conn, shop, asha.card_id, 1200, now=later, activates_at=later + 9 * A_DAY)
    # when
    found = await statement(phone, asha, later, later + A_DAY)
    # then
    number = await conn.fetchval("SELECT number FROM cards WHERE card_id = $1", asha.card_id)
    assert found["text"].splitlines() == [
        f"This is the statement of card •••• {number[-4:]}, {await name_of(conn)} at {shop.terminal.merchant_name}.",
        "23 Nov 2026, 3:00:00\u202fpm – 24 Nov 2026, 3:00:00\u202fpm",
        "",
        "At the start: 100 beans to spend, 0 pending, 0 set aside.",
        "",
        "23 Nov 2026, 3:00:00\u202fpm  Bonus: pending +1,200 → 1,200",
        "",
        "At the end: 100 beans to spend, 1,200 pending, 0 set aside.",
    ]


async def name_of(conn: Conn) -> str:
    return str(await conn.fetchval("SELECT name FROM programs"))


async def test_a_time_in_which_nothing_happened_says_so(phone: Api, asha: Person, now: datetime) -> None:
    text = (await statement(phone, asha, now - 2 * A_DAY, now - A_DAY))["text"]
    assert "Nothing happened in this time." in text.splitlines()


SCRIPTS = {"ml-IN": "[ഀ-ൿ]", "hi-IN": "[ऀ-ॿ]", "bn-IN": "[ঀ-৿]", "te-IN": "[ఀ-౿]", "th-TH": "[฀-๿]"}


@pytest.mark.parametrize("locale", SCRIPTS)
async def test_it_is_read_in_the_readers_language(phone: Api, asha: Person, now: datetime, locale: str) -> None:
    text = (await statement(phone.speaking(locale), asha, now - A_DAY, now + A_DAY))["text"]
    assert all(re.search(SCRIPTS[locale], line) for line in text.splitlines() if line)
    assert "beans" in text


async def test_a_time_that_ends_before_it_begins_is_refused(phone: Api, asha: Person, now: datetime) -> None:
    for until in (now, now - A_DAY):
        given = {"from": moment(now), "to": moment(until)}
        response = await phone.post(STATEMENT, {"id": asha.card, **given})
        [error] = response.json()["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", "from must be before to.")


async def test_too_long_a_time_is_refused_with_the_one_that_would_do(
    phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given: a thousand lines more than one that there are
    await conn.execute(
        """
        WITH more AS (
            INSERT INTO entries (merchant_id, card_id, seq, kind, points, pending_points, reserved_points, active_after,
                                 pending_after, reserved_after, lifetime_after, occurred_at, posted_at, hash)
            SELECT merchant_id, card_id, 1 + n, 'BONUS', 1, 0, 0, 100 + n, 0, 0, 100 + n, occurred_at,
                   posted_at + n * interval '1 minute', hash
            FROM entries CROSS JOIN generate_series(1, 1000) AS n
            WHERE card_id = $1
        )
        UPDATE cards SET revision = 1001 WHERE card_id = $1
        """,
        asha.card_id,
    )
    phone = phone.at(now + 9 * A_DAY)
    given = {"from": moment(now), "to": moment(now + A_DAY)}
    # when
    [error] = (await phone.post(STATEMENT, {"id": asha.card, **given})).json()["errors"]
    # then
    until = now + timedelta(minutes=1000)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == f"More than 1000 entries: ask to {moment(until)}, then from there."
    assert len((await statement(phone, asha, now, until))["text"].splitlines()) == 1007


async def test_nobody_elses_card_says_anything(other_phone: Api, asha: Person, now: datetime) -> None:
    given = {"from": moment(now - A_DAY), "to": moment(now)}
    assert await other_phone(STATEMENT, id=asha.card, **given) == {"node": None}
    assert await other_phone(LOTS, id=asha.card) == {"node": None}
    assert await other_phone(BALANCE, id=asha.card, at=moment(now)) == {"node": None}


async def test_each_statement_of_a_home_screen_costs_two(
    anybody: Api, asha: Person, statements: StatementCounter, now: datetime
) -> None:
    phone = as_customer(anybody, asha.customer_id, asha.session_id)
    given = {"at": moment(now), "from": moment(now - A_DAY), "to": moment(now)}
    await phone(EVERYTHING, **given)
    async with statements.counted() as seen:
        await phone(EVERYTHING, **given)
    assert len(asked(seen)) == 7


# ---------------------------------------------------------------- what they cost


async def test_a_document_that_asks_for_them_many_times_over_is_refused(
    phone: Api, asha: Person, now: datetime
) -> None:
    span = f'from: "{moment(now - A_DAY)}", to: "{moment(now)}"'
    for field in ("lots { points remaining source { id kind reasons } }", f"statement({span}) {{ jws text }}"):
        for times, status in ((1, 200), (15, 400)):
            asked_for = " ".join(f"a{n}: {field}" for n in range(times))
            document = f"query ($id: ID!) {{ viewer {{ cards {{ {asked_for} }} }} node(id: $id) {{ id }} }}"
            answer = await phone.post(document, {"id": asha.card})
            assert answer.status_code == status, (field, times, answer.text)
            assert ("too many field values in the answer" in answer.text) == (times > 1)


async def test_the_text_is_written_for_those_who_ask_for_it(
    phone: Api, asha: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    written = list[Facts]()

    def noted(facts: Facts, say: Translator) -> str:
        written.append(facts)
        return text_of(facts, say)

    monkeypatch.setattr(schema.statement, "text_of", noted)
    span = {"id": asha.card, "from": moment(now - A_DAY), "to": moment(now)}
    # when
    await phone(STATEMENT.replace("jws text", "jws"), **span)
    assert written == []
    found = await phone(STATEMENT, **span)
    # then
    assert len(written) == 1
    assert found["node"]["statement"]["text"].startswith("This is the statement of card")
