"""A till: what a household wants there, what it answers, and one that is the functions of the domain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from auth import gift_cards
from auth.secrets import SecretBox
from tests.baskets.plain_basket import Good
from tests.factories import Shop as Place
from wallet import check_ins, refunds, sales
from wallet.baskets import Basket, Line
from wallet.database import Conn
from wallet.errors import InsufficientPoints, QuoteChanged, RewardUnavailable, VoucherNotUsable
from wallet.ledger.value import Mint
from wallet.sales import Recorded, Wanted
from wallet.values import (
    CardId,
    CheckInPurpose,
    CustomerId,
    LineKind,
    Minor,
    RewardId,
    SaleId,
    SignedCode,
    Terminal,
    VoucherId,
)
from wallet.visits import MemberCard

BOX = SecretBox(b"k" * 32)


@dataclass(frozen=True, slots=True)
class CardSeen:
    """What a till sees of the card."""

    active: int
    pending: int
    stamps: int
    tier: str | None

    @classmethod
    def of(cls, card: MemberCard) -> "CardSeen":
        return cls(card.active, card.pending, card.stamps, card.standing.tier)


@dataclass(frozen=True, slots=True)
class SaleSeen:
    """The answer to a checkout. `requoted`: the first quote no longer held, since what was due by then had not been
    settled when it was given, and the checkout went by the new one.
    """

    sale_id: SaleId
    points: int
    lines: tuple[int, ...]
    due: int
    stamps: int
    held: bool
    balance_quoted: int
    card: CardSeen
    requoted: bool


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """The answer to a refund. `debt` is 0 where the card owes less after it."""

    taken: int
    given: int
    debt: int
    money: int
    card: CardSeen


@dataclass(frozen=True, slots=True)
class Member:
    customer_id: CustomerId
    card_id: CardId


@dataclass(frozen=True, slots=True)
class Wish:
    """What a household wants to have with a sale."""

    member: Member
    goods: Sequence[Good]
    receipt: str
    vouchers: Sequence[VoucherId]
    rewards: Sequence[RewardId]

    @property
    def purpose(self) -> CheckInPurpose:
        return CheckInPurpose.REDEEM if self.vouchers or self.rewards else CheckInPurpose.EARN

    @property
    def wanted(self) -> Wanted:
        return Wanted(tuple(self.vouchers), tuple(self.rewards))

    @property
    def basket(self) -> Basket:
        lines = tuple(
            Line(good.line_id, Minor(good.minor), LineKind(good.kind), good.sku, good.category, None, good.quantity)
            for good in self.goods
        )
        return Basket(self.receipt, "USD", lines)


class Till(Protocol):
    """Somebody who records sales and refunds: functions of the domain, or the application over HTTP."""

    async def sell(self, wish: Wish, terminal: Terminal, *, now: datetime) -> SaleSeen | None:
        """The sale, quoted and recorded; None if the quote refuses a reward or a voucher."""

    async def refund(
        self, terminal: Terminal, sale_id: SaleId, line_ids: Sequence[str] | None, amount: int | None, *, now: datetime
    ) -> RefundSeen: ...


@dataclass(slots=True)
class Functions:
    """A till that is the functions of the domain, on one connection."""

    conn: Conn
    place: Place

    async def sell(self, wish: Wish, terminal: Terminal, *, now: datetime) -> SaleSeen | None:
        code = await shown(self.conn, self.place, wish, now=now)
        try:
            async with self.conn.transaction():
                quote = await sales.quote(
                    self.conn, terminal=terminal, customer=code, basket=wish.basket, wanted=wish.wanted, now=now
                )
        except (RewardUnavailable, InsufficientPoints, VoucherNotUsable):
            return None
        requoted = False
        try:
            done = await self._checkout(wish, terminal, code, quote.quote_id, now=now)
        except QuoteChanged as changed:
            quote, requoted = changed.quote, True
            done = await self._checkout(wish, terminal, code, quote.quote_id, now=now)
        sale = done.sale
        return SaleSeen(
            sale_id=sale.sale_id,
            points=sale.points,
            lines=tuple(line.points for line in sale.lines),
            due=sale.due.amount_minor,
            stamps=sale.stamps,
            held=sale.in_review,
            balance_quoted=quote.balance_after,
            card=CardSeen.of(done.card),
            requoted=requoted,
        )

    async def _checkout(
        self, wish: Wish, terminal: Terminal, code: SignedCode, quote_id: str, *, now: datetime
    ) -> Recorded:
        async with self.conn.transaction():
            return await sales.checkout(
                self.conn,
                terminal=terminal,
                customer=code,
                basket=wish.basket,
                wanted=wish.wanted,
                mint=self._mint(),
                quote_id=quote_id,
                idempotency_key=uuid4(),
                now=now,
            )

    def _mint(self) -> Mint:
        return gift_cards.minter(BOX, merchant_id=self.place.merchant_id)

    async def refund(
        self, terminal: Terminal, sale_id: SaleId, line_ids: Sequence[str] | None, amount: int | None, *, now: datetime
    ) -> RefundSeen:
        async with self.conn.transaction():
            done = await refunds.refund(
                self.conn,
                terminal=terminal,
                sale_id=sale_id,
                line_ids=line_ids,
                amount_minor=amount,
                mint=self._mint(),
                idempotency_key=uuid4(),
                now=now,
            )
        return RefundSeen(
            done.points_taken_back,
            done.points_given_back,
            max(0, done.debt),
            done.due.amount_minor,
            CardSeen.of(done.card),
        )


async def shown(conn: Conn, place: Place, wish: Wish, *, now: datetime) -> SignedCode:
    """The member's phone shows a new code."""
    async with conn.transaction():
        minted = await check_ins.mint(
            conn,
            customer_id=wish.member.customer_id,
            merchant_id=place.merchant_id,
            card_id=wish.member.card_id,
            purpose=wish.purpose,
            now=now,
        )
    return SignedCode(minted.purpose, minted.program_number, minted.card_reference, minted.expires_at, minted.jti)
