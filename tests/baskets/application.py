"""The application as a till of the grocer's calls it: over HTTP, on the clock of the data."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from auth import check_in_tokens
from schema.ids import RewardKey, SaleKey, VoucherKey, encode
from tests.baskets.programs import LEVELS
from tests.baskets.till import CardSeen, RefundSeen, SaleSeen, Wish, shown
from tests.database import Database
from tests.factories import Shop as Place
from tests.journeys import Scene, Till, device_of, key_of, opened
from tests.live import MovableClock
from wallet.values import SaleId, Terminal

CARD = "card { active pending stamps { collected } tier { name } }"

QUOTE = """
mutation ($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { id earns balanceAfter due { amountMinor } stamps lines { lineId points } }
    ... on UserError { message }
  }
}
"""

CHECKOUT = f"""
mutation ($input: CheckoutInput!) {{
  checkout(input: $input) {{
    __typename
    ... on SaleRecorded {{
      sale {{ id points due {{ amountMinor }} stamps inReview lines {{ lineId points }} }} {CARD}
    }}
    ... on QuoteChanged {{ quote {{ id balanceAfter }} }}
    ... on UserError {{ message }}
  }}
}}
"""

REFUND = f"""
mutation ($input: RefundInput!) {{
  refund(input: $input) {{
    __typename
    ... on SaleRefunded {{ pointsTakenBack pointsGivenBack debt refundDue {{ amountMinor }} {CARD} }}
    ... on UserError {{ message }}
  }}
}}
"""


class DataClock(MovableClock):
    """Says what it was told last."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Application:
    """A till that calls the application. Its tokens are over in minutes, so it signs in for each call."""

    scene: Scene
    clock: DataClock
    place: Place
    calls: int = 0

    async def sell(self, wish: Wish, terminal: Terminal, *, now: datetime) -> SaleSeen | None:
        till = await self._till(terminal, now)
        sale = await self._sale(wish, now)
        quote = await till.pos.do(QUOTE, sale)
        if quote["__typename"] in ("RewardUnavailable", "InsufficientPoints", "VoucherNotUsable"):
            return None
        assert quote["__typename"] == "Quote", quote
        key, requoted = str(uuid4()), False
        done = await till.pos.do(CHECKOUT, {"sale": sale, "quoteId": quote["id"], "idempotencyKey": key})
        if done["__typename"] == "QuoteChanged":
            quote, requoted = done["quote"], True
            done = await till.pos.do(CHECKOUT, {"sale": sale, "quoteId": quote["id"], "idempotencyKey": key})
        assert done["__typename"] == "SaleRecorded", done
        recorded = done["sale"]
        sale_key = key_of(recorded["id"])
        assert isinstance(sale_key, SaleKey)
        return SaleSeen(
            sale_id=sale_key.sale_id,
            points=recorded["points"],
            lines=tuple(line["points"] for line in recorded["lines"]),
            due=recorded["due"]["amountMinor"],
            stamps=recorded["stamps"],
            held=recorded["inReview"],
            balance_quoted=quote["balanceAfter"],
            card=_card(done["card"]),
            requoted=requoted,
        )

    async def refund(
        self, terminal: Terminal, sale_id: SaleId, line_ids: Sequence[str] | None, amount: int | None, *, now: datetime
    ) -> RefundSeen:
        till = await self._till(terminal, now)
        said: dict[str, Any] = {
            "saleId": encode(SaleKey(self.place.merchant_id, sale_id)),
            "idempotencyKey": str(uuid4()),
        }
        if line_ids is not None:
            said["lineIds"] = list(line_ids)
        if amount is not None:
            said["amountMinor"] = amount
        done = await till.pos.do(REFUND, said)
        assert done["__typename"] == "SaleRefunded", done
        money = done["refundDue"]["amountMinor"]
        return RefundSeen(done["pointsTakenBack"], done["pointsGivenBack"], done["debt"], money, _card(done["card"]))

    async def _till(self, terminal: Terminal, now: datetime) -> Till:
        self.clock.at = now
        self.calls += 1
        return await device_of(self.scene, terminal.merchant_id, terminal.terminal_id)

    async def _sale(self, wish: Wish, now: datetime) -> dict[str, Any]:
        """What the till says, the customer being who shows the code that their phone has now."""
        runtime, merchant_id = self.scene.live.runtime, self.place.merchant_id
        async with runtime.pool.acquire() as conn:
            code = await shown(conn, self.place, wish, now=now)
        token = check_in_tokens.mint(
            await runtime.rings.current(now),
            purpose=code.purpose,
            program_number=code.program_number,
            card_reference=code.card_reference,
            expires_at=code.expires_at,
            jti=code.jti,
            now=now,
        )
        said: dict[str, Any] = {
            "customer": {"code": token},
            "receiptNumber": wish.receipt,
            "currency": "USD",
            "lines": [
                {
                    "lineId": good.line_id,
                    "kind": good.kind,
                    "sku": good.sku,
                    "category": good.category,
                    "quantity": good.quantity,
                    "amountMinor": good.minor,
                }
                for good in wish.goods
            ],
        }
        if wish.vouchers or wish.rewards:
            said["voucherIds"] = [encode(VoucherKey(merchant_id, each)) for each in wish.vouchers]
            said["rewardIds"] = [encode(RewardKey(merchant_id, each)) for each in wish.rewards]
        return said


@asynccontextmanager
async def called(database: Database, place: Place, *, now: datetime) -> AsyncIterator[Application]:
    """The application of the database, listening, until the block is left."""
    clock = DataClock(now)
    async with opened(database, clock=clock) as scene:
        yield Application(scene, clock, place)


def _card(card: dict[str, Any]) -> CardSeen:
    tier = card["tier"]["name"]  # below the first a word for a member
    return CardSeen(card["active"], card["pending"], card["stamps"]["collected"], tier if tier in LEVELS else None)
