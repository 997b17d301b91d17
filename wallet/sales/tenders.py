"""Gift cards that pay a part of a bill: which are named, how much each pays, and that it is spent.

It is payment and no discount: what the lines cost, and so what they earn, is the same as with cash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wallet.baskets import Basket
from wallet.database import Conn
from wallet.errors import InsufficientValue, InvalidInput, NotFound, Problem, RedeemCodeNeeded
from wallet.fingerprint import Json
from wallet.ledger import value
from wallet.ledger.value import LockedGiftCard, ValueCause
from wallet.sales.planning import Plan
from wallet.values import (
    MINOR_MAX,
    CheckInPurpose,
    CustomerId,
    GiftCardId,
    MerchantId,
    Minor,
    NamedGiftCard,
    Phrase,
    ProgramId,
    SaleId,
    ShownBy,
)

TENDERS_MAX = 10

INSERT_TENDERS_SQL = """
    INSERT INTO sale_tenders (merchant_id, sale_id, position, gift_card_id, seq, amount_minor)
    SELECT $1, $2, t.position, t.gift_card_id, t.seq, t.amount_minor
    FROM unnest($3::integer[], $4::uuid[], $5::bigint[], $6::bigint[]) AS t (position, gift_card_id, seq, amount_minor)
"""


@dataclass(frozen=True, slots=True)
class Tender:
    """A gift card that pays `amount_minor`, or all that is needed and all that it has, whichever is less, for None."""

    card: NamedGiftCard
    amount_minor: Minor | None = None

    def facts(self) -> dict[str, Json]:
        """What the till said, for the fingerprint of its request. The number itself is in none."""
        return {
            "giftCard": str(self.card.gift_card_id),
            "by": self.card.by.value,
            "amountMinor": self.amount_minor,
        }


@dataclass(frozen=True, slots=True)
class Paid:
    """What a gift card pays, and what is left on it after."""

    gift_card_id: GiftCardId
    last4: str
    amount: Minor
    balance_after: Minor


@dataclass(frozen=True, slots=True)
class Payer:
    """Who is served, and how: what says which cards may pay here, how much a number alone may, and how much may stand
    on a card that is sold or loaded.
    """

    customer_id: CustomerId
    program_id: ProgramId
    purpose: CheckInPurpose
    by_code: bool
    pin_above: Minor
    card_max: Minor


def facts(tenders: Sequence[Tender]) -> dict[str, Json]:
    """For the fingerprint of a request: nothing where no gift card is named."""
    return {"tenders": [tender.facts() for tender in tenders]} if tenders else {}


def check(tenders: Sequence[Tender]) -> None:
    """Not too many, none twice, no absurd amount. Raises InvalidInput."""
    if len(tenders) > TENDERS_MAX:
        raise InvalidInput.of("tenders", "too_many", most=TENDERS_MAX)
    named = [tender.card.gift_card_id for tender in tenders]
    problems = [
        Problem(f"tenders[{at}].giftCard", Phrase("repeated")) for at, each in enumerate(named) if each in named[:at]
    ]
    for at, tender in enumerate(tenders):
        if tender.amount_minor is not None and not 1 <= tender.amount_minor <= MINOR_MAX:
            facts: dict[str, str | int] = {"least": 1, "most": MINOR_MAX}
            problems.append(Problem(f"tenders[{at}].amountMinor", Phrase("out_of_range", facts)))
    if problems:
        raise InvalidInput(problems)


def check_named(card: LockedGiftCard, by: ShownBy, payer: Payer) -> None:
    """A card named by its id is that of the customer, who showed a code of theirs, and every one is of the program.

    Raises NotFound for the first, GiftCardNotUsable for the other.
    """
    if by is ShownBy.OWNER and not (payer.by_code and card.owner_customer_id == payer.customer_id):
        raise NotFound
    if card.program_id != payer.program_id:
        raise card.not_usable("gift_card_other_program")


def share(
    tenders: Sequence[Tender],
    cards: Mapping[GiftCardId, LockedGiftCard],
    *,
    payer: Payer,
    basket: Basket,
    plan: Plan,
    now: datetime,
) -> tuple[Paid, ...]:
    """What each card pays, in the order in which they are named: never more than is left of what the lines cost, those
    left out that sell stored value.

    Raises InvalidInput, NotFound, RedeemCodeNeeded (for a card named by its id), GiftCardNotUsable, InsufficientValue.
    """
    left: int = sum(paid for line, paid in zip(basket.lines, plan.paid, strict=True) if not line.is_gift_card)
    sells = any(line.is_gift_card for line in basket.lines)
    shares = list[Paid]()
    for at, tender in enumerate(tenders):
        if tender.card.by is ShownBy.OWNER and payer.purpose is not CheckInPurpose.REDEEM:
            raise RedeemCodeNeeded
        card = cards[tender.card.gift_card_id]
        check_named(card, tender.card.by, payer)
        card.check_usable(now)
        if left < (tender.amount_minor or 1):
            raise _too_much(at, left, sells=sells)
        paid = _paid(tender, card, left, payer.pin_above)
        left -= paid
        shares.append(Paid(card.gift_card_id, card.last4, paid, Minor(card.balance - paid)))
    return tuple(shares)


def _too_much(at: int, left: int, *, sells: bool) -> InvalidInput:
    if sells:
        return InvalidInput.of(f"tenders[{at}]", "gift_card_buys_gift_card")
    if not left:
        return InvalidInput.of(f"tenders[{at}]", "nothing_left_to_pay")
    return InvalidInput.of(f"tenders[{at}].amountMinor", "out_of_range", least=1, most=left)


def _paid(tender: Tender, card: LockedGiftCard, left: int, pin_above: Minor) -> Minor:
    """What the card pays. Whether it needs its PIN is said before what it has is."""
    amount = tender.amount_minor
    wanted = min(left, card.balance) if amount is None else amount
    if tender.card.by is ShownBy.NUMBER and wanted > pin_above:
        raise card.not_usable("gift_card_pin_needed", limit_minor=pin_above, currency=card.currency)
    if not wanted or wanted > card.balance:
        raise InsufficientValue(needed=card.money(amount or left), available=card.money(card.balance))
    return Minor(wanted)


async def spend(
    conn: Conn,
    shares: Sequence[Paid],
    cards: Mapping[GiftCardId, LockedGiftCard],
    *,
    merchant_id: MerchantId,
    sale_id: SaleId,
    cause: ValueCause,
    now: datetime,
) -> None:
    """What each card pays is off it, and the sale says so. The cards are held."""
    spent = [(cards[share.gift_card_id], share.amount) for share in shares]
    posted = await value.redeem_all(conn, spent, cause=cause, now=now)
    await conn.execute(
        INSERT_TENDERS_SQL,
        merchant_id,
        sale_id,
        list(range(1, len(shares) + 1)),
        [share.gift_card_id for share in shares],
        [each.seq for each in posted],
        [share.amount for share in shares],
    )
