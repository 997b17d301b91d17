"""The law of refunds, over random rules, baskets, rewards and histories, on the real database.

Any split of a return ends where one return of all of it ends; a sale and its full return leave everything where it was,
whatever the merchant decided of it; and other sales have earned what they would have earned without it. After each
example the audit finds nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.database import MigratedServer
from tests.wallet.court import Court, Law, Undone, sitting
from tests.wallet.sales import histories
from tests.wallet.sales.histories import History
from tests.wallet.sales.till import refund
from wallet.baskets import Basket
from wallet.rules import Rules

EXAMPLES = 30
SOAK_EXAMPLES = 3_000

MOSTLY = st.sampled_from((True, True, False))
DECISIONS = st.sampled_from((None, False, True))
"""Of a sale that is held: none, released, refused."""

PAUSES = st.sampled_from((timedelta(0), timedelta(hours=4), timedelta(hours=17)))
"""Short, so that no voucher for a full punch card lapses."""

Other = tuple[timedelta, Basket, bool | None]


@pytest.fixture
def court(server: MigratedServer) -> Iterator[Court]:
    with sitting(server) as found:
        yield found


def differences(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: (found[name], there) for name, there in expected.items() if found[name] != there}


async def any_split_ends_where_one_refund_ends(history: History, data: st.DataObject) -> None:
    # given a sale with others before and after it
    await histories.live(history, data, steps=data.draw(st.sampled_from((3, 1, 5))))
    history.now += data.draw(st.sampled_from((timedelta(days=1), timedelta(0))))
    sale_id = (await histories.sell(history, data, rich=data.draw(MOSTLY))).sale.sale_id
    if data.draw(st.booleans()):
        await histories.give_away(history, None)
    await histories.live(history, data, steps=data.draw(st.sampled_from((0, 1, 3))))
    history.now += data.draw(st.sampled_from((timedelta(0), timedelta(days=2))))
    await histories.remember_vouchers(history)
    if not await histories.lines_left(history, sale_id):
        return
    # when it comes back at once, and, as if that had not happened, in parts
    at_once = {}
    with suppress(Undone):
        async with history.conn.transaction():
            await refund(history.conn, history.shop.terminal, sale_id, now=history.now)
            at_once = await histories.state(history)
            raise Undone
    await histories.bring_back(history, data, sale_id, wholly=True)
    # then nobody can tell the difference
    assert differences(await histories.state(history), at_once) == {}


async def a_sale_and_its_refund_leave_everything_where_it_was(history: History, data: st.DataObject) -> None:
    # given a card with a past
    await histories.live(history, data, steps=data.draw(st.sampled_from((3, 1, 6))))
    history.now += data.draw(st.sampled_from((timedelta(days=1), timedelta(0))))
    await histories.remember_vouchers(history)
    later = history.now + data.draw(st.sampled_from((timedelta(0), timedelta(hours=3), timedelta(days=2))))
    without = History(history.conn, history.shop, history.member, history.rewards, later)
    without.vouchers_made = history.vouchers_made
    before = {}
    with suppress(Undone):
        async with history.conn.transaction():
            before = await histories.state(without)
            raise Undone
    # when something is bought, and all of it comes back in any way
    sale_id = (await histories.sell(history, data, rich=data.draw(MOSTLY))).sale.sale_id
    if (refuse := data.draw(DECISIONS)) is not None:
        await histories.decide(history, sale_id, refuse=refuse)
    history.now = later
    await histories.bring_back(history, data, sale_id, wholly=True)
    # then it is as if it had never been
    if await histories.has_lost(history, sale_id):
        before.pop("lifetime")
    assert differences(await histories.state(history), before) == {}


async def a_sale_that_came_to_nothing_has_changed_nothing_for_others(history: History, data: st.DataObject) -> None:
    # given a card with a past, and what else is going to be bought, some of it to be looked at
    await histories.live(history, data, steps=data.draw(st.sampled_from((2, 1, 4))))
    others = data.draw(st.lists(st.tuples(PAUSES, histories.baskets(), DECISIONS), min_size=1, max_size=4))
    first, refuse = data.draw(st.integers(0, len(others))), data.draw(DECISIONS)
    began, without = history.now, {}
    with suppress(Undone):
        async with history.conn.transaction():
            await bought(history, others)
            without = await histories.sums(history)
            raise Undone
    # when there was one sale before, decided somewhere between the others, and it came back after them
    history.now = began
    sale_id = (await histories.sell(history, data, rich=data.draw(MOSTLY))).sale.sale_id
    await bought(history, others[:first])
    if refuse is not None:
        await histories.decide(history, sale_id, refuse=refuse)
    await bought(history, others[first:])
    await histories.bring_back(history, data, sale_id, wholly=True)
    # then the others are worth as much
    assert differences(await histories.sums(history), without) == {}


async def bought(history: History, others: Sequence[Other]) -> None:
    for pause, basket, refuse in others:
        history.now += pause
        sale_id = await histories.sell_plainly(history, basket)
        if refuse is not None:
            await histories.decide(history, sale_id, refuse=refuse)


LAWS: tuple[tuple[Law, st.SearchStrategy[Rules]], ...] = (
    (any_split_ends_where_one_refund_ends, histories.programs()),
    (a_sale_and_its_refund_leave_everything_where_it_was, histories.programs()),
    (a_sale_that_came_to_nothing_has_changed_nothing_for_others, histories.forgetful_programs()),
)
NAMES = [law.__name__ for law, _ in LAWS]


@pytest.mark.parametrize(("law", "programs"), LAWS, ids=NAMES)
def test_law(court: Court, law: Law, programs: st.SearchStrategy[Rules]) -> None:
    court.tries(law, examples=EXAMPLES, programs=programs)


@pytest.mark.soak
@pytest.mark.parametrize(("law", "programs"), LAWS, ids=NAMES)
def test_law_over_thousands_of_histories(court: Court, law: Law, programs: st.SearchStrategy[Rules]) -> None:
    began = perf_counter()
    court.tries(law, examples=SOAK_EXAMPLES, programs=programs)
    seconds = perf_counter() - began
    print(  # noqa: T201
        f"\n{law.__name__}: {SOAK_EXAMPLES:,} histories, {court.sales:,} sales, {court.refunds:,} refunds,"
        f" {seconds:.0f} s; every audit clean"
    )
