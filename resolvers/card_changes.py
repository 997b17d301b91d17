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
    revision = card.revision
    async with context.changes.watch(card.merchant_id, card.card_id) as wakeups:
        async for _ in wakeups:
            more = True
            while more:
                entries = await _since(context, card, revision)
                for entry in entries:
                    revision = entry.seq
                    yield _change(card, entry)
                more = len(entries) == EVENTS_MAX


async def _since(context: RequestContext, card: Card, revision: int) -> list[Entry]:
    async with context.pool.acquire() as conn:
        await callers.signed_in(conn, context)
        return await history.since(conn, merchant_id=card.merchant_id, card_id=card.card_id, after_seq=revision)


def _change(card: Card, entry: Entry) -> CardChange:
    then = replace(
        card,
        active=entry.active_after,
        pending=entry.pending_after,
        reserved=entry.reserved_after,
        lifetime_earned=entry.lifetime_after,
        revision=entry.seq,
    )
    line = PointsEntry.from_domain(entry) if entry.kind in SHOWN else None
    return CardChange(card=CardType.from_domain(then), entry=line)
