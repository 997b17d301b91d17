"""The gift cards that a till names, to pay with or to load: by their ids, or by the numbers that it read.

A number is looked for before the transaction of the sale begins: whose it is never changes, and a wrong one stays
counted whatever becomes of the sale.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth import gift_cards
from auth.viewers import Terminal, as_terminal
from resolvers import callers
from resolvers.context import RequestContext
from schema.failures import Unauthenticated
from schema.field import given
from schema.ids import MemberGiftCardKey, decode
from schema.sale import GiftCardRefInput, SaleInput
from wallet.database import Conn
from wallet.errors import GiftCardNotUsable, InvalidInput, NotFound, TooManyAttempts
from wallet.sales import Tender
from wallet.sales.selling import SOLD_MAX
from wallet.sales.tenders import TENDERS_MAX
from wallet.values import GiftCardId, Minor, NamedGiftCard, Phrase, ShownBy

LOCKED: Final = "gift_card_locked"
NOBODYS = GiftCardId(UUID(int=0))

ByNumber = Callable[[Conn, RequestContext, Terminal, str], Awaitable[NamedGiftCard]]


@dataclass(frozen=True, slots=True)
class Named:
    """What pays, in its order; and what is loaded, by the place of its line."""

    tenders: tuple[Tender, ...]
    loads: Mapping[int, NamedGiftCard]


@asynccontextmanager
async def named(conn: Conn, context: RequestContext, said: SaleInput) -> AsyncIterator[Named]:
    """Goes around the transaction of the sale, on a connection that is in none yet. No statement but for numbers, of
    which a till that is signed out tries none, and for what is refused.

    Raises InvalidInput for more than a sale can have, NotFound for what is no gift card of this merchant,
    GiftCardNotUsable for a number that is unknown, for a wrong PIN, and for any while too many were wrong.
    """
    yield await _named(conn, context, said, _by_number)


async def claimed(conn: Conn, context: RequestContext, said: SaleInput) -> Named:
    """What the till names, no PIN being tried and nothing counted: good only to compare it with what was recorded.

    A number that nobody has is no refusal, but a card that is in no sale, so that nobody learns which numbers there
    are. Raises as `named` does for anything else.
    """
    return await _named(conn, context, said, _by_claimed_number)


def is_locked(refusal: GiftCardNotUsable) -> bool:
    """Whether it says that no number was tried, since too many were wrong before."""
    return refusal.phrase.code == LOCKED


async def _named(conn: Conn, context: RequestContext, said: SaleInput, by_number: ByNumber) -> Named:
    paying = given(said.tenders) or []
    loading = {at: ref for at, line in enumerate(said.lines) if (ref := given(line.loads)) is not None}
    for field, count, most in (("tenders", len(paying), TENDERS_MAX), ("lines", len(loading), SOLD_MAX)):
        if count > most:
            raise InvalidInput.of(field, "too_many", most=most)
    if not paying and not loading:
        return Named((), {})
    till = as_terminal(context.viewer)
    if till is None:
        raise Unauthenticated
    if any(given(ref.number) is not None for ref in (*(tender.gift_card for tender in paying), *loading.values())):
        await callers.terminal(conn, context)

    async def card(ref: GiftCardRefInput) -> NamedGiftCard:
        number = given(ref.number)
        if number is None:
            return await _by_id(conn, context, till, ref)
        return await by_number(conn, context, till, number)

    tenders = list[Tender]()
    for tender in paying:
        named_card, amount = await card(tender.gift_card), given(tender.amount_minor)
        tenders.append(Tender(named_card, None if amount is None else Minor(amount)))
    return Named(tuple(tenders), {at: await card(ref) for at, ref in loading.items()})


async def _by_id(conn: Conn, context: RequestContext, till: Terminal, said: GiftCardRefInput) -> NamedGiftCard:
    key = decode(given(said.id) or "")
    if not isinstance(key, MemberGiftCardKey) or key.merchant_id != till.merchant_id:
        # A till that is signed out is told that and nothing else.
        await callers.terminal(conn, context)
        raise NotFound
    return NamedGiftCard(key.gift_card_id, ShownBy.OWNER)


async def _by_number(conn: Conn, context: RequestContext, till: Terminal, number: str) -> NamedGiftCard:
    typed = gift_cards.read(number)
    if typed is None:
        raise GiftCardNotUsable(Phrase("gift_card_unknown"))
    try:
        async with gift_cards.counted(
            conn,
            box=context.box,
            merchant_id=till.merchant_id,
            caller=till.terminal_id.bytes,
            typed=typed,
            now=context.now,
        ):
            presented = await gift_cards.find(conn, box=context.box, merchant_id=till.merchant_id, typed=typed)
    except TooManyAttempts:
        raise GiftCardNotUsable(Phrase(LOCKED)) from None
    return NamedGiftCard(presented.gift_card_id, ShownBy.PIN if presented.with_pin else ShownBy.NUMBER)


async def _by_claimed_number(conn: Conn, context: RequestContext, till: Terminal, number: str) -> NamedGiftCard:
    typed = gift_cards.read(number)
    if typed is None:
        return NamedGiftCard(NOBODYS, ShownBy.NUMBER)
    found = await gift_cards.claimed(conn, box=context.box, merchant_id=till.merchant_id, typed=typed)
    if found is None:
        return NamedGiftCard(NOBODYS, ShownBy.NUMBER)
    return NamedGiftCard(found.gift_card_id, ShownBy.PIN if found.with_pin else ShownBy.NUMBER)
