"""The law of refunds for gift cards, over random rules, baskets, rewards and tenders, on the real database.

Any split of a return leaves every gift card where one return of all of it leaves it, and the same money goes back; and
a sale and its full return leave every gift card where it was. After each example the audit finds nothing.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import strategies as st

from tests.database import MigratedServer
from tests.wallet.court import Court, Law, Undone, sitting
from tests.wallet.ledger.value.scenes import make_gift_card
from tests.wallet.sales import histories
from tests.wallet.sales.histories import History, lines_left
from tests.wallet.sales.till import checkout, quote, refund, visit
from wallet.ledger import value
from wallet.ledger.value import ValueCause
from wallet.sales import Recorded, Tender
from wallet.values import CheckInPurpose, GiftCardId, Minor, NamedGiftCard, SaleId, ShownBy

EXAMPLES = 30
SOAK_EXAMPLES = 3_000

BALANCES_SQL = "SELECT gift_card_id, state, balance_minor FROM gift_cards ORDER BY gift_card_id"


@pytest.fixture
def court(server: MigratedServer) -> Iterator[Court]:
    with sitting(server) as found:
        yield found


@dataclass(frozen=True)
class Bought:
    recorded: Recorded
    cards: tuple[GiftCardId, ...]

    @property
    def sale_id(self) -> SaleId:
        return self.recorded.sale.sale_id


async def cards_of(history: History, data: st.DataObject) -> tuple[GiftCardId, ...]:
    """One to four gift cards, whoever owns them."""
    owners = st.sampled_from((history.member.customer_id, None))
    amounts = data.draw(st.lists(st.sampled_from((1, 90, 400, 1_300, 20_000)), min_size=1, max_size=4))
    return tuple(
        [
            await make_gift_card(history.conn, history.shop, amount, owner=data.draw(owners), now=history.now)
            for amount in amounts
        ]
    )


async def buy(history: History, data: st.DataObject, cards: tuple[GiftCardId, ...]) -> Bought | None:
    """A sale that the cards pay as far as they go, or a part of it, and that is what its quote had said."""
    basket = data.draw(histories.baskets(least=2))
    left, tenders = basket.total_minor, list[Tender]()
    rows = {row["gift_card_id"]: row["balance_minor"] for row in await history.conn.fetch(BALANCES_SQL)}
    for card in cards:
        most = min(left, rows[card])
        if most:
            amount = data.draw(st.just(most) | st.integers(1, most))
            left = Minor(left - amount)
            tenders.append(Tender(NamedGiftCard(card, ShownBy.PIN), Minor(amount)))
    if not tenders:
        return None
    conn, terminal, now = history.conn, history.shop.terminal, history.now
    customer = await visit(conn, history.shop, history.member, CheckInPurpose.REDEEM, now=now)
    named = tuple(tenders)
    quoted = await quote(conn, terminal, customer, basket, tendered=named, now=now)
    recorded = await checkout(conn, terminal, customer, basket, tendered=named, quote_id=quoted.quote_id, now=now)
    assert recorded.sale.due.amount_minor == quoted.due_minor == left
    return Bought(recorded, cards)


async def happens(history: History, data: st.DataObject, cards: tuple[GiftCardId, ...]) -> None:
    """Something happens to the cards before the goods come back: one is blocked, or moves what it has."""
    held = await value.lock_gift_cards(
        history.conn, merchant_id=history.shop.merchant_id, gift_card_ids=cards, now=history.now
    )
    cause = ValueCause(history.now, "as it happens")
    card = held[data.draw(st.sampled_from(cards))]
    match data.draw(st.sampled_from(("nothing", "block", "move"))):
        case "block":
            await value.block(history.conn, card, cause=cause, now=history.now)
        case "move" if card.balance and len(cards) > 1:
            other = next(each for each in held.values() if each.gift_card_id != card.gift_card_id)
            await value.transfer(history.conn, card, other, amount=card.balance, cause=cause, now=history.now)


async def state(history: History) -> list[tuple[object, ...]]:
    rows = await history.conn.fetch(BALANCES_SQL)
    return [(row["gift_card_id"], row["state"], row["balance_minor"]) for row in rows]


async def bring_back(history: History, data: st.DataObject, sale_id: SaleId) -> int:
    """All of the sale in any parts; the money that goes back beside what goes to gift cards."""
    money = 0
    while left := await lines_left(history, sale_id):
        minor = sum(each for _, each in left)
        lines: list[str] = []
        amount = None
        match data.draw(st.sampled_from(("lines", "amount", "amount", "rest"))):
            case "lines":
                names = [line_id for line_id, _ in left]
                lines = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
            case "amount" if minor:
                amount = data.draw(st.integers(1, minor))
            case _:
                pass
        done = await refund(history.conn, history.shop.terminal, sale_id, *lines, amount=amount, now=history.now)
        money += done.due.amount_minor
    return money


async def any_split_ends_where_one_refund_ends(history: History, data: st.DataObject) -> None:
    # given a sale that gift cards paid, and what happens to them since
    cards = await cards_of(history, data)
    bought = await buy(history, data, cards)
    if bought is None:
        return
    history.now += data.draw(st.sampled_from((timedelta(0), timedelta(days=2))))
    await happens(history, data, cards)
    # when it comes back at once, and, as if that had not happened, in parts
    at_once, money = list[tuple[object, ...]](), 0
    with suppress(Undone):
        async with history.conn.transaction():
            done = await refund(history.conn, history.shop.terminal, bought.sale_id, now=history.now)
            at_once, money = await state(history), done.due.amount_minor
            raise Undone
    in_parts = await bring_back(history, data, bought.sale_id)
    # then nobody can tell the difference
    assert (await state(history), in_parts) == (at_once, money)


async def a_sale_and_its_refund_leave_everything_where_it_was(history: History, data: st.DataObject) -> None:
    # given gift cards
    cards = await cards_of(history, data)
    before = await state(history)
    # when something is bought with them, and all of it comes back in any way
    bought = await buy(history, data, cards)
    if bought is None:
        return
    paid = bought.recorded.sale.due.amount_minor
    back = await bring_back(history, data, bought.sale_id)
    # then they are as if it had never been, and so is the money
    assert (await state(history), back) == (before, paid)


LAWS: tuple[Law, ...] = (
    any_split_ends_where_one_refund_ends,
    a_sale_and_its_refund_leave_everything_where_it_was,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(court: Court, law: Law) -> None:
    court.tries(law, examples=EXAMPLES)


@pytest.mark.soak
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_over_thousands_of_histories(court: Court, law: Law) -> None:
    court.tries(law, examples=SOAK_EXAMPLES)
