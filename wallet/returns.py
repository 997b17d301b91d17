"""What comes back of a sale: which lines and how much of them, and what of rewards comes back with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from wallet import earning, ledger, rewards
from wallet.baskets import LINES_MAX
from wallet.database import Conn, Row
from wallet.errors import InvalidInput, LineAlreadyRefunded, Problem
from wallet.ledger import Cause, LockedCard, StampMove
from wallet.rewards import voucher_from_row
from wallet.rules import Rules
from wallet.values import (
    MINOR_MAX,
    CardId,
    GiftCardId,
    Minor,
    Phrase,
    Points,
    RefundId,
    SaleId,
    Terminal,
    VoucherOrigin,
)

# Not FOR UPDATE: two refunds of one sale both hold the weaker lock that their foreign key took on this row, and each
# would wait for the other to let go of it. What gift cards paid and what was sold on them stands once the sale does.
LOCK_SALE_SQL = """
    SELECT s.card_id, s.currency, s.entry_seq, s.redeemed_seq, s.bonus_points, s.capped_points, s.kept_points,
           s.review, v.rules, s.receipt_number,
           (SELECT jsonb_agg(jsonb_build_object('gift_card_id', t.gift_card_id, 'amount_minor', t.amount_minor)
                             ORDER BY t.position)
            FROM sale_tenders AS t
            WHERE t.merchant_id = s.merchant_id AND t.sale_id = s.sale_id) AS tenders,
           (SELECT jsonb_agg(jsonb_build_object('position', c.position, 'gift_card_id', c.gift_card_id,
                                                'amount_minor', e.amount_minor, 'made', e.kind = 'ACTIVATE')
                             ORDER BY c.position, c.gift_card_id)
            FROM gift_cards_sold AS c
            JOIN gift_card_activities AS e
              ON e.merchant_id = c.merchant_id AND e.gift_card_id = c.gift_card_id AND e.seq = c.seq
            WHERE c.merchant_id = s.merchant_id AND c.sale_id = s.sale_id) AS cards_sold
    FROM sales AS s
    JOIN program_revisions AS v
      ON v.merchant_id = s.merchant_id AND v.program_id = s.program_id AND v.revision = s.revision
    WHERE s.merchant_id = $1 AND s.sale_id = $2
    FOR NO KEY UPDATE OF s
"""

LINES_TO_REFUND_SQL = """
    SELECT l.position, l.line_id, l.paid_minor, l.hundredths, l.stamps,
           COALESCE(r.amount_minor, 0)::bigint AS returned_minor, COALESCE(r.wholly, FALSE) AS wholly
    FROM sale_lines AS l
    LEFT JOIN LATERAL (
        SELECT SUM(b.amount_minor) AS amount_minor, bool_or(b.wholly) AS wholly
        FROM refund_lines AS b
        WHERE b.merchant_id = l.merchant_id AND b.sale_id = l.sale_id AND b.position = l.position
    ) AS r ON TRUE
    WHERE l.merchant_id = $1 AND l.sale_id = $2
    ORDER BY l.position
"""

VOUCHERS_OF_SALE_SQL = """
    SELECT v.merchant_id, v.voucher_id, v.card_id, v.origin, v.state, v.points, v.stamps, v.account_id, v.redeemed_seq,
           v.created_at AS voucher_made_at, v.usable_until, v.used_at, v.used_sale_id, NULL::text AS store_name,
           r.reward_id, r.program_id, r.slug, r.name, r.description, r.kind, r.amount_minor, r.percent,
           r.ceiling_minor, r.categories, r.skus, r.cost_points, r.cost_stamps, r.stock, r.per_member, r.tiers,
           r.store_ids, r.claimable_from, r.claimable_until, r.voucher_days,
           ARRAY(
               SELECT d.position
               FROM sale_discounts AS d
               WHERE d.merchant_id = v.merchant_id AND d.sale_id = $2 AND d.voucher_id = v.voucher_id
           ) AS positions
    FROM vouchers AS v
    JOIN rewards AS r ON r.merchant_id = v.merchant_id AND r.reward_id = v.reward_id
    WHERE v.merchant_id = $1 AND v.used_sale_id = $2
    ORDER BY v.voucher_id
"""

REOPEN_VOUCHERS_SQL = """
    UPDATE vouchers
    SET state = CASE WHEN origin = 'TILL' THEN 'CANCELLED' ELSE 'USABLE' END, used_at = NULL, used_sale_id = NULL,
        closed_at = CASE WHEN origin = 'TILL' THEN $3::timestamptz END
    WHERE merchant_id = $1 AND voucher_id = ANY($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a recorded sale: what was paid for it, and how much of that has come back."""

    position: int
    line_id: str
    paid_minor: Minor
    hundredths: int
    stamps: int
    returned_minor: Minor
    wholly: bool

    @property
    def kept_minor(self) -> Minor:
        return Minor(self.paid_minor - self.returned_minor)

    def stamps_for(self, kept: Minor, *, wholly: bool) -> int:
        """The stamps that stay where so much of its money stays: the first is the last to go."""
        return earning.kept_stamps(self.stamps, paid_minor=self.paid_minor, kept_minor=kept, wholly=wholly)

    @classmethod
    def from_row(cls, row: Row) -> "SoldLine":
        return cls(
            position=row["position"],
            line_id=row["line_id"],
            paid_minor=row["paid_minor"],
            hundredths=row["hundredths"],
            stamps=row["stamps"],
            returned_minor=row["returned_minor"],
            wholly=row["wholly"],
        )


@dataclass(frozen=True, slots=True)
class Tendered:
    """What a gift card paid of a sale."""

    gift_card_id: GiftCardId
    amount_minor: Minor


@dataclass(frozen=True, slots=True)
class SoldCard:
    """What the line at `position` put onto a gift card, which it has `made`, or loaded if not."""

    position: int
    gift_card_id: GiftCardId
    amount_minor: Minor
    made: bool
    receipt_number: str


@dataclass(frozen=True, slots=True)
class SoldSale:
    """A sale under lock, as far as a refund needs it. `held`: it waits for the merchant; `refused`: they let it earn
    nothing. `tenders` are in the order in which they paid.
    """

    card_id: CardId
    currency: str
    entry_seq: int | None
    redeemed_seq: int | None
    bonus_points: Points
    capped_points: Points
    kept_points: Points
    held: bool
    refused: bool
    rules: Rules
    lines: tuple[SoldLine, ...]
    tenders: tuple[Tendered, ...] = ()
    cards_sold: tuple[SoldCard, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it has come back yet."""
        return not any(line.returned_minor or line.wholly for line in self.lines)


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """So much of what was paid for a line; `wholly` if nothing of the line is left with the customer."""

    position: int
    amount_minor: Minor
    wholly: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """What one refund takes back. `wholly` are the positions of all lines that have come back by then, `is_all` whether
    those are all that the sale has.
    """

    lines: tuple[ReturnedPart, ...]
    wholly: frozenset[int]
    is_all: bool

    @property
    def amount_minor(self) -> Minor:
        return Minor(sum(part.amount_minor for part in self.lines))

    def kept_after(self, line: SoldLine) -> Minor:
        """What of the line's money stays with the shop."""
        here = sum(part.amount_minor for part in self.lines if part.position == line.position)
        return Minor(line.kept_minor - here)

    def stamps(self, line: SoldLine) -> int:
        """The stamps of the line that go with this."""
        before = line.stamps_for(line.kept_minor, wholly=line.wholly)
        return before - line.stamps_for(self.kept_after(line), wholly=line.position in self.wholly)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The card after rewards came back, and the points that were spent on them at the till.

    `lasting` are those of the points whose date is not past. `awaited_stamps` were spent on those of the sale's rewards
    that have not come back.
    """

    card: LockedCard
    points: Points
    lasting: Points
    awaited_stamps: int


def check(line_ids: Sequence[str] | None, amount_minor: int | None) -> None:
    """Lines or an amount, and neither absurd. Raises InvalidInput."""
    if amount_minor is not None and line_ids is not None:
        raise InvalidInput.of("amountMinor", "lines_or_amount")
    if amount_minor is not None and not 1 <= amount_minor <= MINOR_MAX:
        raise InvalidInput.of("amountMinor", "out_of_range", least=1, most=MINOR_MAX)
    if line_ids is None:
        return
    if not line_ids:
        raise InvalidInput.of("lineIds", "lines_needed")
    if len(line_ids) > LINES_MAX:
        raise InvalidInput.of("lineIds", "too_many", most=LINES_MAX)
    repeated = [at for at, line_id in enumerate(line_ids) if line_id in line_ids[:at]]
    if repeated:
        raise InvalidInput([Problem(f"lineIds[{at}]", Phrase("repeated")) for at in repeated])


async def lock(conn: Conn, *, terminal: Terminal, sale_id: SaleId) -> SoldSale:
    """The sale is this transaction's; its lines are read by a later statement, so as they are under the lock."""
    row = await conn.fetchrow(LOCK_SALE_SQL, terminal.merchant_id, sale_id)
    assert row is not None, "the refund's foreign key holds the sale"
    lines = await conn.fetch(LINES_TO_REFUND_SQL, terminal.merchant_id, sale_id)
    return SoldSale(
        card_id=row["card_id"],
        currency=row["currency"],
        entry_seq=row["entry_seq"],
        redeemed_seq=row["redeemed_seq"],
        bonus_points=row["bonus_points"],
        capped_points=row["capped_points"],
        kept_points=row["kept_points"],
        held=row["review"] == "HELD",
        refused=row["review"] == "REFUSED",
        rules=Rules.from_json(row["rules"]),
        lines=tuple(SoldLine.from_row(line) for line in lines),
        tenders=tuple(
            Tendered(GiftCardId(UUID(each["gift_card_id"])), each["amount_minor"]) for each in row["tenders"] or ()
        ),
        cards_sold=tuple(
            SoldCard(
                each["position"],
                GiftCardId(UUID(each["gift_card_id"])),
                each["amount_minor"],
                each["made"],
                row["receipt_number"],
            )
            for each in row["cards_sold"] or ()
        ),
    )


def parts(sold: SoldSale, line_ids: Sequence[str] | None, amount_minor: int | None) -> Returned:
    """What comes back: the named lines, so much of the money from the first line on, or all that is left.

    Raises InvalidInput for lines that the sale does not have and for more money than is left, LineAlreadyRefunded.
    """
    left = [line for line in sold.lines if not line.wholly]
    if not left:
        raise LineAlreadyRefunded([line.line_id for line in sold.lines])
    chosen = (
        _by_amount(_stored_value_last(sold, left), amount_minor)
        if amount_minor is not None
        else _by_line(sold, left, line_ids)
    )
    wholly = {line.position for line in sold.lines if line.wholly} | {p.position for p in chosen if p.wholly}
    return Returned(tuple(chosen), frozenset(wholly), len(wholly) == len(sold.lines))


def _by_line(sold: SoldSale, left: Sequence[SoldLine], line_ids: Sequence[str] | None) -> list[ReturnedPart]:
    if line_ids is None:
        return [ReturnedPart(line.position, line.kept_minor, wholly=True) for line in left]
    by_id = {line.line_id: line for line in sold.lines}
    unknown = [at for at, line_id in enumerate(line_ids) if line_id not in by_id]
    if unknown:
        raise InvalidInput([Problem(f"lineIds[{at}]", Phrase("unknown_line")) for at in unknown])
    over = [line_id for line_id in line_ids if by_id[line_id].wholly]
    if over:
        raise LineAlreadyRefunded(over)
    return [ReturnedPart(by_id[line_id].position, by_id[line_id].kept_minor, wholly=True) for line_id in line_ids]


def _stored_value_last(sold: SoldSale, left: Sequence[SoldLine]) -> list[SoldLine]:
    """Lines that sold gift cards come back whole or not at all, so an amount comes to them last."""
    selling = {each.position for each in sold.cards_sold}
    return sorted(left, key=lambda line: line.position in selling)


def _by_amount(left: Sequence[SoldLine], amount_minor: int) -> list[ReturnedPart]:
    """The lines in their order, each as far as the money goes. With the last of it all lines have come back, those that
    cost nothing, too.
    """
    most = sum(line.kept_minor for line in left)
    if amount_minor > most:
        raise InvalidInput.of("amountMinor", "out_of_range", least=1, most=most)
    chosen, rest = list[ReturnedPart](), amount_minor
    for line in left:
        part = min(rest, line.kept_minor)
        if part or amount_minor == most:
            chosen.append(ReturnedPart(line.position, Minor(part), wholly=part == line.kept_minor))
        rest -= part
    return chosen


async def give_back_rewards(
    conn: Conn,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    refund_id: RefundId,
    sold: SoldSale,
    parts: Returned,
    card: LockedCard,
    now: datetime,
) -> GivenBack:
    """Each voucher whose lines have all come back can be used again; what was bought on the spot is given back, points
    to their own lots, stamps to the punch card, and stands on the shelf again. Points that would have expired
    meanwhile do so at once.
    """
    rows = await conn.fetch(VOUCHERS_OF_SALE_SQL, terminal.merchant_id, sale_id)
    everything = {line.position for line in sold.lines}
    back = [voucher_from_row(row) for row in rows if set(row["positions"] or everything) <= parts.wholly]
    bought_with_stamps = sum(row["stamps"] for row in rows if row["origin"] == VoucherOrigin.TILL)
    if not back:
        return GivenBack(card, Points(0), Points(0), bought_with_stamps)
    bought = [each for each in back if each.origin is VoucherOrigin.TILL]
    spot = [(each.redeemed_seq, each.points) for each in bought if each.redeemed_seq is not None]
    used = [(each.account_id, each.points) for each in back if each.account_id is not None]
    cause = Cause(
        occurred_at=now,
        reasons=rewards.told("reward_given_back", [each.reward for each in back]),
        store_id=terminal.store_id,
        sale_id=sale_id,
    )
    posted = await ledger.unredeem(conn, card, spot=spot, used=used, cause=cause, now=now)
    card, lasting = await _settled(conn, posted.card if posted else card, spot, now=now)
    await conn.execute(REOPEN_VOUCHERS_SQL, terminal.merchant_id, [each.voucher_id for each in back], now)
    await rewards.put_back_stock(conn, merchant_id=terminal.merchant_id, rewards=[each.reward for each in bought])
    moves = [StampMove("GIVEN_BACK", each.stamps, each.voucher_id) for each in bought if each.stamps]
    card = await ledger.move_stamps(conn, card, moves=moves, refund_id=refund_id, cause=cause, now=now)
    awaited = bought_with_stamps - sum(move.stamps for move in moves)
    return GivenBack(card, Points(sum(points for _, points in spot)), lasting, awaited)


async def _settled(
    conn: Conn, card: LockedCard, spot: Sequence[tuple[int, Points]], *, now: datetime
) -> tuple[LockedCard, Points]:
    """The card once what came back to lots past their date has expired, and how many of the points are left."""
    points = sum(each for _, each in spot)
    if not points:
        return card, Points(0)
    cards = await ledger.lock_cards(conn, merchant_id=card.merchant_id, card_ids=[card.card_id], now=now)
    settled = replace(cards[card.card_id], found_at=card.found_at)
    return settled, Points(points - (card.active - settled.active))
