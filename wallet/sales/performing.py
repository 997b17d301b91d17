"""Doing what was planned: under the card's lock, in the transaction of the sale."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from wallet import ledger, punch_cards, rewards
from wallet.baskets import Basket
from wallet.database import Conn
from wallet.ledger import Cause, LockedCard
from wallet.rules import Carry, Rules
from wallet.sales import writing
from wallet.sales.offers import Taken
from wallet.sales.planning import Plan
from wallet.values import EntryKind, Phrase, SaleId, Terminal


async def perform(
    conn: Conn,
    *,
    terminal: Terminal,
    sale_id: SaleId,
    card: LockedCard,
    rules: Rules,
    basket: Basket,
    plan: Plan,
    taken: Sequence[Taken],
    occurred_at: datetime,
    now: datetime,
) -> None:
    """Rewards are paid for, vouchers used, points and stamps on the card, and the sale's rows say so.

    What it earns comes after what it costs: a reward is not paid with the points of its own sale.
    Raises RewardUnavailable where a reward has run out.
    """
    zone = ZoneInfo(terminal.merchant_timezone)
    before = card
    card, redeemed_seq = await _redeem(conn, terminal, sale_id, card, basket, plan, taken, occurred_at, now=now)
    card, entry_seq = await _earn(conn, terminal, sale_id, card, rules, basket, plan, occurred_at, now=now)
    await ledger.touch(conn, before, at=occurred_at, zone=zone)
    await writing.finish(
        conn,
        terminal=terminal,
        sale_id=sale_id,
        card=card,
        basket=basket,
        plan=plan,
        taken=taken,
        entry_seq=entry_seq,
        redeemed_seq=redeemed_seq,
        now=now,
    )
    cause = Cause(occurred_at, tuple(_told(plan)), terminal.store_id, sale_id)
    card = await punch_cards.collect(
        conn,
        card,
        collected=plan.earning.stamps,
        spent=plan.spent_stamps,
        punch_card=plan.punch_card,
        cause=cause,
        zone=zone,
        now=now,
    )
    if plan.standing is not None:
        await ledger.note(conn, card, cause=cause, now=now)


async def _redeem(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    card: LockedCard,
    basket: Basket,
    plan: Plan,
    taken: Sequence[Taken],
    occurred_at: datetime,
    *,
    now: datetime,
) -> tuple[LockedCard, int | None]:
    if not taken:
        return card, None
    used = [
        (each.voucher.account_id, each.voucher.points)
        for each in taken
        if each.voucher is not None and each.voucher.account_id is not None
    ]
    cause = Cause(
        occurred_at=occurred_at,
        reasons=rewards.told("redeemed_at_till", [each.offer.reward for each in taken]),
        store_id=terminal.store_id,
        sale_id=sale_id,
    )
    posted = await ledger.redeem(conn, card, spot=plan.spent, used=used, cause=cause, now=now)
    return (posted.card, posted.seq) if posted else (card, None)


async def _earn(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    card: LockedCard,
    rules: Rules,
    basket: Basket,
    plan: Plan,
    occurred_at: datetime,
    *,
    now: datetime,
) -> tuple[LockedCard, int | None]:
    carry = Carry(rules.rate, plan.earning.carry_after)
    if not plan.points:
        return await _carry_on(conn, terminal, sale_id, card, carry, plan, occurred_at, now=now), None
    cause = Cause(
        occurred_at=occurred_at,
        reasons=_reasons(rules, plan, card.carry_at(rules.rate), currency=basket.currency, now=now),
        store_id=terminal.store_id,
        sale_id=sale_id,
    )
    posted = await ledger.earn(
        conn,
        card,
        kind=EntryKind.EARNED if plan.earning.points else EntryKind.BONUS,
        points=plan.points,
        activates_at=plan.activates_at,
        expires_at=plan.expires_at,
        sliding_months=rules.inactivity_months,
        notice_days=rules.notice_days,
        held=plan.held is not None,
        carry=carry,
        cause=cause,
        now=now,
    )
    card = posted.card
    if card.debt:
        reasons = (Phrase("debt_paid", {"points": min(card.debt, plan.points)}),)
        paying = Cause(occurred_at=occurred_at, reasons=reasons, store_id=terminal.store_id)
        card = await ledger.pay_debt(conn, card, sale_id=sale_id, points=plan.points, cause=paying, now=now)
    return card, posted.seq


async def _carry_on(
    conn: Conn,
    terminal: Terminal,
    sale_id: SaleId,
    card: LockedCard,
    carry: Carry,
    plan: Plan,
    occurred_at: datetime,
    *,
    now: datetime,
) -> LockedCard:
    """The sale earned no point, but perhaps stamps, or money on the way to one."""
    if not plan.earning.stamps:
        return await ledger.set_carry(conn, card, carry)
    cause = Cause(occurred_at, tuple(_told(plan)), terminal.store_id, sale_id)
    return await ledger.note(conn, card, kind=EntryKind.EARNED, carry=carry, cause=cause, now=now)


def _reasons(rules: Rules, plan: Plan, carried_in: int, *, currency: str, now: datetime) -> tuple[Phrase, ...]:
    """Why the points of a purchase are as many as they are, for the card's history."""
    earned, reasons = plan.earning, list[Phrase]()
    if earned.points:
        facts: dict[str, str | int] = {
            "points": earned.points,
            "amount_minor": earned.eligible_minor,
            "currency": currency,
        }
        reasons.append(Phrase("earned_for_purchase", facts))
        rate: dict[str, str | int] = {"points": rules.points, "per_minor": rules.per_minor, "currency": currency}
        reasons.append(Phrase("by_rule", rate))
        carried = {"carried_in": carried_in // 100, "carried_on": earned.carry_after // 100}
        for code, minor in carried.items():
            if rules.carry_remainder and minor and not plan.held:
                reasons.append(Phrase(code, {"amount_minor": minor, "currency": currency}))
    reasons.extend(earned.bonus_reasons)
    if earned.capped_points:
        reasons.append(Phrase("capped", {"points": earned.capped_points}))
    reasons.extend(_told(plan))
    if not plan.held and plan.activates_at > now:
        reasons.append(Phrase("pending_until", {"active_at": plan.activates_at.isoformat()}))
    return tuple(reasons)


def _told(plan: Plan) -> list[Phrase]:
    """What is to be said of a purchase whether it earned points or not."""
    stamped = [Phrase("stamps_collected", {"stamps": plan.earning.stamps})] if plan.earning.stamps else []
    return [*stamped, *([Phrase("held_for_review")] if plan.held else [])]
