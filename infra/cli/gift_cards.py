"""`regulars gift-card`: stored value in the merchant's hands."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter, validators

from infra.cli.app import answer, fail, opened
from infra.cli.gift_card_files import cards_in
from infra.cli.merchants import program_of
from infra.wiring import opened_box
from wallet import value
from wallet.baskets import text_problems
from wallet.database import Conn
from wallet.errors import InvalidInput
from wallet.gifts import by_hand, funding
from wallet.gifts.by_hand import InHand, Obstacle
from wallet.ledger import value as ledger
from wallet.ledger.value import PostedActivity, ValueCause
from wallet.value import GiftCard
from wallet.values import MINOR_MAX, GiftCardId, GiftCardState, MerchantId

REASON_MAX = 200
Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))]
Move = Callable[[Conn, InHand, ValueCause, datetime], Awaitable[PostedActivity]]

OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.UNCLAIMED: "The money of a gift that nobody has claimed stands on this gift card. To stop the gift, block"
    " the card; to end it, let its sender cancel it, or refund its payment at the provider.",
    Obstacle.DISPUTED: "The payment that this gift card came with is disputed. When the dispute is won, the card is"
    " unblocked by itself; if it is lost, end the card: regulars gift-card deactivate.",
    Obstacle.PAID_BACK: "Whoever paid for this gift card has the money back, or is getting it. End the card: regulars"
    " gift-card deactivate.",
}

gift_card = App(name="gift-card", help="Stored money value.")


@gift_card.command(name="list")
async def list_gift_cards(
    *,
    program: str,
    state: GiftCardState | None = None,
    last4: str | None = None,
    most: Most = 100,
    json: bool = False,
) -> None:
    """List the newest gift cards of a program (by its slug), with their balances. Nobody can read a number again."""
    async with opened() as (_, pool, clock), pool.acquire() as conn:
        found = await program_of(conn, program, clock())
        cards = await value.of_program(
            conn, merchant_id=found.merchant_id, program_id=found.program_id, state=state, last4=last4, limit=most
        )
    if json:
        answer({"giftCards": [_facts(each) for each in cards]}, as_json=True)
    elif cards:
        answer({str(each.gift_card_id): _line(each) for each in cards}, as_json=False)


@gift_card.command(name="adjust")
async def adjust_gift_card(
    *,
    merchant: UUID,
    card: UUID,
    amount_minor: Annotated[int, Parameter(validator=validators.Number(gte=-MINOR_MAX, lte=MINOR_MAX))],
    reason: str,
    json: bool = False,
) -> None:
    """Put money on a gift card, or take some off it, in paise or cents.

    Parameters
    ----------
    amount_minor
        Below zero it is taken off: --amount-minor=-500.
    reason
        Why, for the books and for whoever asks.
    """
    if not amount_minor:
        raise InvalidInput.of("amountMinor", "not_nothing")

    async def adjust(conn: Conn, held: InHand, cause: ValueCause, now: datetime) -> PostedActivity:
        check(held.against_moving)
        return await ledger.adjust(conn, held.card, amount=amount_minor, cause=cause, now=now)

    await _change(merchant, card, reason, adjust, as_json=json)


@gift_card.command(name="block")
async def block_gift_card(*, merchant: UUID, card: UUID, reason: str, json: bool = False) -> None:
    """Let nothing be spent from a gift card, at once, until it is unblocked. What stands on it stays."""

    async def block(conn: Conn, held: InHand, cause: ValueCause, now: datetime) -> PostedActivity:
        return await ledger.block(conn, held.card, cause=cause, now=now)

    await _change(merchant, card, reason, block, as_json=json)


@gift_card.command(name="unblock")
async def unblock_gift_card(*, merchant: UUID, card: UUID, reason: str, json: bool = False) -> None:
    """Let a blocked gift card be used again, unless its payment is disputed or went back."""

    async def unblock(conn: Conn, held: InHand, cause: ValueCause, now: datetime) -> PostedActivity:
        check(held.against_unblocking)
        posted = await ledger.unblock(conn, held.card, cause=cause, now=now)
        if held.gift is not None:
            await funding.send_on(conn, merchant_id=held.gift.merchant_id, gift_id=held.gift.gift_id, now=now)
        return posted

    await _change(merchant, card, reason, unblock, as_json=json)


@gift_card.command(name="deactivate")
async def deactivate_gift_card(*, merchant: UUID, card: UUID, reason: str, json: bool = False) -> None:
    """End a gift card for good, unless it holds a gift on its way. What stood on it is the merchant's."""

    async def deactivate(conn: Conn, held: InHand, cause: ValueCause, now: datetime) -> PostedActivity:
        check(held.against_moving)
        return await ledger.deactivate(conn, held.card, cause=cause, now=now)

    await _change(merchant, card, reason, deactivate, as_json=json)


@gift_card.command(name="import")
async def import_gift_cards(file: Path, *, program: str, json: bool = False) -> None:
    """Bring gift cards from another system into a program (by its slug): all of a file, or none of it.

    Parameters
    ----------
    file
        CSV in UTF-8. The first line is number,pin,balance_minor,expires; the column pin may be left out, and a card
        without a PIN has none. The balance is in paise or cents. A card is good to the end of its date, e.g.
        2031-12-31; without one, for ever.
    """
    async with opened() as (settings, pool, clock):
        box = await opened_box(settings, pool, clock)
        async with pool.acquire() as conn, conn.transaction():
            now = clock()
            found = await program_of(conn, program, now)
            cards = cards_in(file, box=box, merchant_id=found.merchant_id, zone=found.zone, now=now)
            count = await value.import_cards(
                conn,
                merchant_id=found.merchant_id,
                program_id=found.program_id,
                cards=cards,
                reason=f"Imported from {file.name}"[:REASON_MAX],
                now=now,
            )
    sum_minor = sum(each.balance_minor for each in cards)
    answer({"imported": count, "balanceMinor": sum_minor, "currency": found.currency}, as_json=json)


def check(obstacle: Obstacle | None) -> None:
    """Says in a sentence what is in the way and what to do instead; nothing has changed then."""
    if obstacle is not None:
        fail(OBSTACLES[obstacle])


async def _change(merchant: UUID, card: UUID, reason: str, move: Move, *, as_json: bool) -> None:
    if problems := text_problems("reason", reason, most=REASON_MAX):
        raise InvalidInput(problems)
    merchant_id, gift_card_id = MerchantId(merchant), GiftCardId(card)
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        now = clock()
        held = await by_hand.hold(conn, merchant_id=merchant_id, gift_card_id=gift_card_id, now=now)
        posted = await move(conn, held, ValueCause(now, reason), now)
    after = posted.card
    answer(
        {
            "giftCardId": gift_card_id,
            "state": after.state.value,
            "balanceMinor": after.balance,
            "currency": after.currency,
            "activity": posted.seq,
        },
        as_json=as_json,
    )


def _facts(each: GiftCard) -> dict[str, object]:
    return {
        "giftCardId": each.gift_card_id,
        "last4": each.last4,
        "state": each.state.value,
        "balanceMinor": each.balance.amount_minor,
        "currency": each.balance.currency,
        "expiresAt": each.expires_at.isoformat() if each.expires_at else None,
        "createdAt": each.created_at.isoformat(),
        "owned": each.owner_customer_id is not None,
    }


def _line(each: GiftCard) -> str:
    until = f"until {each.expires_at.isoformat()}" if each.expires_at else "for ever"
    amount = f"{each.balance.amount_minor} {each.balance.currency} (minor units)"
    return f"…{each.last4}; {each.state.value}; {amount}; {until}"
