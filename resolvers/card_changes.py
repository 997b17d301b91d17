"""A phone that shows a card hears of every change of it."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import strawberry

from resolvers import callers
from resolvers.context import Info, RequestContext
from schema.card import Card as CardType
from schema.card import CardChange
from schema.failures import BadUserInput
from schema.history import SHOWN, PointsEntry
from schema.ids import CardKey, decode
from wallet import cards, history
from wallet.cards import Card
from wallet.history import EVENTS_MAX, Entry


async def card_changed(info: Info, card_id: strawberry.ID) -> AsyncGenerator[CardChange, None]:
    """Refuses at once, before the first event, whoever is not signed in and whatever is not their card."""
    context, key = info.context, decode(card_id)
    async with context.pool.acquire() as conn:
        customer = await callers.signed_in(conn, context)
        card = None
        if isinstance(key, CardKey):
            card = await cards.find(
                conn, customer_id=customer.customer_id, merchant_id=key.merchant_id, card_id=key.card_id
            )
    if card is None:
        raise BadUserInput("cardId names no card of yours.")
    return _events(context, card)


async def _events(context: RequestContext, card: Card) -> AsyncGenerator[CardChange, None]:
    """One event for each revision after the card's, in their order, each with the card as it was at that revision."""
    async with context.changes.watch(card.merchant_id, card.card_id) as wakeups:
        async for _ in wakeups:
            while True:
                entries, found = await _since(context, card)
                for entry in entries:
                    card = _at(found, entry)
                    yield _change(card, entry)
                if len(entries) < EVENTS_MAX:
                    break


async def _since(context: RequestContext, card: Card) -> tuple[list[Entry], Card]:
    """The entries after the card's revision, and the card as it is."""
    async with context.pool.acquire() as conn:
        customer = await callers.signed_in(conn, context)
        place = (card.merchant_id, card.card_id)
        entries = await history.since(conn, merchant_id=place[0], card_id=place[1], after_seq=card.revision)
        found = await cards.get(conn, customer_id=customer.customer_id, merchant_id=place[0], card_id=place[1])
        return entries, found


def _at(card: Card, entry: Entry) -> Card:
    """The card with what stood on it after the entry."""
    return replace(
        card,
        active=entry.active_after,
        pending=entry.pending_after,
        reserved=entry.reserved_after,
        lifetime_earned=entry.lifetime_after,
        revision=entry.seq,
    )


def _change(card: Card, entry: Entry) -> CardChange:
    line = PointsEntry.from_domain(entry) if entry.kind in SHOWN else None
    return CardChange(card=CardType.from_domain(card), entry=line)
