"""`regulars review`: the sales whose points wait until the merchant has looked at them."""

from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter, validators

from infra.cli.app import answer, opened
from schema.translations import translator
from wallet import reviews
from wallet.reviews import HeldSale
from wallet.values import MerchantId, SaleId

Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=1000))]

review = App(name="review", help="Sales that look odd, whose points wait for the merchant.")


@review.command(name="list")
async def list_held(*, merchant: UUID, most: Most = 100, json: bool = False) -> None:
    """List the sales that wait, the longest waiting first: where, whose, how much, and what looks odd."""
    async with opened() as (_, pool, _clock), pool.acquire() as conn:
        found = await reviews.held(conn, merchant_id=MerchantId(merchant), limit=most)
    if json:
        answer({"sales": [_facts(each) for each in found]}, as_json=True)
    elif found:
        answer({str(each.sale_id): _line(each) for each in found}, as_json=False)


@review.command(name="release")
async def release_sale(*, merchant: UUID, sale: UUID, json: bool = False) -> None:
    """Let the points of a sale go: they can be spent from the day on that the rules say."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        decided = await reviews.release(conn, merchant_id=MerchantId(merchant), sale_id=SaleId(sale), now=clock())
    answer({"released": sale, "points": decided.points}, as_json=json)


@review.command(name="refuse")
async def refuse_sale(*, merchant: UUID, sale: UUID, json: bool = False) -> None:
    """Take the points of a sale back: it has earned nothing. The sale itself stays."""
    async with opened() as (_, pool, clock), pool.acquire() as conn, conn.transaction():
        decided = await reviews.refuse(conn, merchant_id=MerchantId(merchant), sale_id=SaleId(sale), now=clock())
    answer({"refused": sale, "points": decided.points}, as_json=json)


def _facts(each: HeldSale) -> dict[str, object]:
    return {
        "saleId": each.sale_id,
        "cardId": each.card_id,
        "cardLast4": each.number_last4,
        "receiptNumber": each.receipt_number,
        "store": each.store_name,
        "terminal": each.terminal_name,
        "operator": each.operator_name,
        "totalMinor": each.total.amount_minor,
        "currency": each.total.currency,
        "points": each.points,
        "reason": each.reason.code,
        "why": translator("en").say(each.reason),
        "occurredAt": each.occurred_at.isoformat(),
    }


def _line(each: HeldSale) -> str:
    who = f", {each.operator_name}" if each.operator_name else ""
    amount = f"{each.total.amount_minor} {each.total.currency} (minor units)"
    return (
        f"{each.occurred_at:%Y-%m-%d %H:%M} UTC, {each.store_name}, {each.terminal_name}{who}, receipt"
        f" {each.receipt_number}, card …{each.number_last4}, {amount}, {each.points} points:"
        f" {translator('en').say(each.reason)}"
    )
