"""No statement reads a table that grows from end to end, and a long history costs what a short one costs.

On a full database, both for the plan that fits any parameters and for the plan that is made for those that the
application really sends.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from infra.demo.gift_documents import DESIGNS
from infra.payments.keeping import settle
from infra.pool import create_pool
from infra.sweeps import sweeps
from schema.connection import seq_cursor
from schema.ids import (
    GiftCardActivityKey,
    GiftCardKey,
    GiftDesignKey,
    MemberCardKey,
    MemberGiftCardKey,
    RewardKey,
    encode,
)
from tests.database import Database
from tests.journeys import (
    Member,
    Scene,
    Till,
    basket,
    claim_of,
    deliver_gift,
    device_of,
    gift_key,
    gift_of,
    mailed_code,
    mint,
    new_key,
    open_gift_card,
    open_visit,
    opened,
    phone_of,
    send_gift,
    show_code,
    signed_in,
)
from tests.live import Caller
from tests.proofs import documents as say
from tests.proofs.crowd import LONG_HISTORY, named
from tests.proofs.giving import send_money, send_reward
from tests.proofs.plans import generic_plan, pages_touched, plan_for, read_whole
from tests.test_architecture import PLANNED, statements
from wallet import audit, outbox, payments, rewards
from wallet.balances import BALANCES_AT_SQL
from wallet.database import Conn
from wallet.days import SALES_OF_DAY_SQL, SUMS_OF_DAY_SQL
from wallet.history import HISTORY_OF_KINDS_SQL, HISTORY_SQL, SINCE_SQL
from wallet.rewards import NewReward
from wallet.statements.collecting import ENTRIES_OF_SPAN_SQL, SPAN_SQL
from wallet.values import (
    CardId,
    CheckInPurpose,
    CustomerId,
    DesignId,
    GiftCardId,
    MerchantId,
    Points,
    ProgramId,
    RewardKind,
    TerminalId,
)

SMALL = {
    "activation_codes",  # one live code a terminal at most, and the others are swept
    "schema_migrations",
    "signing_keys",
}
"""Tables that do not grow with what people do."""

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""When card 0 began; there is a line a minute."""

PAGES_OF_A_PROBE = 6
"""To find one line by its number: down the index, and to the line."""

PAGES_MAX = 600
"""A page of fifty lines, each with its store and its sale, touches two hundred and fifty; a sweep of fifty vouchers,
each with its reward and with its card, which is locked, five hundred."""

WHOLE = (f"{audit.__name__}.", "infra.migrate.", "wallet.value.liability.")
"""Modules whose statements look at everything, by what they are for."""


@pytest.fixture
async def conn(crowd: Database) -> AsyncIterator[Conn]:
    pool = await create_pool(crowd.dsn, max_size=1)
    async with pool.acquire() as found:
        yield found
    await pool.close()


# ---------------------------------------------------------------- whatever the parameters


async def test_no_statement_of_ours_reads_a_table_that_grows_from_end_to_end(conn: Conn) -> None:
    found = statements("wallet", "auth", "resolvers", "web", "infra")
    hot = {name: sql for name, sql in found.items() if not name.startswith(WHOLE) and PLANNED.match(sql.strip())}
    assert len(hot) > 130
    scanned = {name: read_whole(await generic_plan(conn, sql)) - SMALL for name, sql in hot.items()}
    assert {name: tables for name, tables in scanned.items() if tables} == {}


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT count(*) FROM entries WHERE kind = $1", {"entries"}),
        ("SELECT seq FROM entries WHERE merchant_id = $1 AND card_id = $2", set()),
        ("SELECT 1 FROM cards AS c JOIN gifts AS g ON g.sender_card_id = c.card_id", {"cards", "gifts"}),
        ("SELECT card_id FROM cards ORDER BY merchant_id, card_id LIMIT 1", set()),
        ("DELETE FROM outbox WHERE last_error = $1", {"outbox"}),
    ],
)
async def test_reading_from_end_to_end_is_recognised(conn: Conn, sql: str, tables: set[str]) -> None:
    assert read_whole(await generic_plan(conn, sql)) == tables


# ---------------------------------------------------------------- with what is really sent


class TakenBack(Exception):
    """What was done was done to be seen, and is rolled back."""


class Heard:
    """Every statement that the application says, with its arguments as they were the last time."""

    def __init__(self) -> None:
        self.statements: dict[str, tuple[object, ...]] = {}

    def __call__(self, logged: Any) -> None:
        if PLANNED.match(logged.query.strip()) and "typeinfo_tree" not in logged.query:
            self.statements[logged.query] = logged.args or ()


async def a_day(scene: Scene) -> None:
    """Everything that customers and tills do, once or twice, by the regular and at the counter of their shop."""
    merchant_id = MerchantId(named("merchant", 0))
    owner = await regular(scene, 0)
    at = await device_of(scene, merchant_id, TerminalId(named("terminal", 0)))
    await reading(scene, owner)
    await serving(scene, owner, at)
    await giving(scene, owner)
    await rewarding(scene, owner, at)
    await storing(scene, owner, at)
    await treating(scene, await regular(scene, 4))
    await tendering(scene, owner, at)


async def reading(scene: Scene, owner: Member) -> None:
    app = owner.app
    await app.do(say.SIGN_IN, await mailed_code(scene, "100@example.com"))
    await app.do(say.REFRESH, {"refreshToken": owner.person.tokens.refresh})
    await app.do(say.CONFIRM, {"token": "A" * 43})
    await app.ask(say.HOME)
    await app.ask(say.PAGE, {"id": owner.card, "first": 50, "after": seq_cursor(LONG_HISTORY // 2)})
    await app.ask(say.REST, {"id": owner.card})
    await app.ask(say.TAKE_AWAY, {"id": owner.card, **a_time_long_ago()})
    await app.do(say.JOIN, {"programSlug": "program-1", "idempotencyKey": new_key()})
    await app.do(say.CHECK_IN, {"cardId": owner.card})


def a_time_long_ago() -> dict[str, str]:
    """An hour in the middle of the long history, and a moment in it."""
    begins = BEGUN + LONG_HISTORY // 2 * timedelta(minutes=1)
    moments = {"from": begins, "then": begins + timedelta(minutes=30), "to": begins + timedelta(hours=1)}
    return {name: moment.isoformat() for name, moment in moments.items()}


async def serving(scene: Scene, owner: Member, at: Till) -> None:
    await at.pos.do(say.ENROL, {"email": f"{new_key()}@example.com", "idempotencyKey": new_key()})
    both = {"email": f"{new_key()}@example.com", "phone": "+919847012345"}
    await at.pos.do(say.ENROL_BY_PHONE, {"phone": both["phone"], "idempotencyKey": new_key()})
    await at.pos.do(say.ENROL, {**both, "idempotencyKey": new_key()})
    for said in ({"email": both["email"]}, {"phone": both["phone"]}, {"phone": "+919847099999"}):
        await at.pos.do(say.LOOK_UP, said)
    _, typed = await mint(scene, owner)
    await at.pos.do(say.SCAN, {"code": typed.short_code})
    for customer in ({"visitId": await open_visit(scene, owner, at)}, {"code": await show_code(scene, owner)}):
        sold = {**basket(), "customer": customer}
        await at.pos.do(say.QUOTE, sold)
        checkout = {"sale": sold, "idempotencyKey": new_key()}
        recorded = await twice(at.pos, say.CHECKOUT, checkout)
        await at.pos.ask(say.SALE_OF, {"id": recorded["sale"]["id"], "receipt": None})
        await at.pos.ask(say.SALE_OF, {"id": None, "receipt": "R-1"})
        given = {"saleId": recorded["sale"]["id"], "lineIds": ["2"], "idempotencyKey": new_key()}
        await twice(at.pos, say.REFUND, given)
    await at.pos.ask(say.OPERATIONS, {"visitId": await open_visit(scene, owner, at)})
    first = await at.pos.ask(say.TODAY, {"first": 1})
    await at.pos.ask(say.TODAY, {"after": first["today"]["sales"]["pageInfo"]["endCursor"]})
    await at.pos.ask(say.TERMINAL)


async def giving(scene: Scene, owner: Member) -> None:
    friend = await signed_in(scene)
    await twice(owner.app, say.SEND_GIFT, gift_of(owner, 1))
    for end in (say.CANCEL_GIFT, say.RESEND_GIFT):
        await twice(owner.app, end, {"giftId": await send_gift(scene, owner, 1), "idempotencyKey": new_key()})
    token = await deliver_gift(scene, await send_gift(scene, owner, 1))
    await friend.app.ask(say.PREVIEW, {"token": token})
    await twice(friend.app, say.CLAIM, {"token": token, "idempotencyKey": new_key()})


async def rewarding(scene: Scene, owner: Member, at: Till) -> None:
    new = NewReward(
        slug=new_key(), name="Coffee", kind=RewardKind.FREE_ITEM, cost_points=Points(1), stock=9, per_member=9
    )
    async with scene.live.runtime.pool.acquire() as conn:
        made = await rewards.create(
            conn,
            merchant_id=owner.merchant_id,
            program_id=ProgramId(named("program", 0)),
            new=new,
            now=scene.now,
        )
    reward = encode(RewardKey(made.merchant_id, made.reward_id))
    used, cancelled, forgotten = [await twice(owner.app, say.CLAIM_REWARD, claim_of(owner, reward)) for _ in range(3)]
    given = {"voucherId": cancelled["voucher"]["id"], "idempotencyKey": new_key()}
    await twice(owner.app, say.CANCEL_VOUCHER, given)
    await owner.app.ask(say.WALLET)
    for node in (reward, used["voucher"]["id"], forgotten["voucher"]["id"]):
        await owner.app.ask(say.NODE, {"id": node})
        await at.pos.ask(say.NODE, {"id": node})


async def storing(scene: Scene, owner: Member, at: Till) -> None:
    first = GiftCardKey(owner.merchant_id, GiftCardId(named("gift card", 0)))
    second = await open_gift_card(
        scene, owner.merchant_id, ProgramId(named("program", 0)), owner.person.customer_id, 500
    )
    given = {"fromId": second, "toId": encode(first), "amountMinor": 1, "idempotencyKey": new_key()}
    await twice(owner.app, say.TRANSFER, given)
    await owner.app.ask(say.STORED)
    for key in (first, GiftCardActivityKey(first.merchant_id, first.gift_card_id, 1)):
        assert (await owner.app.ask(say.NODE, {"id": encode(key)}))["node"]
    await open_visit(scene, owner, at)
    member = MemberCardKey(owner.merchant_id, owner.card_id)
    await at.pos.ask(say.STORED_AT_THE_TILL, {"id": encode(member)})
    seen = MemberGiftCardKey(first.merchant_id, first.gift_card_id)
    assert (await at.pos.ask(say.NODE, {"id": encode(seen)}))["node"]


async def treating(scene: Scene, owner: Member) -> None:
    """Gifts of money and of rewards, and every end that they have."""
    friend = await regular(scene, 2)
    async with scene.live.runtime.pool.acquire() as conn:
        new = NewReward(slug=new_key(), name="Tea", kind=RewardKind.FREE_ITEM, cost_points=Points(1), stock=9)
        program_id = ProgramId(named("program", 0))
        made = await rewards.create(conn, merchant_id=owner.merchant_id, program_id=program_id, new=new, now=scene.now)
    reward = encode(RewardKey(made.merchant_id, made.reward_id))
    picture = encode(GiftDesignKey(owner.merchant_id, DesignId(named("design 1 ", 1))))
    sends: list[Callable[[], Awaitable[str]]] = [
        partial(send_money, scene, owner, designId=picture),
        partial(send_reward, owner, reward, designId=picture),
    ]
    for send in sends:
        await twice(owner.app, say.CANCEL_GIFT, {"giftId": await send(), "idempotencyKey": new_key()})
        token = await deliver_gift(scene, await send())
        await friend.app.ask(say.PREVIEW, {"token": token})
        await friend.app.ask(say.MARK_VIEWED, {"token": token})
        await twice(friend.app, say.DECLINE, {"token": token, "idempotencyKey": new_key()})
        gift = await send()
        await twice(friend.app, say.CLAIM, {"token": await deliver_gift(scene, gift), "idempotencyKey": new_key()})
        thanks = {"giftId": gift, "message": "Thank you!", "idempotencyKey": new_key()}
        await twice(friend.app, say.THANK, thanks)
    tomorrow = scene.now + timedelta(days=1)
    gift = await send_money(scene, owner, deliverAt=tomorrow.isoformat())
    later = {"giftId": gift, "deliverAt": (tomorrow + timedelta(days=1)).isoformat(), "idempotencyKey": new_key()}
    await twice(owner.app, say.RESCHEDULE_GIFT, later)
    merchant_id, gift_id = gift_key(gift)
    keeping = scene.live.runtime.keeping
    async with scene.live.runtime.pool.acquire() as conn:
        payment = await payments.of_gift(conn, merchant_id=merchant_id, gift_id=gift_id)
        await payments.newest(conn, merchant_id=merchant_id, open_only=True, limit=9)
        await payments.newest(conn, merchant_id=None, open_only=False, limit=9)
        await payments.due_for_look(conn, limit=9, now=scene.now)
    assert payment is not None
    await settle(keeping, merchant_id, payment.payment_id)
    for document in (say.SENT, say.RECEIVED, say.STORED, say.GIVEN_AND_STORED):
        await owner.app.ask(document)
        await friend.app.ask(document)
    await friend.app.ask(say.NODE, {"id": picture})
    await owner.app.ask(DESIGNS, {"slug": "program-1"})


async def regular(scene: Scene, n: int) -> Member:
    """The n-th of the crowd, for even numbers a customer of the same shop."""
    phone = await phone_of(scene, CustomerId(named("customer", n)), f"{n}@example.com")
    return Member(phone, MerchantId(named("merchant", 0)), CardId(named("card", n)))


async def tendering(scene: Scene, owner: Member, at: Till) -> None:
    """Gift cards that pay, are sold, loaded and given back."""
    line = {"lineId": "1", "kind": "GIFT_CARD_SALE", "amountMinor": 1_000, "quantity": 2}
    sold = {**basket(), "lines": [line], "customer": {"visitId": await open_visit(scene, owner, at)}}
    recorded = await twice(at.pos, say.CHECKOUT, {"sale": sold, "idempotencyKey": new_key()})
    [one, other] = recorded["giftCardsSold"]
    load = {**line, "quantity": 1, "loads": {"number": one["number"]}}
    loaded = {**sold, "lines": [load]}
    await twice(at.pos, say.CHECKOUT, {"sale": loaded, "idempotencyKey": new_key()})
    token, _ = await mint(scene, owner, CheckInPurpose.REDEEM)
    visit = (await at.pos.do(say.SCAN, {"code": token}))["id"]
    theirs = MemberGiftCardKey(owner.merchant_id, GiftCardId(named("gift card", 0)))
    paying = [{"giftCard": {"number": other["number"] + other["pin"]}}, {"giftCard": {"id": encode(theirs)}}]
    tendered = {**basket(), "customer": {"visitId": visit}, "tenders": paying}
    await at.pos.do(say.QUOTE, tendered)
    paid = await twice(at.pos, say.CHECKOUT, {"sale": tendered, "idempotencyKey": new_key()})
    await at.pos.do(say.QUOTE, {**tendered, "tenders": [{"giftCard": {"number": "9000000000000000"}}]})
    for amount in (10, 20):
        given = {"saleId": paid["sale"]["id"], "amountMinor": amount, "idempotencyKey": new_key()}
        await twice(at.pos, say.REFUND, given)
    await at.pos.ask(say.OPERATIONS, {"visitId": visit})


async def twice(caller: Caller, document: str, given: dict[str, Any]) -> dict[str, Any]:
    """Done, and then replayed."""
    first = await caller.do(document, given)
    assert "message" not in first, first
    assert {**await caller.do(document, given), "replayed": None} == {**first, "replayed": None}
    return first


async def a_night(scene: Scene) -> None:
    """What the worker finds to do, and what time brings about; nothing of it stays."""
    with suppress(TakenBack):
        async with scene.live.runtime.pool.acquire() as conn, conn.transaction():
            assert await outbox.claim(conn, limit=8, lease=timedelta(minutes=2), now=scene.now)
            for sweep in sweeps():
                await sweep.step(conn, limit=50, now=scene.now + timedelta(days=400))
            raise TakenBack


async def test_what_is_really_sent_reads_no_table_that_grows_and_few_pages(crowd: Database, conn: Conn) -> None:
    # given
    heard = Heard()
    async with opened(crowd, on_query=heard, payments="builtin") as scene:
        await a_day(scene)
        await a_night(scene)
    assert len(heard.statements) > 90
    # when
    scanned, pages = {}, {}
    for sql, arguments in heard.statements.items():
        name = " ".join(sql.split())[:100]
        scanned[name] = read_whole(await plan_for(conn, sql, arguments)) - SMALL
        if sql.lstrip().startswith("SELECT") and "pg_notify" not in sql:
            pages[name] = await pages_touched(conn, sql, arguments)
    # then: and that although the card has a history of two hundred thousand lines
    assert {sql: tables for sql, tables in scanned.items() if tables} == {}
    assert {sql: touched for sql, touched in pages.items() if touched > PAGES_MAX} == {}


# ---------------------------------------------------------------- however long


@pytest.mark.parametrize("sql", [HISTORY_SQL, HISTORY_OF_KINDS_SQL], ids=["all kinds", "some kinds"])
async def test_a_page_of_a_long_history_touches_as_many_pages_as_one_of_a_short(conn: Conn, sql: str) -> None:
    def arguments(card: int, before: int) -> list[object]:
        kinds = [["EARNED", "REDEEMED"]] if sql == HISTORY_OF_KINDS_SQL else []
        return [[named("merchant", 0)], [named("card", card)], before, 4, *kinds]

    short = await pages_touched(conn, sql, arguments(2, 5))
    for before in (LONG_HISTORY + 1, LONG_HISTORY // 2, 5):
        assert await pages_touched(conn, sql, arguments(0, before)) <= short + 2


@pytest.mark.parametrize("sql", [SALES_OF_DAY_SQL, SUMS_OF_DAY_SQL], ids=["the sales", "the sums"])
async def test_a_day_of_a_store_is_found_by_its_beginning_whatever_was_sold_before(conn: Conn, sql: str) -> None:
    found = json.dumps(await generic_plan(conn, sql))
    [condition] = re.findall(r'"Index Name": "sales_store".*?"Index Cond": "(.*?)"[,}]', found)
    assert re.search(r"merchant_id = .*store_id = .*occurred_at >= ", condition)


async def test_what_a_phone_missed_is_found_at_once_in_a_long_history(conn: Conn) -> None:
    merchant_id = named("merchant", 0)
    short = await pages_touched(conn, SINCE_SQL, [merchant_id, named("card", 2), 0, 4])
    long = await pages_touched(conn, SINCE_SQL, [merchant_id, named("card", 0), LONG_HISTORY - 4, 4])
    assert long <= short + 2


async def test_what_stood_on_a_card_at_any_moment_is_found_by_halving(conn: Conn) -> None:
    """Eighteen steps for two hundred thousand lines, and the same few pages in each."""
    merchant_id = named("merchant", 0)
    short = await pages_touched(conn, BALANCES_AT_SQL, [[merchant_id], [named("card", 2)], [BEGUN + timedelta(days=9)]])
    for minutes in (0, 1, LONG_HISTORY // 3, LONG_HISTORY - 1, LONG_HISTORY, 2 * LONG_HISTORY):
        moment = BEGUN + minutes * timedelta(minutes=1)
        long = await pages_touched(conn, BALANCES_AT_SQL, [[merchant_id], [named("card", 0)], [moment]])
        assert long <= short + 18 * PAGES_OF_A_PROBE


async def test_a_statement_of_an_hour_costs_what_the_hour_holds(conn: Conn) -> None:
    def span(minutes: int) -> list[object]:
        since = BEGUN + minutes * timedelta(minutes=1)
        owner = [named("merchant", 0), named("card", 0), named("customer", 0)]
        return [*owner, since, since + timedelta(hours=1)]

    for minutes in (0, LONG_HISTORY // 2, LONG_HISTORY):
        assert await pages_touched(conn, SPAN_SQL, span(minutes)) <= 2 * 18 * PAGES_OF_A_PROBE + 40
    entries = [named("merchant", 0), named("card", 0), LONG_HISTORY // 2, LONG_HISTORY // 2 + 60, 1001]
    assert await pages_touched(conn, ENTRIES_OF_SPAN_SQL, entries) <= 70
